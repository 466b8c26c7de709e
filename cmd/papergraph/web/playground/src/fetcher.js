// createFetcher sends queries to the endpoint by POST. What is not an answer of
// GraphQL, such as a proxy's error page, is shown as an error with its status.
export function createFetcher(endpoint) {
  return async params => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/graphql-response+json, application/json;q=0.9',
      },
      body: JSON.stringify(params),
    });
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      const message = `${response.status} ${response.statusText}: ${text.slice(0, 500)}`;
      return {errors: [{message}]};
    }
  };
}
