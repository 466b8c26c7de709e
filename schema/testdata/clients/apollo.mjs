// Pages through all papers with Apollo Client, whose cache puts the pages
// together as Relay connections are, and prints what it has in the end.
//
//   node apollo.mjs URL
import {readFileSync} from 'node:fs';
import {ApolloClient, HttpLink, InMemoryCache, gql} from '@apollo/client';
import {relayStylePagination} from '@apollo/client/utilities';

const uri = process.argv[2];
const query = gql(readFileSync('papers.graphql', 'utf8'));

// possibleTypes asks the server which types its interfaces stand for, as the
// documentation of Apollo Client says to.
async function possibleTypes() {
  const response = await fetch(uri, {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({query: '{__schema{types{name possibleTypes{name}}}}'}),
  });
  const {types} = (await response.json()).data.__schema;
  return Object.fromEntries(types.filter(t => t.possibleTypes).map(t => [t.name, t.possibleTypes.map(p => p.name)]));
}

const client = new ApolloClient({
  link: new HttpLink({uri}),
  cache: new InMemoryCache({
    possibleTypes: await possibleTypes(),
    typePolicies: {Query: {fields: {papers: relayStylePagination()}}},
  }),
});
for (let after = null; ; ) {
  const {data} = await client.query({query, variables: {first: 10, after}, fetchPolicy: 'network-only'});
  const {hasNextPage, endCursor} = data.papers.pageInfo;
  if (!hasNextPage) {
    break;
  }
  after = endCursor;
}
const all = client.readQuery({query, variables: {first: 10}}).papers;
console.log(JSON.stringify({total: all.totalCount, ids: all.edges.map(edge => edge.node.id)}));
