package extract

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"papergraph/graph"
)

// Statistics of a phrase over a corpus of unannotated papers: in how many
// documents it stands, and in how many it stands in a telling place.
const (
	statDocuments = iota
	statTitle     // in the title
	statKeyword   // the authors gave it as a keyword
	statPrefix    // before the colon of a title
	statDataset   // "on X", "X dataset"
	statMethod    // "X algorithm", "X network"
	statBeaten    // "than X", "outperforms X"
	statUsed      // "using X", "based on X"
	statTask      // "the task of X", "X task"
	statMetric    // "in terms of X", "X score"
	statProposed  // "propose X", "called X"
	statNested    // inside a longer run of content words everywhere
	statCount
)

var statNames = [statCount]string{"df", "title", "keyword", "prefix", "dataset", "method", "beaten", "used", "task", "metric", "proposed", "nested"}

// phraseStats holds a magnitude for each statistic: 0 for none, else the bit
// length of the count, at most 15.
type phraseStats [statCount]int

// phraseTable maps keys to statistics. It stores no text: a key is 40 bits of
// its hash, and a record 40+4·12 bits packed in 11 bytes, sorted. Two of
// 150,000 phrases share a hash about once in a hundred tables.
type phraseTable struct {
	records []byte
}

const (
	phraseHashBytes = 5
	phraseRecord    = phraseHashBytes + statCount/2
)

func phraseHash(key string) uint64 {
	return mix(hashString(fnvOffset, key)) >> (64 - 8*phraseHashBytes)
}

func (p *phraseTable) len() int { return len(p.records) / phraseRecord }

func (p *phraseTable) hashAt(i int) uint64 {
	var b [8]byte
	copy(b[8-phraseHashBytes:], p.records[i*phraseRecord:])
	return binary.BigEndian.Uint64(b[:])
}

// lookup finds a phrase in O(log n).
func (p *phraseTable) lookup(key string) (phraseStats, bool) {
	h := phraseHash(key)
	lo, hi := 0, p.len()
	for lo < hi {
		m := (lo + hi) / 2
		if p.hashAt(m) < h {
			lo = m + 1
		} else {
			hi = m
		}
	}
	var st phraseStats
	if lo == p.len() || p.hashAt(lo) != h {
		return st, false
	}
	packed := p.records[lo*phraseRecord+phraseHashBytes : (lo+1)*phraseRecord]
	for i := range st {
		st[i] = int(packed[i/2]>>(4*(i%2))) & 15
	}
	return st, true
}

// newPhraseTable checks records read from a model file.
func newPhraseTable(records []byte) (*phraseTable, error) {
	if len(records)%phraseRecord != 0 {
		return nil, fmt.Errorf("phrase table of %d bytes is no multiple of %d", len(records), phraseRecord)
	}
	p := &phraseTable{records: records}
	for i := 1; i < p.len(); i++ {
		if p.hashAt(i-1) >= p.hashAt(i) {
			return nil, errors.New("phrase table is not sorted")
		}
	}
	return p, nil
}

// phraseCounter gathers statistics over documents.
type phraseCounter struct {
	counts map[uint64]*[statCount]uint32
}

func newPhraseCounter() *phraseCounter {
	return &phraseCounter{counts: map[uint64]*[statCount]uint32{}}
}

// observe counts the candidates of one document. Not for concurrent use.
func (pc *phraseCounter) observe(a *analysis) {
	keywords := map[string]bool{}
	for _, k := range a.doc.Keywords {
		keywords[graph.CoreKey(k)] = true
	}
	for _, c := range a.candidates {
		if c.derived {
			continue
		}
		var has [statCount]bool
		nested := true
		for _, sp := range c.spans {
			pc.place(a, sp, &has, &nested)
		}
		has[statDocuments], has[statNested] = true, nested
		for _, key := range c.keys {
			has[statKeyword] = has[statKeyword] || keywords[key]
		}
		for _, key := range c.keys {
			n := pc.counts[phraseHash(key)]
			if n == nil {
				n = new([statCount]uint32)
				pc.counts[phraseHash(key)] = n
			}
			for i, h := range has {
				if h {
					n[i]++
				}
			}
		}
	}
}

func (pc *phraseCounter) place(a *analysis, sp span, has *[statCount]bool, nested *bool) {
	t := a.texts[sp.text]
	s := t.sentences[t.tokens[sp.first].sentence]
	word := func(i int) string {
		if i < s.first || i >= s.last {
			return ""
		}
		return t.tokens[i].lower
	}
	left := sp.first > s.first && t.tokens[sp.first-1].content
	right := sp.last < s.last && t.tokens[sp.last].content
	if !left && !right {
		*nested = false
	}
	if t.field == graph.FieldTitle {
		has[statTitle] = true
		if sp.first == 0 && word(sp.last) == ":" {
			has[statPrefix] = true
		}
	}
	if left {
		return
	}
	p, n := word(sp.first-1), word(sp.last)
	if p == "the" || p == "a" {
		p = word(sp.first - 2)
	}
	switch n {
	case "dataset", "datasets", "benchmark", "benchmarks", "corpus", "corpora", "data":
		has[statDataset] = true
	case "algorithm", "algorithms", "network", "networks", "model", "models", "method", "methods", "architecture", "architectures", "framework", "optimizer":
		has[statMethod] = true
	case "task", "tasks", "problem", "problems":
		has[statTask] = true
	case "score", "scores", "metric", "metrics":
		has[statMetric] = true
	}
	switch p {
	case "on":
		if word(sp.first-2) != "based" {
			has[statDataset] = true
		} else {
			has[statUsed] = true
		}
	case "than", "outperforms", "outperform", "outperforming", "surpasses", "surpassing", "over", "beats":
		has[statBeaten] = true
	case "using", "via", "with", "leveraging", "employ", "use", "apply", "adopt", "leverage":
		has[statUsed] = true
	case "for":
		has[statTask] = true
	case "of":
		switch word(sp.first - 2) {
		case "task", "problem":
			has[statTask] = true
		case "terms":
			has[statMetric] = true
		}
	case "higher", "lower", "better", "improved", "reduced", "average":
		has[statMetric] = true
	case "propose", "introduce", "present", "develop", "called", "named", "dubbed", "termed":
		has[statProposed] = true
	}
}

// table keeps the phrases that stand in at least so many documents.
func (pc *phraseCounter) table(documents uint32) *phraseTable {
	hashes := make([]uint64, 0, len(pc.counts)/8)
	for h, n := range pc.counts {
		if n[statDocuments] >= documents {
			hashes = append(hashes, h)
		}
	}
	slices.Sort(hashes)
	out := make([]byte, 0, len(hashes)*phraseRecord)
	for _, h := range hashes {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], h)
		out = append(out, b[8-phraseHashBytes:]...)
		n := pc.counts[h]
		var packed [statCount / 2]byte
		for i, v := range n {
			packed[i/2] |= byte(min(bits.Len32(v), 15)) << (4 * (i % 2))
		}
		out = append(out, packed[:]...)
	}
	return &phraseTable{records: out}
}
