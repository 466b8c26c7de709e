// Package schema answers GraphQL queries about a snapshot of the graph, in
// process and over HTTP.
//
// The contract is schema.graphql, which describes every type, field, argument
// and value; [SDL] returns it. [New] binds it to a [Source] of snapshots,
// [Schema.Exec] answers one request, and [NewHandler] serves a Schema as the
// GraphQL-over-HTTP specification says.
//
// # Guarantees
//
// One request sees one snapshot, whatever is built meanwhile; a field of the
// root that says asOf sees another, within the same limits. An answer without
// errors depends on nothing but the snapshot, the query and its variables,
// which is what the handler's ETag rests on. No request can make the process
// do unbounded work: [Limits] has the bounds, and an answer that runs into one
// says which and at what number. Errors carry a [Code] from a closed list; what
// is nobody's business outside is in the log only, under an id that the answer
// names. Panics are such errors too.
//
// What the engine can check before it runs a query is limited there: depth,
// length, pairs of fields, selections. The rest is counted while it runs, as a
// static estimate would be wrong by orders of magnitude: nodes where they are
// read and where they are handed out, fields, and bytes of text. A field beyond
// the budget of nodes has an error, which leaves the other fields; a request
// that goes far beyond, or beyond the others, is stopped and has one error.
//
// # Over HTTP
//
// [Handler] serves a Schema at an address, and [Handler.ServeQueries] links to
// answers: queries that a [QueryStore] keeps under their hash, answered as JSON,
// tables or drawings. [Admission] bounds how many requests are answered at once
// and lets clients take turns. The memory of a request is bounded by its
// answer, which [Limits] bound by fields, bytes of text and bytes of a name, so
// that of all together is bounded too. What an answer cost stands in the header
// Papergraph-Cost, and in extensions.cost where the request's extensions have
// {"cost": true}: not always, so that the same question has the same bytes.
// [PublicLimits] are for a server that anybody can ask.
//
// # How it reads
//
// Leaf fields are plain methods without context and error: in graphql-go a
// field that has one of these costs a goroutine, five times as much. So
// everything that a leaf can return is loaded with its parent, and only if the
// query selects it. Names are no part of that: the first leaf that returns one
// reads those of the whole group, which a snapshot keeps.
//
// Nodes that were loaded together form a group. The first of them that is asked
// for a connection reads that connection for the whole group, and those that it
// leads to form the next group: the number of reads follows the query's depth,
// not the number of nodes. Field arguments, aliases and fragments need no
// looking ahead for this, since each combination is a read of its own.
//
// # Filters, orders and facets
//
// Every connection takes where and orderBy, and counts facets of all that where
// leaves; totalCount is the number of entries that paging through hands out,
// under every filter and order, in either direction. There is a filter for each
// kind of node, and one for the edges that lead to it, which asks about the
// neighbour under node. A field of a filter that is named as a connection asks
// some, all or none of the neighbours there; relationFields in filter.go is the
// one table of these for filters and facets, and a test compares it with what
// resolvers follow.
//
// The store evaluates filters as sets ([store.Snapshot.Find] for lists of nodes,
// [store.Snapshot.Adjacent] for edges) and says what it is about to read, which
// the budget of nodes pays for: a posting list or an edge with its statements
// counts as one, as do 100 names or 1,000 numbers or edges in memory. A list
// that is filtered or ordered takes a sweep's place.
//
// # Figures
//
// On two busy cores a page of 100 papers with five fields each takes 1.2 ms;
// with the names of their authors and methods 40 ms, most of it in the engine,
// which makes a goroutine of every field beside a connection; the smallest
// request 25 µs.
//
// In the graph of 85,374 papers the questions about more than one node take, as
// CPU of the process: a path of four edges between two methods 9 ms, of two
// between two of the largest concepts 2 ms; what is related to a method 0.9 ms,
// to the largest concept 63 ms; bridges between large areas 10 to 80 ms; the
// leaderboards of ImageNet 7 ms; methods that were never tried on it 9 ms;
// concepts with one neighbour, which takes a read for each of 100,000, 1.2 s.
//
// .ci/bench-http prints what a request over HTTP costs the server, of a store:
// CPU time, answers a second, latency and memory, with one client and eight.
// Of the same graph, on two cores that the load shares, with the caches of a
// server that has answered some hundreds of each:
//
//	                                     1 client         8 clients
//	                                   CPU      p95      CPU     p95
//	a paper's card, 1.7 kB            0.44 ms  0.5 ms  0.20 ms   1.5 ms
//	20 papers of a concept, 7.3 kB    1.87     1.5     1.35      9.7
//	papers with both of two concepts  0.79     1.6     0.38      3.0
//	ten papers that share most        0.97     1.0     0.49      2.7
//	search in titles, ten             1.95     2.7     1.11      8.0
//	papers of authors of 20, 53 kB    10.3     8.9     9.35     70.9
//
// One client leaves the process idle between requests, and waking it up is
// counted too.
//
// # Reading order
//
// schema.go (options, Exec), request.go (what a request carries, its budget),
// asof.go (other snapshots), entity.go (nodes and groups), connection.go (edges
// and pages), then the files of the types, query.go first; list.go, filter.go,
// order.go and facet.go; the questions about more than one node: path.go,
// related.go, bridge.go, leaderboard.go, gap.go and diff.go; errors.go;
// handler.go and negotiate.go, admission.go (turns), queries.go, persisted.go
// and form.go (links to answers), outcome.go.
package schema
