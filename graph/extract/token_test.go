package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

func TestAcronyms(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want []string
	}{
		{"We use Neural Architecture Search (NAS) here.", []string{"NAS = Neural Architecture Search"}},
		{"Existing knowledge distillation (KD) methods and graph neural networks (GNNs) differ.", []string{"KD = knowledge distillation", "GNNs = graph neural networks"}},
		{"We call it MoS (Mixture of Shards) today.", []string{"MoS = Mixture of Shards"}},
		{"Mixture-of-Experts (MoE)-like routing", []string{"MoE = Mixture-of-Experts"}},
		{"sparse data parallelism (FSSDP, for short)", nil},
		{"fully sharded sparse data parallelism (FSSDP, for short)", []string{"FSSDP = fully sharded sparse data parallelism"}},
		{"Depth-Driven Decoupled Instance Synthesis (3DIS)", []string{"3DIS = Depth-Driven Decoupled Instance Synthesis"}},
		{"3D Gaussian Splatting (3DGS)", []string{"3DGS = 3D Gaussian Splatting"}},
		{"three sizes (base, small and tiny)", nil},
		{"the model (see Table 2) is good", nil},
		{"an open bracket (never closed", nil},
	} {
		t.Run(tc.in, func(t *testing.T) {
			x := newText(graph.FieldAbstract, tc.in)
			var got []string
			for _, p := range acronyms(x) {
				got = append(got, x.tokenText(p.shortFirst, p.shortLast)+" = "+x.tokenText(p.longFirst, p.longLast))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("acronyms (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQuantities(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want []string
	}{
		{"a 2.7x reduction", []string{"2.7 x"}},
		{"up to 48× smaller and 10-20× faster", []string{"48 x", "10-20 x"}},
		{"gains of 1.8 and 8.6%", []string{"1.8 %", "8.6 %"}},
		{"BLEU scores of 22.5, 28.0 and 18.1", []string{"22.5 ", "28.0 ", "18.1 "}},
		{"improves by 2.5 points", []string{"2.5 points"}},
		{"0.8 BLEU points better", []string{"0.8 BLEU points"}},
		{"18.3 BLEU on En-De", []string{"18.3 "}},
		{"an order of magnitude faster, two orders of magnitude cheaper", []string{"10 x", "100 x"}},
		{"half the memory, doubling the speed", []string{"0.5 x", "2 x"}},
		{"1,808 query-summary pairs", []string{"1,808 query-summary pairs"}},
		{"562K videos and 7 billion parameters", []string{"562 K videos", "7 billion parameters"}},
		{"3D shapes from GPT-4 and a 2-layer net", nil},
		{"about 3 dB and 40 ms", []string{"3 dB", "40 ms"}},
		{"at 64×64 and 3 x 224 x 224 pixels", nil},
		{"from 11−25% in PSNR", []string{"11-25 %"}},
	} {
		t.Run(tc.in, func(t *testing.T) {
			var got []string
			for _, q := range quantities(0, newText(graph.FieldAbstract, tc.in)) {
				got = append(got, q.value+" "+q.unit)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("quantities (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever the text, tokens lie in it in order and sentences cover them all.
func FuzzText(f *testing.F) {
	for _, s := range []string{"We propose X (Y Z), a 2.7x faster W.", "https://", "e.g. A.B. c", "\u0301a\u00a0 b", "1,2,3.4.5-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "?")
		x := newText(graph.FieldAbstract, s)
		at := 0
		for _, tok := range x.tokens {
			if tok.start < at || tok.end <= tok.start || tok.end > len(x.runes) || x.quote(tok.start, tok.end) != tok.text {
				t.Fatalf("token %q at %d:%d after %d in %q", tok.text, tok.start, tok.end, at, s)
			}
			at = tok.end
		}
		next := 0
		for _, sen := range x.sentences {
			if sen.first != next || sen.last <= sen.first {
				t.Fatalf("sentence %d:%d after %d in %q", sen.first, sen.last, next, s)
			}
			next = sen.last
		}
		if next != len(x.tokens) {
			t.Fatalf("sentences end at %d of %d tokens in %q", next, len(x.tokens), s)
		}
		for _, p := range acronyms(x) {
			if p.shortLast <= p.shortFirst || p.longLast <= p.longFirst {
				t.Fatalf("empty acronym in %q", s)
			}
		}
		quantities(0, x)
	})
}
