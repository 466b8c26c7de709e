package tag

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func newTestRand() *rand.Rand { return rand.New(rand.NewPCG(11, 11)) }

// inventedTaggers are small taggers of each kind, with weights drawn at random.
func inventedTaggers() []*Tagger {
	rng := newTestRand()
	v := inventedVocabulary("we", "propose", "parser", "wa")
	var chains [Schemes]*chain
	for s := range Schemes {
		chains[s], _ = randomChain(rng, s, 1)
	}
	keys := []uint32{3, 70, 1 << 20, 1<<keyBits - 1}
	weights := make([]float32, len(keys)*outputs)
	for i := range weights {
		weights[i] = float32(rng.NormFloat64())
	}
	m := pruned(v, keys, weights, chains, 3)
	train := networkTraining{vocabulary: v, hidden: 4, seed: 1}
	n := train.learner().m.quantised()
	both := &committee{v, []*network{n, n}}
	return []*Tagger{newTagger(m, m.chains), newTagger(n, n.chains), newTagger(both, both.chains())}
}

func TestReadRefuses(t *testing.T) {
	for _, tagger := range inventedTaggers() {
		good := tagger.bytes()
		if _, err := Read(bytes.NewReader(good)); err != nil {
			t.Fatal(err)
		}
		magic, payload := tagger.payload()
		rewrite := func(change func(b []byte) []byte) []byte {
			var b bytes.Buffer
			if err := pack(&b, magic, change(bytes.Clone(payload))); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}
		for name, b := range map[string][]byte{
			"nothing":       nil,
			"text":          []byte(strings.Repeat("no tagger ", 10)),
			"cut off":       good[:len(good)/2],
			"payload short": rewrite(func(b []byte) []byte { return b[:len(b)-3] }),
			"payload long":  rewrite(func(b []byte) []byte { return append(b, 0) }),
			"other magic":   append([]byte("PGTAGX99"), good[8:]...),
			"word twice":    rewrite(func(b []byte) []byte { return bytes.Replace(b, []byte("wa"), []byte("we"), 1) }),
			"huge count":    rewrite(func(b []byte) []byte { return append([]byte{0xff, 0xff, 0xff, 0x7f}, b...) }),
		} {
			if _, err := Read(bytes.NewReader(b)); !errors.Is(err, ErrModel) {
				t.Errorf("%s: %v, want ErrModel", name, err)
			}
		}
	}
}

// FuzzRead reads what is no tagger, or one with forged contents: it is refused,
// or it tags.
func FuzzRead(f *testing.F) {
	for _, tagger := range inventedTaggers() {
		magic, payload := tagger.payload()
		f.Add(magic, payload)
	}
	f.Add("", []byte("x"))
	f.Fuzz(func(t *testing.T, magic string, payload []byte) {
		var b bytes.Buffer
		if err := pack(&b, magic, payload); err != nil {
			t.Fatal(err)
		}
		tagger, err := Read(&b)
		if err != nil {
			if !errors.Is(err, ErrModel) {
				t.Errorf("%v is no ErrModel", err)
			}
			return
		}
		tagger.Tag([]string{"We", "propose", "a", "parser-2", "."})
		again, err := Read(bytes.NewReader(tagger.bytes()))
		if err != nil {
			t.Fatalf("written again, it is refused: %v", err)
		}
		if tagger.Version() == "" || again.Version() == "" {
			t.Error("no version")
		}
	})
}
