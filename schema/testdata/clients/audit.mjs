// Runs the audits of graphql-http, the reference implementation of GraphQL over
// HTTP, against a server and prints what each says, one JSON object a line.
//
//   node audit.mjs URL
import {auditServer} from 'graphql-http';

const [url] = process.argv.slice(2);
for (const {id, name, status, reason} of await auditServer({url})) {
  console.log(JSON.stringify({id, name, status, reason}));
}
