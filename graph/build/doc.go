// Package build is the pipeline from sources to a published snapshot:
//
//	source ──Document──▶ extract ──Facts──▶ store (facts)
//	facts that came or went ──▶ resolve ──nodes, papers, edges that change──▶ store ──▶ publish
//
// [Run] does one build. Documents are read by one goroutine, extracted by one
// a core, and written by one; the outcome does not depend on the order in
// which they arrive. Facts are kept from build to build under a hash of what
// they were made from (text, extractor, lexicon), so that an unchanged paper is
// not extracted again; where a paper was read from is no part of that.
//
// Resolution goes on from what it remembers in the store, so that a build
// costs what it reads and what that changes, not what the store holds. Where
// the lexicon, the registry, the confidence asked for or the resolver is
// another one, the facts of all papers are resolved anew, without extracting,
// and what differs is written.
//
// Nothing is visible to readers before the end. A build that is cancelled,
// fails or is killed leaves the last snapshot; the facts that it extracted stay
// in the store and the next build takes them.
package build
