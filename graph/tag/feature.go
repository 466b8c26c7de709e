package tag

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// keyBits is the length of a feature's hash: long enough that of the features
// never seen in training hardly one in a hundred is taken for one that was, and
// short enough to be stored in a byte or so.
const keyBits = 26

// mix hashes a feature from its template and what fills it.
func mix(template, a, b, c uint64) uint64 {
	h := template*0x9E3779B97F4A7C15 ^ a
	h = (h ^ h>>32) * 0xD6E8FEB86659FD93
	h ^= b
	h = (h ^ h>>29) * 0xBF58476D1CE4E5B9
	h ^= c
	h = (h ^ h>>32) * 0x94D049BB133111EB
	return h ^ h>>31
}

func key(h uint64) uint32 { return uint32(h >> (64 - keyBits)) }

// hashText is FNV-1a.
func hashText(s []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range s {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// The places that a token looks at: those around it, then those that the run of
// content words around it gives: the run's last word, which mostly is the head
// and says of what type the run is, and the words before and behind the run.
const (
	slotBefore3 = iota
	slotBefore2
	slotBefore1
	slotHere
	slotAfter1
	slotAfter2
	slotAfter3
	slotHead
	slotRunBefore
	slotRunAfter
	slots
)

// wordFeatures is what is known of a word wherever it stands.
type wordFeatures struct {
	word, raw, shape, suffix uint64
	clusters                 [clusterings]uint64
	id                       int32 // in the vocabulary, or -1
	breaks                   bool  // ends a run of content words
	first                    bool  // in no text: what stands before and behind it
	keys                     [slots][]uint32
}

// functionWords and signs end a run of content words.
var functionWords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`a an the this that these those each every some any all both such no another other its their our his her my your
		of in on at to for from by with without within into onto over under between among across through during via per as than like upon about against along toward towards beyond
		and or but nor so yet if while whereas because since although though when where which who whom whose what how whether then thus hence therefore however moreover furthermore
		is are was were be been being am has have had having do does did can could may might must shall should will would not
		we it they i he she you us them itself themselves one ones there here
		propose proposes proposed present presents presented introduce introduces introduced use uses used using show shows shown demonstrate demonstrates achieve achieves achieved
		outperform outperforms outperforming provide provides improve improves improving apply applied develop describe describes described based called named given
		also only more most less very well even still often e.g i.e etc`) {
		m[w] = true
	}
	return m
}()

// describe finds out what is known of a word. Keys are left to the caller,
// which may want weights in their place.
func (v *vocabulary) describe(word string, buf []byte) (wordFeatures, []byte) {
	buf = fold(buf[:0], word)
	f := wordFeatures{word: hashText(buf), raw: hashText([]byte(word)), id: v.find(buf)}
	for i := range f.clusters {
		f.clusters[i] = noCluster
		if f.id >= 0 {
			f.clusters[i] = uint64(v.clusters[i][f.id])
		}
	}
	f.breaks = functionWords[string(buf)] || !hasAlnum(word)
	n := len(buf)
	f.suffix = hashText(buf[suffixStart(buf, 3):])
	var shape [16]byte
	f.shape = hashText(appendShape(shape[:0], word))
	list := make([]uint64, 0, 24)
	for slot := range uint64(slots) {
		t := slot * 64
		list = append(list[:0], mix(t+1, f.word, 0, 0), mix(t+2, f.clusters[0], 0, 0), mix(t+3, f.clusters[1], 0, 0), mix(t+4, f.clusters[2], 0, 0))
		switch slot {
		case slotBefore3, slotAfter3:
			list = list[2:]
		case slotRunBefore, slotRunAfter, slotHead:
			list = append(list, mix(t+5, f.suffix, 0, 0))
		default:
			list = append(list, mix(t+5, f.suffix, 0, 0), mix(t+6, f.shape, 0, 0))
		}
		if slot == slotHere {
			list = append(list, mix(t+7, f.raw, 0, 0))
			for k := 1; k <= 4; k++ {
				list = append(list, mix(t+8, uint64(k), hashText(buf[suffixStart(buf, k):]), 0), mix(t+9, uint64(k), hashText(buf[:prefixEnd(buf, k)]), 0))
			}
			capitals := uint64(9)
			if f.id >= 0 {
				capitals = uint64(v.capitals[f.id])
			}
			list = append(list, mix(t+10, capitals, f.shape, 0), mix(t+11, uint64(min(n, 12)), 0, 0))
			for i := n - 1; i >= 0; i-- {
				if buf[i] == '-' {
					list = append(list, mix(t+12, hashText(buf[i+1:]), 0, 0), mix(t+13, hashText(buf[:i]), 0, 0))
					break
				}
			}
		}
		f.keys[slot] = make([]uint32, len(list))
		for i, h := range list {
			f.keys[slot][i] = key(h)
		}
	}
	return f, buf
}

// noWord stands before and behind a sentence.
func (v *vocabulary) noWord() wordFeatures {
	f, _ := v.describe("\x00", nil)
	f.first, f.breaks = true, true
	return f
}

// appendShape appends the word with X for capitals, x for small letters, 0 for
// digits; of more than two alike, two stay, and of all at most 16.
func appendShape(b []byte, word string) []byte {
	for _, r := range word {
		c := byte('.')
		switch {
		case unicode.IsUpper(r):
			c = 'X'
		case unicode.IsLetter(r):
			c = 'x'
		case unicode.IsDigit(r):
			c = '0'
		case r < utf8.RuneSelf:
			c = byte(r)
		}
		if n := len(b); n >= 2 && b[n-1] == c && b[n-2] == c {
			continue
		}
		if len(b) == 16 {
			break
		}
		b = append(b, c)
	}
	return b
}

func hasAlnum(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
}

// suffixStart is where the last n code points begin.
func suffixStart(b []byte, n int) int {
	i := len(b)
	for ; n > 0 && i > 0; n-- {
		_, size := utf8.DecodeLastRune(b[:i])
		i -= size
	}
	return i
}

// prefixEnd is where the first n code points end.
func prefixEnd(b []byte, n int) int {
	i := 0
	for ; n > 0 && i < len(b); n-- {
		_, size := utf8.DecodeRune(b[i:])
		i += size
	}
	return i
}

// surroundings is where the words of a token's slots are in its sentence;
// padding stands for none.
type surroundings struct {
	at [slots]int32
	// distance is how far the run's last word is.
	distance uint8
	bracket  bool // inside brackets
}

// padding is the place of what stands in no text.
const padding = -1

// surround fills in the surroundings of each token.
func surround(out []surroundings, words []*wordFeatures, open []bool) []surroundings {
	n := len(words)
	out = grow(out, n)
	for i := 0; i < n; {
		if words[i].breaks {
			c := &out[i]
			c.at[slotHead], c.at[slotRunBefore], c.at[slotRunAfter] = padding, padding, padding
			c.distance = 0
			i++
			continue
		}
		end := i
		for end < n && !words[end].breaks {
			end++
		}
		for j := i; j < end; j++ {
			c := &out[j]
			c.at[slotHead], c.at[slotRunBefore], c.at[slotRunAfter] = int32(end-1), int32(i-1), padding
			if end < n {
				c.at[slotRunAfter] = int32(end)
			}
			c.distance = uint8(min(end-1-j, 3))
		}
		i = end
	}
	for i := range n {
		for s := slotBefore3; s <= slotAfter3; s++ {
			j := i + s - slotHere
			if j < 0 || j >= n {
				j = padding
			}
			out[i].at[s] = int32(j)
		}
		out[i].bracket = open[i]
	}
	return out
}

// conjunctions appends the keys of what only several words together give.
func conjunctions(keys []uint32, w *[slots]*wordFeatures, c *surroundings) []uint32 {
	const t = slots * 64
	b2, b1, h, a1, a2 := w[slotBefore2], w[slotBefore1], w[slotHere], w[slotAfter1], w[slotAfter2]
	head, before, after := w[slotHead], w[slotRunBefore], w[slotRunAfter]
	distance := uint64(c.distance)
	bracket := uint64(0)
	if c.bracket {
		bracket = 1
	}
	return append(keys,
		key(mix(t+1, b1.word, h.word, 0)),
		key(mix(t+2, h.word, a1.word, 0)),
		key(mix(t+3, b1.word, a1.word, 0)),
		key(mix(t+4, b1.clusters[2], h.clusters[2], 0)),
		key(mix(t+5, h.clusters[2], a1.clusters[2], 0)),
		key(mix(t+6, b1.clusters[1], h.clusters[1], a1.clusters[1])),
		key(mix(t+7, b2.clusters[0], b1.clusters[0], h.clusters[0])),
		key(mix(t+8, h.clusters[0], a1.clusters[0], a2.clusters[0])),
		key(mix(t+9, b1.shape, h.shape, a1.shape)),
		key(mix(t+10, b1.suffix, h.suffix, 0)),
		key(mix(t+11, h.suffix, a1.suffix, 0)),
		key(mix(t+12, b1.word, h.clusters[1], 0)),
		key(mix(t+13, h.clusters[1], a1.word, 0)),
		key(mix(t+14, b2.word, b1.word, h.clusters[0])),
		key(mix(t+15, h.clusters[0], a1.word, a2.word)),
		key(mix(t+16, head.word, distance, 0)),
		key(mix(t+17, head.clusters[1], distance, h.clusters[0])),
		key(mix(t+18, head.clusters[1], before.word, 0)),
		key(mix(t+19, before.clusters[1], head.clusters[1], after.clusters[1])),
		key(mix(t+20, before.word, after.word, 0)),
		key(mix(t+21, bracket, h.shape, 0)),
		key(mix(t+22, bracket, h.clusters[0], distance)),
	)
}

// normaliseCase writes words that have their capital from their place in small
// letters: at the beginning of a sentence and throughout a title. A word that
// the corpus mostly writes with a capital keeps it. out may not share memory
// with words.
func (v *vocabulary) normaliseCase(out, words []string, buf []byte) ([]string, []byte) {
	long, capital := 0, 0
	for _, w := range words {
		if len(w) >= 4 {
			c, _ := utf8.DecodeRuneInString(w)
			if unicode.IsLetter(c) {
				long++
				if unicode.IsUpper(c) {
					capital++
				}
			}
		}
	}
	title := long >= 3 && 10*capital >= 7*long
	out = append(out[:0], words...)
	for i, w := range out {
		if i > 0 && !title {
			break
		}
		if !initialCapital(w) {
			continue
		}
		buf = fold(buf[:0], w)
		id, ok := v.ids[string(buf)]
		if !ok {
			// A word that the corpus does not know is a name, unless its parts
			// are words: "Feed-Forward".
			if id = v.find(buf); id < 0 || !strings.Contains(w, "-") {
				continue
			}
		}
		if v.capitals[id] <= 1 {
			out[i] = strings.ToLower(w)
		}
	}
	return out, buf
}

// initialCapital says whether a word's capitals stand only at the beginning of
// its parts.
func initialCapital(w string) bool {
	start, any := true, false
	for _, r := range w {
		if unicode.IsUpper(r) {
			if !start {
				return false
			}
			any = true
		}
		start = r == '-'
	}
	return any
}

// brackets notes which tokens stand in brackets.
func brackets(open []bool, words []string) []bool {
	open = grow(open, len(words))
	depth := 0
	for i, w := range words {
		if w == ")" && depth > 0 {
			depth--
		}
		open[i] = depth > 0
		if w == "(" {
			depth++
		}
	}
	return open
}
