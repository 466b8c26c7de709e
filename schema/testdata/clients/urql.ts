// Pages through all papers with urql and the types that graphql-codegen made of
// the schema, and prints what it saw.
//
//   node urql.js URL
import {Client, fetchExchange} from '@urql/core';
import {PaperPartsFragmentDoc, PapersDocument} from './generated/graphql.js';
import {useFragment} from './generated/fragment-masking.js';

declare const process: {argv: string[]};

const client = new Client({url: process.argv[2]!, exchanges: [fetchExchange], preferGetMethod: true});
const ids: string[] = [];
let total = 0;
for (let after: string | null = null; ; ) {
  const {data, error} = await client.query(PapersDocument, {first: 10, after}).toPromise();
  if (!data?.papers) {
    throw error ?? new Error('no papers');
  }
  for (const {node} of data.papers.edges) {
    const paper = useFragment(PaperPartsFragmentDoc, node);
    ids.push(paper.id);
    for (const {relation, node: neighbour} of paper.connections?.edges ?? []) {
      if (neighbour.__typename === 'Method' && neighbour.name === '') {
        throw new Error(`${paper.id} ${relation} a method without a name`);
      }
    }
  }
  total = data.papers.totalCount;
  if (!data.papers.pageInfo.hasNextPage) {
    break;
  }
  after = data.papers.pageInfo.endCursor ?? null;
}
console.log(JSON.stringify({total, ids}));
