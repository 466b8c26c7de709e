// Package resolve decides which names are one entity, over a whole corpus, and
// turns the facts of papers into nodes and edges.
//
// A [Resolver] counts what papers say: [Resolver.Observe] takes in the facts of
// a paper and [Resolver.Forget] takes them back, in any order.
// [Resolver.Resolve] decides, and the [Entities] that it returns say what of the
// graph changes: nodes, ids that are gone, papers to write, edges of the
// hierarchy. [Entities.Save] keeps the counts, and what was decided with them,
// in a [Table]. The next run goes on from there, and what it costs is what
// changed and what that concerns. A first run is the same with nothing
// remembered.
//
// # How it decides
//
// Each mention gets an identity, which is a function of the mention, its
// paper's acronyms, the corpus's acronyms, the lexicon and the registry, never
// of the order of papers. The first of these that applies is it:
//
//  1. The registry keeps a name of the mention apart from others: that name. A
//     short form that the paper explains otherwise is not meant by it.
//  2. The lexicon has a form of the mention, or the long form by which the
//     paper explains it: the lexicon's entry. A short form that the paper
//     explains otherwise than the entry does is not that entry: RAFT,
//     explained as "reward ranked fine-tuning", is not the optical-flow
//     network. Where the entry does not say what it stands for, the long form
//     of most papers is the entry's.
//  3. The paper explains the acronym: the long form's key.
//  4. Papers elsewhere explain the acronym and at least [dominance] of them
//     agree on one long form: the lexicon's entry for that form, else its key.
//     Papers that have it as something of the same kind, or of the kind it may
//     be mistaken for, go before others: MAE is a method and a metric.
//  5. The name's own key; of a topic, that of the method that the lexicon has by
//     the name.
//
// The key of a name is its [graph.CaseKey] without casing: case, accents,
// hyphens, spaces, articles, plurals and British or American spelling do not
// count. Of methods and datasets a generic head noun does not either, where a
// proper name stands before it ("the GLUE benchmark").
//
// testdata/pairs.txt lists names that must become one entity and names that
// must not, each with what papers say of it.
//
// Identities are apart by kind, but a name that papers have under two kinds of
// which a thing is only one (method or dataset, task or concept) gets the kind
// that the lexicon has it under, else that for which there is more evidence,
// and the relation changes with it.
//
// The registry (package graph/registry) then makes identities one or gives them
// a kind, before kinds are settled, and drops or renames what has come out. It
// says what names are without it, so that what it brings about does not change
// what it means (curate.go).
//
// # How a change is followed
//
// All that is decided is a function of counts over papers, so that the outcome
// is that of a fresh start however it came about; increment_test.go tries it.
// What a change of counts may concern is found in this order (decide.go,
// entity.go; the tables are in remember.go):
//
//   - an acronym that now stands for something else: the names that rest on it;
//   - a name whose forms changed, or that means something else: the identities
//     that it leaves and that it joins, and their rivals in kind;
//   - a word that is now written otherwise in most papers: the entities with the
//     word in their names;
//   - an entity that comes or goes: the lexicon's entries above it;
//   - a name to show that changed: all that would have the same id;
//   - an id that changed: the papers that consult a name which denotes it, and
//     the hierarchy's edges at both ends.
//
// An identity is evaluated as a whole, so that one which all papers mention
// costs as much as it has forms, not as it has papers. What the registry comes
// to may depend on all names at once: where a change makes it come to something
// else, [ErrAnew] asks for a fresh start.
//
// Every name that stands for an entity leaves a [graph.Decision] with the
// reason.
//
// # Memory
//
// A first run has all names, identities and ids of a corpus in memory until it
// saves them, as rows of the tables that it then writes: each packed into one
// string, some 100 bytes, and opened to be worked with (cache.go). No more than
// a few thousand of each table are open at a time; they are put away between
// papers while they are observed, and between the steps of a decision. What
// holds rows for longer, such as the lists of what changed, has their places.
// What saving leaves in memory is the node of each name and of each paper, for
// the papers that are written then.
package resolve
