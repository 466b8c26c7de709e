package store

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"papergraph/graph"
)

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

// Search finds nodes by words in names, aliases, titles and abstracts, best
// first, equal scores by id; at most limit of them, and only of the given
// kinds unless there are none. Words are compared by their English stems; the
// last word also stands for the words that it begins. The score is BM25 over
// all nodes, a word of a name or title counting three times, one of an alias
// twice, times the share of the query's words that the node has.
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
	query := newAnalyser().terms(text)
	if len(query) > maxQueryWords {
		query = query[:maxQueryWords]
	}
	if len(query) == 0 || limit <= 0 {
		return nil, nil
	}
	var stems []string
	for _, t := range query {
		stems = append(stems, t.stem)
	}
	// Each distinct word once, in a fixed order: sums of floats depend on it.
	slices.Sort(stems)
	stems = slices.Compact(stems)
	sc := &scorer{
		c: r.columns, mask: mask, words: len(stems),
		scores: make([]float64, len(r.columns.ranks)), matched: make([]uint64, len(r.columns.ranks)),
	}
	for i, stem := range stems {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ps, err := q.postings(stem)
		if err != nil {
			return nil, err
		}
		sc.add(i, ps, 1)
	}
	if last, _ := utf8.DecodeLastRuneInString(text); unicode.IsLetter(last) || unicode.IsDigit(last) {
		t := query[len(query)-1]
		ps, err := q.prefixPostings(ctx, t)
		if err != nil {
			return nil, err
		}
		i, _ := slices.BinarySearch(stems, t.stem)
		sc.add(i, ps, prefixWeight)
	}
	return sc.best(limit), nil
}

// postings reads all postings of a term, ascending.
func (q *reader) postings(term string) ([]posting, error) {
	var ps []posting
	prefix := namePrefix(tagTerm, term)
	err := q.scan(prefix, func(key, value []byte) error {
		_, uidRange, err := parseTermKey(key)
		if err != nil {
			return err
		}
		ps, err = decodePostings(ps, uidRange, value)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("postings of %q: %w", term, err)
	}
	return ps, nil
}

// prefixPostings reads the postings of all terms that begin with a word. A
// node that has several of them counts as often as it has the most frequent.
func (q *reader) prefixPostings(ctx context.Context, t term) ([]posting, error) {
	expansions, err := q.expansions(ctx, t.word)
	if err != nil {
		return nil, err
	}
	if len(expansions) == 0 && utf8.RuneCountInString(t.word) > minStem {
		// The word goes on behind its stem: "adaptati" begins no term, but
		// "adapt" is one, and the longest that it begins with.
		for cut := len(t.word) - 1; cut >= minStem && len(expansions) == 0; cut-- {
			if !utf8.RuneStart(t.word[cut]) {
				continue
			}
			ps, err := q.postings(t.word[:cut])
			if err != nil {
				return nil, err
			}
			if len(ps) > 0 {
				return ps, nil
			}
		}
	}
	var all []posting
	for _, e := range expansions {
		ps, err := q.postings(e)
		if err != nil {
			return nil, err
		}
		all = append(all, ps...)
	}
	slices.SortFunc(all, func(a, b posting) int { return cmp.Or(cmp.Compare(a.uid, b.uid), cmp.Compare(b.count, a.count)) })
	return slices.CompactFunc(all, func(a, b posting) bool { return a.uid == b.uid }), nil
}

// minStem is the shortest stem that a longer unfinished word is taken for.
const minStem = 4

// expansions lists the most frequent terms that begin with a word.
func (q *reader) expansions(ctx context.Context, word string) ([]string, error) {
	type expansion struct {
		term  string
		nodes int
	}
	var found []expansion
	var ps []posting
	prefix := append([]byte{tagTerm}, word...)
	err := q.scan(prefix, func(key, value []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		t, uidRange, err := parseTermKey(key)
		if err != nil {
			return err
		}
		if n := len(found); n == 0 || found[n-1].term != t {
			if n == maxExpansionsRead {
				return errStop
			}
			found = append(found, expansion{term: t})
		}
		ps, err = decodePostings(ps[:0], uidRange, value)
		found[len(found)-1].nodes += len(ps)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b expansion) int {
		return cmp.Or(cmp.Compare(b.nodes, a.nodes), strings.Compare(a.term, b.term))
	})
	var terms []string
	for _, e := range found[:min(len(found), maxExpansions)] {
		terms = append(terms, e.term)
	}
	return terms, nil
}

// scorer sums the scores of nodes.
type scorer struct {
	c       *columns
	mask    kindMask
	words   int       // of the query
	scores  []float64 // by uid
	matched []uint64  // by uid, the set of words that it has
	touched []uint32  // uids that have any
}

// add scores the nodes that have one word of the query.
func (s *scorer) add(word int, ps []posting, weight float64) {
	if len(ps) == 0 {
		return
	}
	// Every node with words counts, whatever kinds are wanted, so that a
	// score means the same in every search.
	docs, df := float64(s.c.docs), float64(len(ps))
	idf := math.Log(1 + max(docs-df+0.5, 0)/(df+0.5))
	average := float64(s.c.totalWords) / max(docs, 1)
	for _, p := range ps {
		if !s.c.has(p.uid) || !s.mask.has(s.c.kinds[p.uid]) {
			continue
		}
		tf := float64(p.count)
		norm := bm25K1 * (1 - bm25B + bm25B*float64(s.c.words[p.uid])/average)
		if s.matched[p.uid] == 0 {
			s.touched = append(s.touched, p.uid)
		}
		s.matched[p.uid] |= 1 << word
		s.scores[p.uid] += weight * idf * tf * (bm25K1 + 1) / (tf + norm)
	}
}

// best returns the highest scores. Without the share of words, a name that has
// one rare word of a query would stand before those that have all of it.
func (s *scorer) best(limit int) []Hit {
	for _, uid := range s.touched {
		s.scores[uid] *= float64(bits.OnesCount64(s.matched[uid])) / float64(s.words)
	}
	compare := func(a, b uint32) int {
		return cmp.Or(cmp.Compare(s.scores[b], s.scores[a]), cmp.Compare(s.c.ranks[a], s.c.ranks[b]))
	}
	// Only what may be among the best is sorted: those of each full buffer
	// that are beyond the limit are dropped.
	limit = min(limit, len(s.touched))
	buffer := make([]uint32, 0, 2*limit)
	for _, uid := range s.touched {
		if len(buffer) == 2*limit {
			slices.SortFunc(buffer, compare)
			buffer = buffer[:limit]
		}
		buffer = append(buffer, uid)
	}
	slices.SortFunc(buffer, compare)
	hits := make([]Hit, 0, limit)
	for _, uid := range buffer[:limit] {
		hits = append(hits, Hit{ID: s.c.id(uid), Score: s.scores[uid]})
	}
	return hits
}
