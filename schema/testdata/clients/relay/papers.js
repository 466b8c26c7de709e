// Pages through all papers with Relay, whose store puts the pages together, and
// prints what it has in the end. relay-compiler makes the artifact of the query
// below, and checks it and the schema for what Relay wants of connections.
//
//   node relay/papers.js URL
import {
  Environment,
  Network,
  RecordSource,
  Store,
  createOperationDescriptor,
  fetchQuery,
  getRequest,
  graphql,
} from 'relay-runtime';
import artifact from './__generated__/papersQuery.graphql.js';

// A build with Relay's plug-in for Babel replaces this by the artifact.
export const query = () => graphql`
  query papersQuery($first: Int!, $after: String) {
    papers(first: $first, after: $after) @connection(key: "papers_papers") {
      totalCount
      edges {
        node {
          __typename
          id
          title
          connections(first: 3) {
            nodes {
              __typename
              id
            }
          }
        }
      }
    }
  }
`;

const [url] = process.argv.slice(2);
const environment = new Environment({
  network: Network.create(async ({text}, variables) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {'Content-Type': 'application/json', Accept: 'application/graphql-response+json'},
      body: JSON.stringify({query: text, variables}),
    });
    return response.json();
  }),
  store: new Store(new RecordSource()),
});
let papers;
for (let after = null; ; after = papers.pageInfo.endCursor) {
  const variables = {first: 10, after};
  await fetchQuery(environment, artifact, variables).toPromise();
  const operation = createOperationDescriptor(getRequest(artifact), variables);
  environment.retain(operation);
  papers = environment.lookup(operation.fragment).data.papers;
  if (!papers.pageInfo.hasNextPage) {
    break;
  }
}
console.log(JSON.stringify({total: papers.totalCount, ids: papers.edges.map(edge => edge.node.id)}));
