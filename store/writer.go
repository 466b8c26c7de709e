package store

import (
	"context"
	"iter"

	"papergraph/graph"
)

// Writer describes the whole next snapshot: a node, edge or statement that is
// not put is gone after [Writer.Publish], and what is equal to the last
// snapshot is not written again. Facts are different: they stay until they are
// deleted. Nothing of it is visible to readers before Publish.
//
// A Writer is not safe for concurrent use. It ends with Publish or Discard.
type Writer struct{}

// StoredFacts are facts with the hash of what they were made from.
type StoredFacts struct {
	Facts graph.Facts
	// InputHash is what the build gave to [Writer.PutFacts].
	InputHash string
}

// FactsKey is what identifies a paper from build to build, before resolution
// gives it an id.
func FactsKey(d *graph.Document) string { return "" }

// PutFacts keeps the facts of one paper, in the place of those that have the
// same [FactsKey]. inputHash identifies what they were made from (text,
// extractor, lexicon), so that a later build can tell that it need not make
// them again.
func (w *Writer) PutFacts(f *graph.Facts, inputHash string) error { return ErrClosed }

// DeleteFacts drops the facts of the paper that has the id in the last
// snapshot. The error wraps [ErrNotFound].
func (w *Writer) DeleteFacts(paper graph.ID) error { return ErrClosed }

// DeleteFactsKey drops the facts that are kept under the given [FactsKey], if
// any.
func (w *Writer) DeleteFactsKey(key string) error { return ErrClosed }

// Facts yields all facts as they will be after this build, in the order of
// title, then of [graph.Document.Hash]. Facts that are put or deleted while
// the sequence runs may or may not be seen.
func (w *Writer) Facts(ctx context.Context) iter.Seq2[StoredFacts, error] {
	return func(yield func(StoredFacts, error) bool) { yield(StoredFacts{}, ErrClosed) }
}

// FactsHash is the input hash of the facts under the given [FactsKey]; ok is
// false where there are none.
func (w *Writer) FactsHash(key string) (hash string, ok bool, err error) { return "", false, ErrClosed }

// PutNode puts a node. Each node is put once.
func (w *Writer) PutNode(n *graph.Node) error { return ErrClosed }

// PutPaper puts every edge that the paper states, with the paper's own
// statements. It is called once for each paper that states anything, in any
// order, before or after the nodes are put.
func (w *Writer) PutPaper(paper graph.ID, edges []graph.Edge) error { return ErrClosed }

// PutCurated puts edges that no paper states, from a lexicon or registry. All
// their statements are of class [graph.Curated].
func (w *Writer) PutCurated(edges []graph.Edge) error { return ErrClosed }

// Publish makes what was put the newest snapshot, durably, and ends the
// writer. Where nothing differs from the last snapshot there is no new one and
// the last one's Info is returned. Cancelled, or on an error, nothing becomes
// visible and the writer is ended all the same.
func (w *Writer) Publish(ctx context.Context, sources []string, extractor string) (Info, error) {
	return Info{}, ErrClosed
}

// Discard ends the writer and drops what was put. After Publish it does
// nothing, so that it can be deferred.
func (w *Writer) Discard() {}
