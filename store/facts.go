package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"papergraph/graph"
)

// StoredFacts are facts with the hash of what they were made from.
type StoredFacts struct {
	Facts graph.Facts
	// InputHash is what the build gave to [Writer.PutFacts].
	InputHash string
}

// schemes are the outside ids that identify a paper, surest first. A "url" may
// be that of a page that lists many papers and does not count.
var schemes = []string{"doi", "arxiv", "acl", "openalex", "s2"}

// FactsKey is what identifies a paper from build to build, before resolution
// gives it an id: its surest outside id ("doi:10.1000/182"), else the slug of
// its title with its year ("title:lora:2021"), since papers years apart may
// share a title. A paper whose abstract was corrected keeps its key, so that
// its facts are replaced; one that gained a DOI has another, and the build
// that prunes drops the old.
func FactsKey(d *graph.Document) string {
	for _, scheme := range schemes {
		i := slices.IndexFunc(d.OutsideIDs, func(o graph.OutsideID) bool { return o.Scheme == scheme && o.Value != "" })
		if i >= 0 {
			return scheme + ":" + strings.ToLower(d.OutsideIDs[i].Value)
		}
	}
	key := "title:" + d.ID().Slug()
	if d.Year != 0 {
		key += ":" + strconv.Itoa(d.Year)
	}
	return key
}

// factsState is what this build did to the facts under one key.
type factsState struct {
	entry   *factsEntry // nil if deleted
	version uint64      // at which it was written
}

func (e *factsEntry) bodyKey() []byte {
	return factsBodyKey(e.Title, [factsHashSize]byte(e.Hash))
}

// factsEntry finds the facts that are kept under a key as of now; nil is none.
func (w *Writer) factsEntry(key string) (*factsEntry, error) {
	if st, ok := w.facts[key]; ok {
		return st.entry, nil
	}
	value, err := w.oldValue(factsKeyKey(key))
	if value == nil || err != nil {
		return nil, err
	}
	var e factsEntry
	what := "entry of facts " + key
	if err := decode(what, value, &e); err != nil {
		return nil, err
	}
	if len(e.Hash) != factsHashSize {
		return nil, damaged(what, fmt.Sprintf("a hash of %d bytes", len(e.Hash)))
	}
	return &e, nil
}

// replaceFacts writes the facts under a key, or deletes them. A key that was
// written in this build already is written again at a later version: two
// values of one key at one version are not ordered.
func (w *Writer) replaceFacts(key string, old, now *factsEntry, body []byte) error {
	if st, ok := w.facts[key]; ok && st.version == w.ts {
		w.ts++
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.facts[key] = factsState{entry: now, version: w.ts}
	if old != nil && (now == nil || !bytes.Equal(old.bodyKey(), now.bodyKey())) {
		if err := w.delete(old.bodyKey()); err != nil {
			return err
		}
	}
	if now == nil {
		return w.delete(factsKeyKey(key))
	}
	entry, err := encode("entry of facts "+key, now)
	if err != nil {
		return err
	}
	if err := w.set(factsKeyKey(key), entry); err != nil {
		return err
	}
	return w.set(now.bodyKey(), body)
}

// PutFacts keeps the facts of one paper, in the place of those that have the
// same [FactsKey]. inputHash identifies what they were made from (text,
// extractor, lexicon), so that a later build can tell that it need not make
// them again. A quote that is not what its document has there is refused with
// an error that wraps [graph.ErrEvidence].
func (w *Writer) PutFacts(f *graph.Facts, inputHash string) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	if err := w.putFacts(f, inputHash); err != nil {
		return fmt.Errorf("put facts of %q: %w", f.Document.Title, err)
	}
	return nil
}

func (w *Writer) putFacts(f *graph.Facts, inputHash string) error {
	if err := f.Document.Check(); err != nil {
		return err
	}
	body, err := encodeFacts(f, inputHash)
	if err != nil {
		return err
	}
	hash, err := hex.DecodeString(f.Document.Hash())
	if err != nil || len(hash) != factsHashSize {
		return fmt.Errorf("%w: hash of the document is %q", ErrPut, f.Document.Hash())
	}
	key := FactsKey(&f.Document)
	now := &factsEntry{InputHash: inputHash, Title: f.Document.Title, Hash: hash}
	old, err := w.factsEntry(key)
	if err != nil {
		return err
	}
	if _, touched := w.facts[key]; !touched && old != nil && old.InputHash == inputHash && bytes.Equal(old.bodyKey(), now.bodyKey()) {
		value, err := w.oldValue(now.bodyKey())
		if err != nil {
			return err
		}
		if bytes.Equal(value, body) {
			return nil
		}
	}
	return w.replaceFacts(key, old, now, body)
}

// DeleteFacts drops the facts of the paper that has the id in the last
// snapshot. The error wraps [ErrNotFound].
func (w *Writer) DeleteFacts(paper graph.ID) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	err := fmt.Errorf("%w: no such paper", ErrNotFound)
	if w.base != nil && paper.Kind() == graph.KindPaper {
		if _, ok := w.base.columns.uid(paper); ok {
			var n *graph.Node
			if n, err = w.old.node(paper); err == nil {
				err = w.deleteFacts(FactsKey(n.Paper))
			}
		}
	}
	if err != nil {
		return fmt.Errorf("delete facts of %s: %w", paper, err)
	}
	return nil
}

// DeleteFactsKey drops the facts that are kept under the given [FactsKey], if
// any.
func (w *Writer) DeleteFactsKey(key string) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	if err := w.deleteFacts(key); err != nil {
		return fmt.Errorf("delete facts %s: %w", key, err)
	}
	return nil
}

func (w *Writer) deleteFacts(key string) error {
	old, err := w.factsEntry(key)
	if old == nil || err != nil {
		return err
	}
	return w.replaceFacts(key, old, nil, nil)
}

// Facts yields all facts as they will be after this build, in the order of
// title, then of [graph.Document.Hash]. Facts that are put or deleted while
// the sequence runs may or may not be seen.
func (w *Writer) Facts(ctx context.Context) iter.Seq2[StoredFacts, error] {
	return func(yield func(StoredFacts, error) bool) {
		if err := w.enter(); err != nil {
			yield(StoredFacts{}, err)
			return
		}
		defer w.s.release()
		if err := w.flush(); err != nil {
			yield(StoredFacts{}, err)
			return
		}
		q := newReader(w.s.db, w.ts)
		defer q.close()
		q.facts(ctx, yield)
	}
}

// FactsHash is the input hash of the facts under the given [FactsKey]; ok is
// false where there are none.
func (w *Writer) FactsHash(key string) (hash string, ok bool, err error) {
	if err := w.enter(); err != nil {
		return "", false, err
	}
	defer w.s.release()
	e, err := w.factsEntry(key)
	if err != nil {
		return "", false, fmt.Errorf("look for facts %s: %w", key, err)
	}
	if e == nil {
		return "", false, nil
	}
	return e.InputHash, true, nil
}

// facts yields what table B has, in the order of its keys.
func (q *reader) facts(ctx context.Context, yield func(StoredFacts, error) bool) {
	// Its own iterator: the caller may read more while it loops.
	err := q.scanApart([]byte{tagFacts}, func(key, value []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		title, _, err := parseFactsBodyKey(key)
		if err != nil {
			return err
		}
		sf, err := decodeFacts("facts of "+title, value)
		if err != nil {
			return err
		}
		if !yield(sf, nil) {
			return errStop
		}
		return nil
	})
	if err != nil {
		yield(StoredFacts{}, err)
	}
}
