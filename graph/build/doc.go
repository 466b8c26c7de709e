// Package build is the pipeline from sources to a published snapshot:
//
//	source ──Document──▶ extract ──Facts──▶ store (facts)
//	facts of all papers ──▶ resolve ──nodes, edges──▶ store ──▶ publish
//
// [Run] does one build. Documents are read by one goroutine, extracted by one
// a core, and written by one; the outcome does not depend on the order in
// which they arrive. Facts are kept from build to build with a hash of what
// they were made from, so that an unchanged paper is not extracted again.
// Resolution then goes over the facts of all papers twice, first to decide,
// then to write, so that no more than names is in memory at once.
//
// Nothing is visible to readers before the end. A build that is cancelled,
// fails or is killed leaves the last snapshot.
package build
