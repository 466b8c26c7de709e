// Package web is papergraph's HTTP server: pages to read, views to fetch, and
// the playground, around a GraphQL handler and snapshots that are given to it.
//
// Read it in this order:
//
//   - [Options] and [New] (server.go): what a [Server] needs. It is an
//     [http.Handler]; routes.go has the table of its addresses.
//   - [Listen] and [Server.Serve] (listen.go): taking an address, and a server
//     that ends when its context does.
//   - forms.go: the forms of a view (.json, .csv, .dot, .svg, .png, .mmd), the
//     parameters that bound it, and which form a request accepts.
//   - entity.go: the page of a node, with every statement about it and the
//     sentences that say so. start.go has the start page, the lists and the
//     search; missing.go what becomes of a name that is no id.
//   - observe.go, metrics.go and trace.go: what is told about requests; cors.go
//     who else may ask.
//   - playground.go and playground/: GraphiQL, bundled, and examples/ with the
//     queries that it opens on.
//
// # Addresses
//
// A node's permalink is its id as a path, /method/lora. Other spellings that
// mean one node (/methods/LoRA, an alias, a DOI) redirect there; what means
// none gets a page with what comes near. A dot and the name of a form behind
// it give the view around the node in that form, with the same parameters.
// Every address of the graph takes asOf, the id of a snapshot, and then stays
// as it is; without it it shows the newest.
//
// # Operations
//
// /healthz says whether the server lives, /readyz from which snapshot it
// answers (503 before the first build, and when it is about to end), /metrics
// the numbers in Prometheus' form. The log has a line for each request at info
// level: its id, address, status, bytes and duration, and for a query its hash,
// cost, snapshot and error codes. Package tracing sends spans where the
// environment says. A new snapshot is served from the moment that it is
// published; no signal or restart is needed.
//
// # Guarantees
//
// One request sees one snapshot. Pages work without scripts, without a network
// beyond the server and from a keyboard; their only script is the
// playground's. Nothing from the graph can become markup: pages are made by
// html/template, drawings by package exporters, and a content security policy
// forbids what neither would do. Answers carry an ETag made from the
// snapshot, the address and the program's version. A panic becomes an answer
// with status 500 and an id that the log has too.
package web
