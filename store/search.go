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
// vectors, and title and abstract as two fields; here they are one. The times
// are of when all nodes that have a word were scored, at each search. Now that
// scores are kept and most nodes are passed over (match.best), the same build of
// the benchmark of reads took 50 us a search instead of 253 at 10,000 papers.

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
// of the 32 most frequent that the last word begins. Of those that have only the
// more frequent of several words most are passed over, unless there are many
// such words or one is taken for misspelt.
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
	m, err := q.match(ctx, t, text)
	if err != nil {
		return nil, err
	}
	best, ok := m.best(t.c, mask, limit)
	if !ok {
		m.score(t, mask)
		found := make([]scoredNode, len(t.touched))
		for i, uid := range t.touched {
			found[i] = scoredNode{uid, t.scores[uid]}
		}
		best = topK(found, limit, t.c.compareScores)
	}
	hits := make([]Hit, len(best))
	for i, n := range best {
		hits[i] = Hit{ID: t.c.id(n.uid), Score: n.score}
	}
	return hits, nil
}

// scoredNode is a node that a search found.
type scoredNode struct {
	uid   uint32
	score float64
}

// compareScores orders nodes as a search lists them.
func (c *columns) compareScores(a, b scoredNode) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(c.ranks[a.uid], c.ranks[b.uid]))
}

// match is what a text is searched by: the nodes of each of its words.
type match struct {
	words int         // how many distinct ones the text has
	exact []wordMatch // in the order in which scores are summed, for sums of floats depend on it
	like  []likeMatch // after these
}

// wordMatch is the nodes that have a word, or one that it may become.
type wordMatch struct {
	word uint64 // its bit
	*wordPostings
}

// likeMatch is the nodes that may have some words, misspelt. Those that have one
// of the words do not count, and the others have less than least of them.
type likeMatch struct {
	words    uint64
	postings []posting
	least    float64
}

// match finds out what a text is searched by.
func (q *reader) match(ctx context.Context, t *tally, text string) (m match, err error) {
	query := newAnalyser().terms(text)
	if len(query) > maxQueryWords {
		query = query[:maxQueryWords]
	}
	if len(query) == 0 {
		return m, nil
	}
	stems := make([]string, len(query))
	for i, t := range query {
		stems[i] = t.stem
	}
	// Each distinct word once, in a fixed order.
	slices.Sort(stems)
	stems = slices.Compact(stems)
	m.words = len(stems)
	unfinished := -1
	if last, _ := utf8.DecodeLastRuneInString(text); unicode.IsLetter(last) || unicode.IsDigit(last) {
		unfinished, _ = slices.BinarySearch(stems, query[len(query)-1].stem)
	}
	var unknown uint64 // words that nothing was found for
	for i, stem := range stems {
		if err := ctx.Err(); err != nil {
			return m, err
		}
		ws, err := t.c.searched.get(t.c, wordKey{stem, false}, func() ([]posting, error) { return q.postings(nil, stem) })
		if err != nil {
			return m, err
		}
		m.add(1<<i, ws)
		found, least := ws.found, ws.least
		if i == unfinished {
			word := query[len(query)-1].word
			ws, err := t.c.searched.get(t.c, wordKey{word, true}, func() ([]posting, error) {
				begun, err := q.expansions(ctx, word)
				if err != nil {
					return nil, err
				}
				return q.anyOf(t, begun)
			})
			if err != nil {
				return m, err
			}
			m.add(1<<i, ws)
			found, least = max(found, ws.found), min(least, ws.least)
		}
		if found > 0 && (found > maxMisspelt || len(stems) > 1) {
			continue
		}
		ps, err := q.spellingPostings(t, stem, found)
		if err != nil {
			return m, err
		}
		if len(ps) > 0 {
			m.like = append(m.like, likeMatch{1 << i, ps, least})
			continue
		}
		if found > 0 {
			continue
		}
		if i == unfinished {
			if ps, err = q.stemPostings(query[len(query)-1].word); err != nil {
				return m, err
			}
			m.add(1<<i, newWordPostings(t.c, ps, prefixWeight))
		}
		if len(ps) == 0 {
			unknown |= 1 << i
		}
	}
	if unknown != 0 {
		ps, err := q.namesLike(t.c, text)
		if err != nil {
			return m, err
		}
		if len(ps) > 0 {
			m.like = append(m.like, likeMatch{unknown, ps, math.Inf(1)})
		}
	}
	return m, nil
}

func (m *match) add(word uint64, ws *wordPostings) {
	if ws.found > 0 {
		m.exact = append(m.exact, wordMatch{word, ws})
	}
}

// share is what the sum of a node's scores is multiplied by that has some of the
// words. Without it, a name that has one rare word of a text would stand before
// those that have all of it.
func (m *match) share(words uint64) float64 {
	return float64(bits.OnesCount64(words)) / float64(m.words)
}

// score gathers all nodes of some kinds that have a word of the text, the
// touched of the tally, with their scores.
func (m *match) score(t *tally, kinds kindMask) {
	t.toScore()
	add := func(uid uint32, words uint64, score float64) {
		if t.matched[uid] == 0 {
			t.touched = append(t.touched, uid)
		}
		t.matched[uid] |= words
		t.scores[uid] += score
	}
	for _, w := range m.exact {
		for _, ps := range w.byKind {
			if kinds.has(ps.kind) {
				for i, uid := range ps.uids {
					add(uid, w.word, float64(ps.scores[i]))
				}
			}
		}
	}
	for _, l := range m.like {
		w := t.c.weigh(len(l.postings), spellingWeight)
		for _, p := range l.postings {
			if !t.c.has(p.uid) || !kinds.has(t.c.kinds[p.uid]) || t.matched[p.uid]&l.words != 0 {
				continue
			}
			score := float64(w.score(p.count, t.c.words[p.uid]))
			if !math.IsInf(l.least, 1) {
				score = l.least * score / (1 + score)
			}
			add(p.uid, l.words, score)
		}
	}
	for _, uid := range t.touched {
		t.scores[uid] *= m.share(t.matched[uid])
	}
}

// best is the first limit of the nodes that [match.score] finds, with the same
// scores. It is not ok, and score is to be asked, where a word is taken for
// misspelt, and where it would cost more.
//
// It scores few nodes: MaxScore (Turtle & Flood 1995), a word at a time. Words
// are taken with the highest of their scores first, and a node is passed over
// that would not be among the best if it had each of the words that follow at
// its highest. Nodes of one kind are compared with their like, since a name of
// two words has more of a word than any paper. A text of many frequent words has
// few nodes that can be passed over: looking for each in the lists of all others
// would take the square of their number, so it ends at as many looks as the
// lists have nodes of these kinds.
func (m *match) best(c *columns, kinds kindMask, limit int) (best []scoredNode, ok bool) {
	if len(m.like) > 0 {
		return nil, false
	}
	first := &topScores{top: top[scoredNode]{limit: limit, compare: c.compareScores}}
	var most [maxKind + 1]float32 // that a node of a kind can have
	var wanted []byte             // the kinds that have nodes
	for _, w := range m.exact {
		for _, ps := range w.byKind {
			if !kinds.has(ps.kind) {
				continue
			}
			if !slices.Contains(wanted, ps.kind) {
				wanted = append(wanted, ps.kind)
			}
			most[ps.kind] += ps.most
			first.looks += len(ps.uids)
		}
	}
	// Names before papers, so that most papers need no look.
	slices.SortFunc(wanted, func(a, b byte) int { return cmp.Or(cmp.Compare(most[b], most[a]), cmp.Compare(a, b)) })
	for _, kind := range wanted {
		if !m.bestOf(kind, first) {
			return nil, false
		}
	}
	return first.sorted(), true
}

// topScores gathers the best nodes.
type topScores struct {
	top[scoredNode]
	looks int // in lists, that may still be taken for others
}

// worst is the least score that a node must have to be taken.
func (t *topScores) worst() float64 {
	if len(t.heap) < t.limit {
		return math.Inf(-1)
	}
	return t.heap[0].score
}

// bestOf offers the nodes of one kind. It is false where that took too many
// looks.
func (m *match) bestOf(kind byte, first *topScores) bool {
	lists := make([]kindPostings, len(m.exact)) // as in exact
	var order []int                             // indices of those that have nodes
	for i, w := range m.exact {
		if lists[i] = w.ofKind(kind); len(lists[i].uids) > 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(lists[b].most, lists[a].most), cmp.Compare(a, b))
	})
	// What a node can have at most of the lists from one in the order on.
	rest, words := make([]float64, len(order)+1), make([]uint64, len(order)+1)
	for j := len(order) - 1; j >= 0; j-- {
		rest[j] = rest[j+1] + float64(lists[order[j]].most)
		words[j] = words[j+1] | m.exact[order[j]].word
	}
	var shares [maxQueryWords + 1]float64 // by number of words, with room for sums in another order
	for n := range shares[:m.words+1] {
		shares[n] = float64(n) / float64(m.words) * (1 + 1e-9)
	}
	// outdone says whether a node is not among the best that has some of the
	// words with the sum of their scores, whatever it has from a list on.
	worst := first.worst()
	outdone := func(score float64, has uint64, from int) bool {
		return (score+rest[from])*shares[bits.OnesCount64(has|words[from])] < worst
	}
	at, scores := make([]int, len(lists)), make([]float32, len(lists))
	for j, now := range order {
		if outdone(0, 0, j) {
			return true
		}
		clear(at)
		find := func(i int, uid uint32) bool {
			first.looks--
			uids, next := lists[i].uids, at[i]
			if next < len(uids) && uids[next] < uid {
				next = seek(uids, next, uid)
				at[i] = next
			}
			if next == len(uids) || uids[next] != uid {
				scores[i] = 0
				return false
			}
			scores[i] = lists[i].scores[next]
			return true
		}
	nodes:
		for place, uid := range lists[now].uids {
			if first.looks < 0 {
				return false
			}
			scores[now] = lists[now].scores[place]
			most, has := float64(scores[now]), m.exact[now].word
			for k := j + 1; k < len(order); k++ {
				if outdone(most, has, k) {
					continue nodes
				}
				if i := order[k]; find(i, uid) {
					most += float64(scores[i])
					has |= m.exact[i].word
				}
			}
			if outdone(most, has, len(order)) {
				continue
			}
			for _, i := range order[:j] {
				if find(i, uid) { // it was looked at before
					continue nodes
				}
			}
			n := scoredNode{uid: uid}
			for _, score := range scores {
				n.score += float64(score)
			}
			n.score *= m.share(has)
			first.offer(n)
			worst = first.worst()
		}
	}
	return true
}

// wordPostings is the nodes that have a word, with what they have of it. It is
// shared by searches, and not changed once it is made.
type wordPostings struct {
	found  int            // how many have it
	least  float64        // the least score
	byKind []kindPostings // of the kinds that have nodes, ascending
}

// kindPostings is those of one kind. Scores of 32 bits keep them as small as a
// [posting] each.
type kindPostings struct {
	kind   byte
	most   float32   // the highest score
	uids   []uint32  // ascending
	scores []float32 // of each
}

// ofKind is empty where no node of the kind has the word.
func (w *wordPostings) ofKind(kind byte) kindPostings {
	for _, ps := range w.byKind {
		if ps.kind == kind {
			return ps
		}
	}
	return kindPostings{}
}

// newWordPostings scores the nodes that have a word, ascending.
func newWordPostings(c *columns, ps []posting, weight float64) *wordPostings {
	ws := &wordPostings{found: len(ps), least: math.Inf(1)}
	w := c.weigh(len(ps), weight)
	var sizes [maxKind + 1]int
	for _, p := range ps {
		if c.has(p.uid) {
			sizes[c.kinds[p.uid]]++
		}
	}
	var of [maxKind + 1]*kindPostings
	ws.byKind = make([]kindPostings, 0, maxKind+1)
	for kind, size := range sizes {
		if size > 0 {
			ws.byKind = append(ws.byKind, kindPostings{kind: byte(kind), uids: make([]uint32, 0, size), scores: make([]float32, 0, size)})
			of[kind] = &ws.byKind[len(ws.byKind)-1]
		}
	}
	for _, p := range ps {
		if !c.has(p.uid) {
			continue
		}
		k, score := of[c.kinds[p.uid]], w.score(p.count, c.words[p.uid])
		k.uids, k.scores = append(k.uids, p.uid), append(k.scores, score)
		k.most = max(k.most, score)
		ws.least = min(ws.least, float64(score))
	}
	ws.byKind = slices.Clip(slices.Clone(ws.byKind)) // it is kept
	return ws
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
	postings map[wordKey]*wordPostings
	bytes    int
}

// maxWordBytes bounds the postings that a snapshot keeps. All terms of 85,000
// papers would take some 100 MB.
const maxWordBytes = 32 << 20

// get returns what is kept of a word, or reads it.
func (c *wordCache) get(cols *columns, k wordKey, read func() ([]posting, error)) (*wordPostings, error) {
	c.mu.RLock()
	ws, ok := c.postings[k]
	c.mu.RUnlock()
	if ok {
		return ws, nil
	}
	ps, err := read()
	if err != nil {
		return nil, err
	}
	weight := 1.0
	if k.prefix {
		weight = prefixWeight
	}
	ws = newWordPostings(cols, ps, weight)
	if ws.found == 0 {
		return ws, nil
	}
	const overhead, each = 250, 8
	size := overhead + len(k.word) + each*ws.found
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.postings[k]; !ok && c.bytes+size <= maxWordBytes {
		if c.postings == nil {
			c.postings = make(map[wordKey]*wordPostings)
		}
		k.word = strings.Clone(k.word) // it may be a part of a long text
		c.postings[k] = ws
		c.bytes += size
	}
	return ws, nil
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

// anyOf reads the postings of several terms as if they were one, ascending. A
// node that has several of them counts as often as it has the most frequent.
func (q *reader) anyOf(t *tally, terms []string) ([]posting, error) {
	switch len(terms) {
	case 0:
		return nil, nil
	case 1:
		return q.postings(nil, terms[0])
	}
	t.toCount()
	var uids []uint32
	defer func() {
		for _, uid := range uids {
			t.counts[uid].n = 0
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
				uids = append(uids, p.uid)
			}
			t.counts[p.uid].n = max(t.counts[p.uid].n, uint32(p.count))
		}
	}
	slices.Sort(uids)
	all := make([]posting, len(uids))
	for i, uid := range uids {
		all[i] = posting{uid, uint8(t.counts[uid].n)}
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

// bm25 is what a word adds to the score of a node, but for what depends on the
// node.
type bm25 struct{ idf, average float64 }

// weigh prepares the scores of a word that so many nodes have. Every node with
// words counts, whatever kinds are wanted, so that a score means the same in
// every search.
func (c *columns) weigh(found int, weight float64) bm25 {
	docs, df := float64(c.docs), float64(found)
	return bm25{
		idf:     weight * math.Log(1+max(docs-df+0.5, 0)/(df+0.5)),
		average: float64(c.totalWords) / max(docs, 1),
	}
}

// score is rounded once, here, for whatever sums it: what is kept of a word has
// no room for more, and sums of the same scores must be the same everywhere.
func (w bm25) score(count uint8, words uint32) float32 {
	tf := float64(count)
	norm := bm25K1 * (1 - bm25B + bm25B*float64(words)/w.average)
	return float32(w.idf * tf * (bm25K1 + 1) / (tf + norm))
}
