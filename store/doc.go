// Package store keeps graphs on disk, one snapshot a build, in a Badger
// database that one process may write or several may read.
//
// Begin with [Open]. A build takes a [Writer] from [Store.Begin], puts what is
// new or other than in the last snapshot, deletes what is gone and calls
// [Writer.Publish]. Whoever asks takes a
// [Snapshot] from [Store.Latest] or [Store.At]:
//
//   - what is it: [Snapshot.Node], [Snapshot.Nodes], [Snapshot.Lookup]
//   - what is there: [Snapshot.List], [Snapshot.Count], [Snapshot.Search],
//     [Snapshot.Suggest], and [Snapshot.Find] for what meets a [Condition]
//   - what is beside it: [Snapshot.Neighbors], [Snapshot.Degree],
//     [Snapshot.Intersect], [Snapshot.Related], and [Snapshot.Adjacent] for what
//     meets an [EdgeCondition]
//   - how much of it: [Listing.Facet]
//   - what a list shows: [Snapshot.Labels]
//   - who says so: [Snapshot.Edges]
//   - a piece of it, to draw or export: [Snapshot.View]
//   - all of it: [Snapshot.AllNodes], [Snapshot.AllEdges], [Snapshot.AllFacts]
//
// Whoever looks after a store lists its snapshots ([Store.Snapshots]), compares
// two of them ([Store.Diff]), drops old ones ([Store.Keep], [Compact]), verifies
// all that it holds ([Store.Check]), and keeps a copy ([Store.Backup],
// [Restore]).
//
// # Guarantees
//
// A snapshot never changes. Readers keep theirs while the next is built and
// after it is there. All snapshots are kept until they are dropped, and those
// that are open for longer.
//
// The pointer to a snapshot is written last and synced, so that a build that is
// killed, at whatever moment, leaves the last snapshot as it was. What it wrote
// beyond that is undone by the next build, except for facts, which that build
// need not extract again. A store whose writer was killed is repaired when it is
// opened, for reading too.
//
// A disk that runs full ends a build with [ErrFull] and changes no snapshot
// (space.go). A store that lost files, or parts of them, is an [ErrDamaged], not
// a smaller store (tables.go, published.go). One of another format is an
// [ErrFormat].
//
// Nothing depends on the order in which things were put: neither the id of a
// snapshot, a sum of hashes of its nodes and statements, nor the order of any
// answer. A store that was built, shrunk and grown answers as a fresh one.
//
// An error wraps one of the package's errors where a caller may want to tell;
// its text says what to do.
//
// # How it is laid out
//
// keys.go has the table of all keys. A node has a uid, a uint32 that stays with
// it from build to build. Neighbours are posting lists of uids (posting.go).
// All that one paper states is one statement block (block.go), which holds
// where its quotes are; the words come from the paper's text. A few numbers of
// each node are kept in memory while a snapshot is open (columns.go), so that
// ordering a thousand neighbours reads nothing. Full-text postings are by term
// (terms.go, search.go), made by analysis.go. [FormatVersion] covers all of it.
//
// A build gathers changed edges and words in memory, 12 and 8 bytes each, and
// streams all else. It reads what it changes, and only that: a paper that is put
// again costs its old statement block, and of each edge that came or went the
// container at either end (writer.go, publish.go). While a snapshot is open, the
// columns of the next are made from its own by what changed, without reading.
//
// A first build goes through the engine's log and memtables too, each table in
// the order of its keys where that is known. The engine's StreamWriter, which
// writes tables at once, took 0.6 of the time of a core and wrote a quarter of
// the bytes for all but facts of 20,000 papers. It is not used: facts are in the
// store by then, so that the store must be closed and opened for it, and in
// Badger 4.9.6 a compaction that it had started ran on into Close and crashed
// the process, in each of two runs.
//
// # What builds cost
//
// Of conference papers, on two cores with nothing else to do, by
// /usr/bin/time -v papergraph build FILE; the peak counts the engine's mapped
// tables, and what extraction and resolution take:
//
//	papers   nodes     edges       store    time          CPU     peak
//	10,000    82,916     167,107    54 MB         37 s     61 s   0.48 GB
//	40,000   282,269     670,238   209 MB   2 min 47 s    291 s   1.04 GB
//	85,374   532,403   1,362,036   421 MB   6 min 22 s    665 s   1.58 GB
//
// Of the live heap, 675 MB at most in the largest, the engine's memory for tables
// that it writes is some 40 %; resolution takes 60 bytes a row of what it
// remembers (graph/resolve). As much as the store has is mapped, which the system
// takes back when others need it.
//
// One paper more, or less, took 28 ms at least of 25 times in the smallest of
// these and 30 in the largest, extraction and resolution included.
//
// # What reads cost
//
// The floor is the same read of the same keys and values from a plain Badger
// database, written by hand for that read alone (reads_test.go). .ci/bench-reads
// prints both, in one process and in turn; the ratios are of synthetic graphs
// of 10,000 and 85,000 papers, and of 3,049 real ones, on a machine that was
// busy otherwise (a node of 85,000 was at 1.5 once, in 20 rounds while it had
// no memory to spare, and at 0.7 in 100):
//
//	                                  10,000   85,000   real
//	a node by id                        0.7      0.7    0.7
//	neighbours of a paper, with names   0.3      0.4    0.6
//	neighbours of a method              0.1      0.1    0.3
//	papers with both of two concepts    0.3      0.4    0.7
//	ten papers that share most          1.0      0.7    0.9
//	completing a name                   0.2      0.1    0.2
//	full text, three words              0.1      0.1    0.3
//
// They are below 1 where ids and support need no read (columns.go), names are
// kept once read (labels.go), sums go into arrays that are kept from call to
// call (tally.go), sets are tested in the form in which they are stored
// (related.go), and the postings of a word are kept with their scores once read,
// which the floor reads and scores each time, and most of them passed over
// (search.go). A name is completed in one to five milliseconds of 500,000, as
// it is typed or misspelt (suggest.go, spelling.go). search.go says why
// full-text search is our own and how it compares.
//
// # What it does not do
//
// It does not say what a graph should contain, only refuses what is none. It
// does not drop old snapshots by itself, nor verify all it holds when it opens;
// each block is verified when it is read, and the engine takes one that does
// not match for one that is not there. What a snapshot says it has is compared
// with what is found, so that damage is an [ErrDamaged] and not a smaller
// graph, but a single missing name or word goes unnoticed until [Store.Check].
package store
