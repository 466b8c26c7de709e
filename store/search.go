package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"papergraph/graph"
)

// Postings of our own, not a library's index, because an index beside the store
// would have to be kept in step with it: here a build changes what the words of
// its papers change, in the same publication, and every snapshot has its own.
// It costs nothing to have it so. bleve v2.6.3, the other choice, on the titles
// and abstracts of 85,373 papers, on the same machine, processor time:
//
//	                       bleve      here
//	build of the index     14.5 s     10.9 s
//	size of the index      34.9 MB    11.0 MB
//	three words, median     3.1 ms     1.0 ms
//	three words, 95th      11.6 ms     2.0 ms
//	order of equal scores  by segment by id
//
// bleve had batches of 2,000, English analysis, nothing stored, no term
// vectors, and title and abstract as two fields; here they are one.

// Hit is a node that a search found.
type Hit struct {
	ID    graph.ID
	Score float64 // larger is better; comparable within one search
}

// The parameters of BM25 (Robertson & Zaragoza 2009), at their usual values.
const (
	bm25K1 = 1.2
	bm25B  = 0.75
)

const (
	// prefixWeight is what the words that the last word begins count, against
	// the word itself.
	prefixWeight = 0.5
	// maxExpansions is how many of them count, the most frequent first; a
	// prefix of one letter begins thousands.
	maxExpansions = 32
	// maxExpansionsRead bounds how many are looked at to find these.
	maxExpansionsRead = 1024
	// maxQueryWords bounds a query, to the bits of a set of its words; what
	// follows does not count.
	maxQueryWords = 64
)

const (
	// spellingWeight is what the words that a word may be a misspelling of
	// count, against the word itself.
	spellingWeight = 0.25
	// maxSpellings is how many of them count, the most frequent first.
	maxSpellings = 4
	// maxMisspelt is how many nodes may have the only word of a text that is
	// taken for misspelt all the same, for papers have misspellings too; it then
	// stands only for words that so many times more have. Beside other words a
	// rare one is what a search is for, and looking for others costs more than
	// all the rest.
	maxMisspelt   = 3
	misspeltRatio = 8
)

// Search finds nodes by words in names, aliases, titles and abstracts, best
// first, equal scores by id; at most limit of them, and only of the given
// kinds unless there are none. Words are compared by their English stems; the
// last word also stands for the words that it begins. The score is BM25 over
// all nodes, a word of a name or title counting three times, one of an alias
// twice, times the share of the query's words that the node has.
//
// A word of four letters or more that no node has also stands for those at one
// edit from it, from eight letters on at two; so does the only word of a text
// that next to none has while a frequent one is like it. Where there are none
// either, the whole text is compared with the names of nodes in the same way. A
// node found so has less of the word's score than any that has the word itself.
//
// It costs time with the number of nodes that have a word of the text, or one
// of the 32 most frequent that the last word begins.
func (r *Snapshot) Search(ctx context.Context, text string, kinds []graph.Kind, limit int) ([]Hit, error) {
	mask, err := maskOf(kinds)
	if err != nil {
		return nil, err
	}
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	if limit <= 0 {
		return nil, nil
	}
	t := r.columns.tally()
	defer r.columns.putBack(t)
	if err := q.score(ctx, t, text, mask); err != nil {
		return nil, err
	}
	best := topK(t.touched, limit, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(t.scores[b], t.scores[a]), cmp.Compare(t.c.ranks[a], t.c.ranks[b]))
	})
	hits := make([]Hit, len(best))
	for i, uid := range best {
		hits[i] = Hit{ID: t.c.id(uid), Score: t.scores[uid]}
	}
	return hits, nil
}

// score finds the nodes of some kinds that a search for a text finds, the
// touched of the tally, with their scores.
func (q *reader) score(ctx context.Context, t *tally, text string, kinds kindMask) error {
	query := newAnalyser().terms(text)
	if len(query) > maxQueryWords {
		query = query[:maxQueryWords]
	}
	t.toScore()
	if len(query) == 0 {
		return nil
	}
	stems := make([]string, len(query))
	for i, t := range query {
		stems[i] = t.stem
	}
	// Each distinct word once, in a fixed order: sums of floats depend on it.
	slices.Sort(stems)
	stems = slices.Compact(stems)
	sc := &scorer{c: t.c, mask: kinds, words: len(stems), t: t}
	unfinished := -1
	if last, _ := utf8.DecodeLastRuneInString(text); unicode.IsLetter(last) || unicode.IsDigit(last) {
		unfinished, _ = slices.BinarySearch(stems, query[len(query)-1].stem)
	}
	var unknown uint64 // words that nothing was found for
	for i, stem := range stems {
		if err := ctx.Err(); err != nil {
			return err
		}
		ps, err := t.c.searched.get(wordKey{stem, false}, func() ([]posting, error) { return q.postings(nil, stem) })
		if err != nil {
			return err
		}
		found := len(ps)
		least := sc.add(1<<i, ps, 1)
		if i == unfinished {
			word := query[len(query)-1].word
			ps, err := t.c.searched.get(wordKey{word, true}, func() ([]posting, error) {
				begun, err := q.expansions(ctx, word)
				if err != nil {
					return nil, err
				}
				return q.anyOf(t, begun)
			})
			if err != nil {
				return err
			}
			found = max(found, len(ps))
			least = min(least, sc.add(1<<i, ps, prefixWeight))
		}
		if found > 0 && (found > maxMisspelt || len(stems) > 1) {
			continue
		}
		if ps, err = q.spellingPostings(t, stem, found); err != nil {
			return err
		}
		if len(ps) > 0 {
			sc.addBelow(1<<i, ps, least)
			continue
		}
		if found > 0 {
			continue
		}
		if i == unfinished {
			if ps, err = q.stemPostings(query[len(query)-1].word); err != nil {
				return err
			}
			sc.add(1<<i, ps, prefixWeight)
		}
		if len(ps) == 0 {
			unknown |= 1 << i
		}
	}
	if unknown != 0 {
		ps, err := q.namesLike(t.c, text)
		if err != nil {
			return err
		}
		sc.addBelow(unknown, ps, math.Inf(1))
	}
	sc.finish()
	return nil
}

// wordKey is a word of a query: as a term, or as the beginning of terms.
type wordKey struct {
	word   string
	prefix bool
}

// wordCache keeps the postings of words that were searched for. It never
// forgets, but takes no more once it is full. What it returns is shared.
type wordCache struct {
	mu       sync.RWMutex
	postings map[wordKey][]posting
	bytes    int
}

// maxWordBytes bounds the postings that a snapshot keeps. All terms of 85,000
// papers would take some 60 MB.
const maxWordBytes = 32 << 20

// get returns what is kept of a word, or reads it.
func (c *wordCache) get(k wordKey, read func() ([]posting, error)) ([]posting, error) {
	c.mu.RLock()
	ps, ok := c.postings[k]
	c.mu.RUnlock()
	if ok {
		return ps, nil
	}
	ps, err := read()
	if len(ps) == 0 || err != nil {
		return nil, err
	}
	const overhead, each = 100, 8
	size := overhead + len(k.word) + each*len(ps)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.postings[k]; !ok && c.bytes+size <= maxWordBytes {
		if c.postings == nil {
			c.postings = make(map[wordKey][]posting)
		}
		k.word = strings.Clone(k.word) // it may be a part of a long text
		c.postings[k] = slices.Clip(slices.Clone(ps))
		c.bytes += size
	}
	return ps, nil
}

// postings appends all postings of a term to dst, ascending.
func (q *reader) postings(dst []posting, term string) ([]posting, error) {
	prefix := namePrefix(tagTerm, term)
	err := q.scan(prefix, func(key, value []byte) (err error) {
		if len(key) != len(prefix)+4 {
			return damagedKey(key)
		}
		dst, err = decodePostings(dst, binary.BigEndian.Uint32(key[len(prefix):]), value)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("postings of %q: %w", term, err)
	}
	return dst, nil
}

// anyOf reads the postings of several terms as if they were one, in no order. A
// node that has several of them counts as often as it has the most frequent.
func (q *reader) anyOf(t *tally, terms []string) ([]posting, error) {
	switch len(terms) {
	case 0:
		return nil, nil
	case 1:
		return q.postings(nil, terms[0])
	}
	t.toCount()
	var all []posting
	defer func() {
		for _, p := range all {
			t.counts[p.uid].n = 0
		}
	}()
	for _, term := range terms {
		var err error
		if t.postings, err = q.postings(t.postings[:0], term); err != nil {
			return nil, err
		}
		for _, p := range t.postings {
			if !t.c.has(p.uid) {
				continue
			}
			if t.counts[p.uid].n == 0 {
				all = append(all, posting{uid: p.uid})
			}
			t.counts[p.uid].n = max(t.counts[p.uid].n, uint32(p.count))
		}
	}
	for i, p := range all {
		all[i].count = uint8(t.counts[p.uid].n)
	}
	return all, nil
}

// stemPostings reads the postings of the longest term that an unfinished word
// goes on behind: "adaptati" begins no term, but "adapt" is one, of the words
// that it may become.
func (q *reader) stemPostings(word string) (ps []posting, err error) {
	for cut := len(word) - 1; cut >= minStem && len(ps) == 0; cut-- {
		if !utf8.RuneStart(word[cut]) {
			continue
		}
		if ps, err = q.postings(nil, word[:cut]); err != nil {
			return nil, err
		}
	}
	return ps, nil
}

// minStem is the least length of a stem that a longer unfinished word is taken
// for.
const minStem = 4

// frequency is a term and how many nodes have it.
type frequency struct {
	term  string
	nodes int
}

// mostFrequent cuts terms down to the most frequent.
func mostFrequent(found []frequency, limit int) []string {
	found = topK(found, limit, func(a, b frequency) int {
		return cmp.Or(cmp.Compare(b.nodes, a.nodes), strings.Compare(a.term, b.term))
	})
	terms := make([]string, len(found))
	for i, f := range found {
		terms[i] = f.term
	}
	return terms
}

// expansions lists the most frequent terms that begin with a word.
func (q *reader) expansions(ctx context.Context, word string) ([]string, error) {
	var found []frequency
	var current []byte // the key of the term that is being counted, without its range
	err := q.scan(append([]byte{tagTerm}, word...), func(key, value []byte) error {
		if len(current) == 0 || len(key) != len(current)+4 || !bytes.HasPrefix(key, current) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if len(found) == maxExpansionsRead {
				return errStop
			}
			t, _, err := parseTermKey(key)
			if err != nil {
				return err
			}
			found = append(found, frequency{term: t})
			current = append(current[:0], key[:len(key)-4]...)
		}
		n, err := countPostings(value)
		found[len(found)-1].nodes += n
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("words that begin with %q: %w", word, err)
	}
	return mostFrequent(found, maxExpansions), nil
}

// countPostings is how many postings [encodePostings] wrote.
func countPostings(b []byte) (n int, err error) {
	for len(b) > 0 {
		_, size := binary.Uvarint(b)
		if size <= 0 || size >= len(b) {
			return 0, damaged("postings", "malformed posting")
		}
		b = b[size+1:]
		n++
	}
	return n, nil
}

// frequency counts the nodes that have a term.
func (q *reader) frequency(term string) (int, error) {
	nodes := 0
	err := q.scan(namePrefix(tagTerm, term), func(_, value []byte) error {
		n, err := countPostings(value)
		nodes += n
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("postings of %q: %w", term, err)
	}
	return nodes, nil
}

// spellingPostings reads the postings of the terms that a word may be a
// misspelling of, which itself so many nodes have: of those with the fewest
// edits the most frequent.
func (q *reader) spellingPostings(t *tally, word string, found int) ([]posting, error) {
	near, err := q.nearest(tagTerm, word, false)
	if err != nil {
		return nil, err
	}
	var terms []frequency
	for _, s := range near {
		nodes, err := q.frequency(s)
		if err != nil {
			return nil, err
		}
		if nodes >= found*misspeltRatio {
			terms = append(terms, frequency{s, nodes})
		}
	}
	if len(terms) == 0 {
		return nil, nil
	}
	return q.anyOf(t, mostFrequent(terms, maxSpellings))
}

// nearest lists the strings of a table, or with prefixes the beginnings of
// some, with the fewest edits between them and a word, as far as it allows any;
// see [nearStrings].
func (q *reader) nearest(tag byte, word string, prefixes bool) ([]string, error) {
	if len(word) > maxTerm {
		return nil, nil
	}
	for edits := 1; edits <= allowedEdits(word); edits++ {
		near, err := nearStrings(q.strings(tag), word, edits, prefixes, maxSpellingReads)
		if err != nil {
			return nil, fmt.Errorf("words like %q: %w", word, err)
		}
		if len(near) > 0 {
			nearest := make([]string, len(near))
			for i, n := range near {
				nearest[i] = n.s
			}
			return nearest, nil
		}
	}
	return nil, nil
}

// namesLike finds the nodes that have a name like a text, as if each had it
// once in its name.
func (q *reader) namesLike(c *columns, text string) ([]posting, error) {
	names, err := q.nearest(tagName, graph.NameKey(text), false)
	if err != nil {
		return nil, err
	}
	seen := make(map[uint32]bool)
	var ps []posting
	for _, name := range names {
		err := q.eachNamed(c, name, func(uid uint32) {
			if !seen[uid] {
				seen[uid] = true
				ps = append(ps, posting{uid, weightName})
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return ps, nil
}

// eachNamed calls use for the nodes that bear a name, given as table K has it.
func (q *reader) eachNamed(c *columns, name string, use func(uid uint32)) error {
	prefix := namePrefix(tagName, name)
	return q.scan(prefix, func(key, _ []byte) error {
		if len(key) != len(prefix)+4 {
			return damagedKey(key)
		}
		uid := binary.BigEndian.Uint32(key[len(prefix):])
		if !c.has(uid) {
			return damaged("name of a node", fmt.Sprintf("uid %d is no node's", uid))
		}
		use(uid)
		return nil
	})
}

// scorer sums the scores of nodes.
type scorer struct {
	c     *columns
	mask  kindMask
	words int // of the query
	t     *tally
}

// bm25 is what a word adds to the score of a node, but for what depends on the
// node.
type bm25 struct{ idf, average float64 }

// weigh prepares the scores of a word that so many nodes have. Every node with
// words counts, whatever kinds are wanted, so that a score means the same in
// every search.
func (s *scorer) weigh(found int, weight float64) bm25 {
	docs, df := float64(s.c.docs), float64(found)
	return bm25{
		idf:     weight * math.Log(1+max(docs-df+0.5, 0)/(df+0.5)),
		average: float64(s.c.totalWords) / max(docs, 1),
	}
}

func (w bm25) score(count uint8, words uint32) float64 {
	tf := float64(count)
	norm := bm25K1 * (1 - bm25B + bm25B*float64(words)/w.average)
	return w.idf * tf * (bm25K1 + 1) / (tf + norm)
}

// add scores the nodes that have one word of the query, given as its bit, and
// returns the least score that one has of it.
func (s *scorer) add(word uint64, ps []posting, weight float64) (least float64) {
	w := s.weigh(len(ps), weight)
	least = math.Inf(1)
	for _, p := range ps {
		if !s.c.has(p.uid) {
			continue
		}
		score := w.score(p.count, s.c.words[p.uid])
		least = min(least, score)
		if s.mask.has(s.c.kinds[p.uid]) {
			s.addTo(p.uid, word, score)
		}
	}
	return least
}

// addBelow scores the nodes that may have the words, each less than least, those
// that have one of them left out.
func (s *scorer) addBelow(words uint64, ps []posting, least float64) {
	w := s.weigh(len(ps), spellingWeight)
	for _, p := range ps {
		if !s.c.has(p.uid) || !s.mask.has(s.c.kinds[p.uid]) || s.t.matched[p.uid]&words != 0 {
			continue
		}
		score := w.score(p.count, s.c.words[p.uid])
		if !math.IsInf(least, 1) {
			score = least * score / (1 + score)
		}
		s.addTo(p.uid, words, score)
	}
}

func (s *scorer) addTo(uid uint32, words uint64, score float64) {
	if s.t.matched[uid] == 0 {
		s.t.touched = append(s.t.touched, uid)
	}
	s.t.matched[uid] |= words
	s.t.scores[uid] += score
}

// finish weighs the scores. Without the share of words, a name that has one rare
// word of a query would stand before those that have all of it.
func (s *scorer) finish() {
	for _, uid := range s.t.touched {
		s.t.scores[uid] *= float64(bits.OnesCount64(s.t.matched[uid])) / float64(s.words)
	}
}
