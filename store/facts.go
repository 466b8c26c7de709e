package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"maps"
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

// FactsEntry is what a store knows of facts without reading them.
type FactsEntry struct {
	InputHash string
	Origin    graph.Origin
}

// schemes are the outside ids that identify a paper, surest first. A "url" may
// be that of a page that lists many papers and does not count.
var schemes = []string{"doi", "arxiv", "acl", "openalex", "s2"}

// maxFactsKey bounds a facts key, in bytes. A longer one, of an outside id that
// is none, is cut and ends in a hash of the whole.
const maxFactsKey = 256

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
			return boundFactsKey(scheme + ":" + strings.ToLower(d.OutsideIDs[i].Value))
		}
	}
	key := "title:" + d.ID().Slug()
	if d.Year != 0 {
		key += ":" + strconv.Itoa(d.Year)
	}
	return key
}

func boundFactsKey(key string) string {
	if len(key) <= maxFactsKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return strings.ToValidUTF8(key[:maxFactsKey-2*factsHashSize], "") + hex.EncodeToString(sum[:factsHashSize])
}

// factsState is what a build did to facts.
type factsState struct {
	// entries are those that are put or, where nil, deleted, by facts key.
	// They are written by Publish.
	entries map[string]*factsEntry
	// bodies holds a hash of what was written under each key of table B, by a
	// hash of the key.
	bodies map[uint64]uint64
	seed   maphash.Seed
	// superseded are keys of table B that no entry may name any more, with
	// the facts keys of the entries that did.
	superseded map[string]string
	// kept are the keys of table B that an interrupted build left, with the
	// facts keys of the entries of this build that name them.
	kept map[string]string
}

func (e *factsEntry) bodyKey() []byte {
	return factsBodyKey(e.Title, [factsHashSize]byte(e.Hash), e.InputHash)
}

func (e *factsEntry) origin() graph.Origin { return graph.Origin{Source: e.Source, Line: e.Line} }

// newFactsEntry is the entry of a document's facts.
func newFactsEntry(d *graph.Document, inputHash string) (*factsEntry, error) {
	hash, err := hex.DecodeString(d.Hash())
	if err != nil || len(hash) != factsHashSize {
		return nil, fmt.Errorf("%w: hash of the document is %q", ErrPut, d.Hash())
	}
	return &factsEntry{InputHash: inputHash, Title: d.Title, Hash: hash, Source: d.Origin.Source, Line: d.Origin.Line}, nil
}

// oldEntry reads the entry of facts in the snapshot that q reads; nil is none.
func (q *reader) factsEntry(key string) (*factsEntry, error) {
	value, err := q.get(factsKeyKey(key))
	if value == nil || err != nil {
		return nil, err
	}
	return decodeFactsEntry(key, value)
}

// factsEntry finds the facts that are kept under a key as of now; nil is none.
func (w *Writer) factsEntry(key string) (*factsEntry, error) {
	if e, ok := w.entries[key]; ok {
		return e, nil
	}
	if w.old == nil {
		return nil, nil
	}
	return w.old.factsEntry(key)
}

// setFactsEntry makes now the entry under a key, nil for none.
func (w *Writer) setFactsEntry(key string, old, now *factsEntry) {
	if old != nil && (now == nil || !bytes.Equal(old.bodyKey(), now.bodyKey())) {
		w.superseded[string(old.bodyKey())] = key
	}
	if now != nil {
		if body := string(now.bodyKey()); len(w.kept) > 0 {
			if _, ok := w.kept[body]; ok {
				w.kept[body] = key
			}
		}
	}
	w.entries[key] = now
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
	if len(inputHash) > maxFactsKey {
		return fmt.Errorf("%w: an input hash of %d bytes, at most %d are allowed", ErrPut, len(inputHash), maxFactsKey)
	}
	body, err := encodeFacts(f)
	if err != nil {
		return err
	}
	now, err := newFactsEntry(&f.Document, inputHash)
	if err != nil {
		return err
	}
	key := FactsKey(&f.Document)
	old, err := w.factsEntry(key)
	if err != nil {
		return err
	}
	if err := w.writeBody(now.bodyKey(), body); err != nil {
		return err
	}
	w.setFactsEntry(key, old, now)
	return nil
}

// writeBody writes a value of table B unless it is there.
func (w *Writer) writeBody(key, body []byte) error {
	if len(body) > maxValue {
		return fmt.Errorf("%w: facts of %d bytes, at most %d are allowed", ErrTooLarge, len(body), maxValue)
	}
	keyHash, bodyHash := maphash.Bytes(w.seed, key), maphash.Bytes(w.seed, body)
	if before, ok := w.bodies[keyHash]; ok {
		if before == bodyHash {
			return nil
		}
		if err := w.advance(); err != nil { // other facts of the same input
			return err
		}
	} else {
		var value []byte
		var err error
		if _, ok := w.kept[string(key)]; ok {
			value, err = w.now().get(key)
		} else {
			value, err = w.oldValue(key)
		}
		if err != nil || bytes.Equal(value, body) {
			return err
		}
	}
	w.bodies[keyHash] = bodyHash
	return w.set(key, body)
}

// PutOrigin changes from where the facts under a [FactsKey] were read, and
// nothing else. The error wraps [ErrNotFound] where there are none.
func (w *Writer) PutOrigin(key string, o graph.Origin) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	old, err := w.factsEntry(key)
	if err == nil && old == nil {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("put origin of facts %s: %w", key, err)
	}
	now := *old
	now.Source, now.Line = o.Source, o.Line
	w.setFactsEntry(key, old, &now)
	return nil
}

// DeleteFacts drops the facts that are kept under the given [FactsKey], if
// any.
func (w *Writer) DeleteFacts(key string) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	old, err := w.factsEntry(key)
	if err != nil {
		return fmt.Errorf("delete facts %s: %w", key, err)
	}
	if old != nil {
		w.setFactsEntry(key, old, nil)
	}
	return nil
}

// FactsEntry says what is known of the facts under the given [FactsKey] as of
// now; ok is false where there are none.
func (w *Writer) FactsEntry(key string) (entry FactsEntry, ok bool, err error) {
	if err := w.enter(); err != nil {
		return FactsEntry{}, false, err
	}
	defer w.s.release()
	e, err := w.factsEntry(key)
	if err != nil {
		return FactsEntry{}, false, fmt.Errorf("look for facts %s: %w", key, err)
	}
	if e == nil {
		return FactsEntry{}, false, nil
	}
	return FactsEntry{InputHash: e.InputHash, Origin: e.origin()}, true, nil
}

// FactsKeyOf is the [FactsKey] of a paper of the last snapshot. The error wraps
// [ErrNotFound].
func (w *Writer) FactsKeyOf(paper graph.ID) (string, error) {
	if err := w.enter(); err != nil {
		return "", err
	}
	defer w.s.release()
	var n *graph.Node
	value, err := w.oldValue(idKey(tagNode, paper))
	if err == nil && (value == nil || paper.Kind() != graph.KindPaper) {
		err = fmt.Errorf("%w: no such paper", ErrNotFound)
	}
	if err == nil {
		n, err = decodeNode(paper, value)
	}
	if err != nil {
		return "", fmt.Errorf("look for %s: %w", paper, err)
	}
	return FactsKey(n.Paper), nil
}

// FactsOf reads the facts under the given [FactsKey] as of now; ok is false
// where there are none.
func (w *Writer) FactsOf(key string) (sf StoredFacts, ok bool, err error) {
	if err := w.enter(); err != nil {
		return StoredFacts{}, false, err
	}
	defer w.s.release()
	e, err := w.factsEntry(key)
	if err == nil && e != nil {
		sf, err = w.body(e)
	}
	if err != nil {
		return StoredFacts{}, false, fmt.Errorf("read facts %s: %w", key, err)
	}
	return sf, e != nil, nil
}

// body reads the facts that an entry names.
func (w *Writer) body(e *factsEntry) (StoredFacts, error) {
	key := e.bodyKey()
	if _, ok := w.bodies[maphash.Bytes(w.seed, key)]; ok {
		if err := w.flush(); err != nil {
			return StoredFacts{}, err
		}
	}
	value, err := w.now().get(key)
	if err != nil {
		return StoredFacts{}, err
	}
	what := "facts of " + e.Title
	if value == nil {
		return StoredFacts{}, damaged(what, "their record is missing")
	}
	f, err := decodeFacts(what, value)
	f.Document.Origin = e.origin()
	return StoredFacts{Facts: f, InputHash: e.InputHash}, err
}

// KeptFacts are the facts of a document that the store has already, from the
// last snapshot or from a build that was interrupted after it extracted them.
// They are no part of the next snapshot unless they are put.
func (w *Writer) KeptFacts(d *graph.Document, inputHash string) (f graph.Facts, ok bool, err error) {
	if err := w.enter(); err != nil {
		return graph.Facts{}, false, err
	}
	defer w.s.release()
	e, err := newFactsEntry(d, inputHash)
	if err != nil {
		return graph.Facts{}, false, err
	}
	what := "facts of " + d.Title
	value, err := w.now().get(e.bodyKey())
	if value != nil && err == nil {
		f, err = decodeFacts(what, value)
		f.Document.Origin = d.Origin
	}
	if err != nil {
		return graph.Facts{}, false, fmt.Errorf("read kept %s: %w", what, err)
	}
	return f, value != nil, nil
}

// FactsKeys yields the keys of all facts as of now, in their order. What is put
// or deleted while the sequence runs may or may not be seen.
func (w *Writer) FactsKeys(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := w.enter(); err != nil {
			yield("", err)
			return
		}
		defer w.s.release()
		put := make([]string, 0, len(w.entries))
		for key, e := range w.entries {
			if e != nil {
				put = append(put, key)
			}
		}
		slices.Sort(put)
		next := func(key string) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !yield(key, nil) {
				return errStop
			}
			return nil
		}
		var err error
		if w.old != nil {
			err = w.old.scanKeys([]byte{tagFactsKey}, func(k []byte) error {
				key, err := parseFactsKeyKey(k)
				for err == nil && len(put) > 0 && put[0] < key {
					err = next(put[0])
					put = put[1:]
				}
				if _, changed := w.entries[key]; changed || err != nil {
					return err
				}
				return next(key)
			})
		}
		for ; err == nil && len(put) > 0; put = put[1:] {
			err = next(put[0])
		}
		if err != nil && !errors.Is(err, errStop) {
			yield("", err)
		}
	}
}

// Facts yields all facts as of now, in the order of title, then of
// [graph.Document.Hash]. Facts that are put or deleted while the sequence runs
// may or may not be seen.
func (w *Writer) Facts(ctx context.Context) iter.Seq2[StoredFacts, error] {
	return func(yield func(StoredFacts, error) bool) {
		if err := w.enter(); err != nil {
			yield(StoredFacts{}, err)
			return
		}
		defer w.s.release()
		named := newNamedBodies()
		err := w.flush()
		if err == nil && w.old != nil {
			err = w.old.eachFactsEntry(ctx, func(key string, e *factsEntry) {
				if _, changed := w.entries[key]; !changed {
					named.add(e)
				}
			})
		}
		if err != nil {
			yield(StoredFacts{}, err)
			return
		}
		for _, e := range w.entries {
			if e != nil {
				named.add(e)
			}
		}
		q := newReader(w.s.db, w.ts)
		defer q.close()
		q.facts(ctx, named, yield)
	}
}

// namedBodies are the keys of table B that entries name, by hash, with the
// origins of their documents.
type namedBodies struct {
	origins map[[factsHashSize]byte]graph.Origin
	sources map[string]string // each once: there are few
}

func newNamedBodies() namedBodies {
	return namedBodies{origins: make(map[[factsHashSize]byte]graph.Origin), sources: make(map[string]string)}
}

func (n namedBodies) add(e *factsEntry) {
	source, ok := n.sources[e.Source]
	if !ok {
		source = e.Source
		n.sources[source] = source
	}
	n.origins[hashBodyKey(e.bodyKey())] = graph.Origin{Source: source, Line: e.Line}
}

func hashBodyKey(key []byte) [factsHashSize]byte {
	sum := sha256.Sum256(key)
	return [factsHashSize]byte(sum[:factsHashSize])
}

// eachFactsEntry calls use with what table F has.
func (q *reader) eachFactsEntry(ctx context.Context, use func(key string, e *factsEntry)) error {
	return q.scanApart([]byte{tagFactsKey}, func(k, value []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		key, err := parseFactsKeyKey(k)
		if err != nil {
			return err
		}
		e, err := decodeFactsEntry(key, value)
		if err == nil {
			use(key, e)
		}
		return err
	})
}

// facts yields those of table B that are named, in the order of their keys.
func (q *reader) facts(ctx context.Context, named namedBodies, yield func(StoredFacts, error) bool) {
	found, stopped := 0, false
	// Its own iterator: the caller may read more while it loops.
	err := q.scanApart([]byte{tagFacts}, func(key, value []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		origin, ok := named.origins[hashBodyKey(key)]
		if !ok {
			return nil
		}
		title, _, inputHash, err := parseFactsBodyKey(key)
		if err != nil {
			return err
		}
		f, err := decodeFacts("facts of "+title, value)
		if err != nil {
			return err
		}
		f.Document.Origin = origin
		found++
		if !yield(StoredFacts{Facts: f, InputHash: inputHash}, nil) {
			stopped = true
			return errStop
		}
		return nil
	})
	if err == nil && !stopped && found != len(named.origins) {
		err = damaged("table of facts", fmt.Sprintf("%d of the %d that are named", found, len(named.origins)))
	}
	if err != nil {
		yield(StoredFacts{}, err)
	}
}

// writeFacts writes table F where entries changed, and takes from table B what
// none names.
func (w *Writer) writeFacts(ctx context.Context, _ *Info) error {
	names := func(key, body string) bool {
		e := w.entries[key]
		return e != nil && string(e.bodyKey()) == body
	}
	for body, key := range w.kept {
		w.superseded[body] = key
	}
	var gone []string
	rewritten := false
	for body, key := range w.superseded {
		if names(key, body) {
			continue
		}
		gone = append(gone, body)
		if _, ok := w.bodies[maphash.String(w.seed, body)]; ok {
			rewritten = true
		}
	}
	if rewritten {
		if err := w.advance(); err != nil {
			return err
		}
	}
	slices.Sort(gone)
	for _, body := range gone {
		if err := w.delete([]byte(body)); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(w.entries)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		before, err := w.oldValue(factsKeyKey(key))
		if err != nil {
			return err
		}
		var now []byte
		if e := w.entries[key]; e != nil {
			if now, err = encodeFactsEntry(e); err != nil {
				return err
			}
		}
		if err := w.change(factsKeyKey(key), before, now); err != nil {
			return err
		}
	}
	return nil
}
