// Runs the audits of graphql-http against a server and prints what each says,
// one JSON object a line: node audit.mjs MODULE URL
const [module, url] = process.argv.slice(2);
const { auditServer } = await import(module);
for (const a of await auditServer({ url })) {
  console.log(JSON.stringify({ id: a.id, name: a.name, status: a.status, reason: a.reason }));
}
