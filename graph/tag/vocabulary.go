package tag

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clusterings is how many partitions of the words there are, from coarse to
// fine, and clusterCounts how many parts each has.
const clusterings = 3

var clusterCounts = [clusterings]int{64, 256, 1000}

// noCluster is the cluster of a word that is not in the vocabulary.
const noCluster = math.MaxUint16

// dimensions is the length of a word's vector.
const dimensions = 100

// vocabulary holds what a corpus says of its words, by folded form.
type vocabulary struct {
	words    []string // by falling frequency
	ids      map[string]int32
	clusters [clusterings][]uint16
	capitals []uint8 // how often a word is written with a capital inside a sentence: 0 never .. 3 nearly always
	// vectors holds dimensions numbers a word, in steps of vectorStep; empty
	// where only the clusters are kept.
	vectors []int8
}

// vectorStep is the unit of quantised vectors. Their root mean square is set to
// sixteen steps, which costs about six bits a number compressed and an error of
// two percent.
const (
	vectorSteps = 16
	vectorScale = 0.25 // root mean square of a number after dequantising
	vectorStep  = vectorScale / vectorSteps
)

// fold appends the form under which a word is counted: in small letters, each
// digit 0. Words that differ in nothing else share their statistics.
func fold(buf []byte, word string) []byte {
	for i := 0; i < len(word); {
		c := word[i]
		switch {
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(word[i:])
			if unicode.IsDigit(r) {
				buf = append(buf, '0')
			} else {
				buf = utf8.AppendRune(buf, unicode.ToLower(r))
			}
			i += n
			continue
		case '0' <= c && c <= '9':
			c = '0'
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		buf = append(buf, c)
		i++
	}
	return buf
}

// find returns the number of a folded word, or of what it ends in after a
// hyphen, or of its singular; -1 where none is known.
func (v *vocabulary) find(folded []byte) int32 {
	if id, ok := v.ids[string(folded)]; ok {
		return id
	}
	for i := len(folded) - 2; i >= 0; i-- {
		if folded[i] == '-' {
			if id, ok := v.ids[string(folded[i+1:])]; ok {
				return id
			}
			break
		}
	}
	if n := len(folded); n > 3 && folded[n-1] == 's' {
		if id, ok := v.ids[string(folded[:n-1])]; ok {
			return id
		}
	}
	return -1
}

// index fills ids.
func (v *vocabulary) index() {
	v.ids = make(map[string]int32, len(v.words))
	for i, w := range v.words {
		v.ids[w] = int32(i)
	}
}

// wordCount is what is counted of a folded word.
type wordCount struct {
	word            string
	all             int
	inside, capital int // places that begin no sentence, and those with a capital
}

// counter counts the words of a corpus.
type counter struct {
	byWord map[string]*wordCount
	buf    []byte
}

// add counts the words of a sentence. In a title case says nothing.
func (c *counter) add(words []string, title bool) {
	for i, w := range words {
		c.buf = fold(c.buf[:0], w)
		n := c.byWord[string(c.buf)]
		if n == nil {
			n = &wordCount{word: string(c.buf)}
			c.byWord[n.word] = n
		}
		n.all++
		if i > 0 && !title {
			n.inside++
			if strings.IndexFunc(w, unicode.IsUpper) >= 0 {
				n.capital++
			}
		}
	}
}

// vocabulary makes one of the words that occur at least least times, at most
// most of them, and returns their counts in its order.
func (c *counter) vocabulary(least, most int) (*vocabulary, []int) {
	var list []*wordCount
	for _, n := range c.byWord {
		if n.all >= least {
			list = append(list, n)
		}
	}
	slices.SortFunc(list, func(a, b *wordCount) int {
		return cmp.Or(cmp.Compare(b.all, a.all), strings.Compare(a.word, b.word))
	})
	list = list[:min(len(list), most)]
	v := &vocabulary{}
	counts := make([]int, len(list))
	for i, n := range list {
		v.words = append(v.words, n.word)
		counts[i] = n.all
		share := uint8(0)
		switch {
		case 10*n.capital > 9*n.inside:
			share = 3
		case 2*n.capital > n.inside:
			share = 2
		case 10*n.capital > n.inside:
			share = 1
		}
		v.capitals = append(v.capitals, share)
	}
	v.index()
	return v, counts
}

// quantiseVectors turns vectors into steps, scaled to one root mean square.
func quantiseVectors(vectors []float32) []int8 {
	sum := 0.0
	for _, x := range vectors {
		sum += float64(x) * float64(x)
	}
	f := float64(vectorSteps) / max(math.Sqrt(sum/float64(max(len(vectors), 1))), 1e-12)
	out := make([]int8, len(vectors))
	for i, x := range vectors {
		out[i] = int8(max(-127, min(127, math.Round(float64(x)*f))))
	}
	return out
}
