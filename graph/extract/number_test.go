package extract

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"papergraph/graph"
)

// Values, units and comparisons of the quantities of a sentence, without those
// that are a competitor's.
func TestQuantityGrammar(t *testing.T) {
	x := newExtractor(t)
	for _, tc := range []struct {
		in   string
		want []string // value|unit|comparison
	}{
		{"It reaches 91.2% accuracy.", []string{"91.2|%|absolute"}},
		{"It reaches an accuracy of 91.2%.", []string{"91.2|%|absolute"}},
		{"It outperforms all others with an accuracy of 91.2%.", []string{"91.2|%|absolute"}},
		{"It improves accuracy by 3.1%.", []string{"3.1|%|improvement"}},
		{"It improves accuracy by up to 3.1%.", []string{"3.1|%|improvement"}},
		{"It outperforms every baseline by a margin of 3.1%.", []string{"3.1|%|improvement"}},
		{"It outperforms every baseline by an average of 3.1 points.", []string{"3.1|points|improvement"}},
		{"It gains 2.5 percentage points.", []string{"2.5|percentage points|improvement"}},
		{"It reduces memory by 40%.", []string{"40|%|reduction"}},
		{"It reduces memory by over 40%.", []string{"40|%|reduction"}},
		{"It needs 40% less memory.", []string{"40|%|reduction"}},
		{"It gives a reduction of 40%.", []string{"40|%|reduction"}},
		{"It uses 2.5x less memory.", []string{"2.5|x|reduction"}},
		{"It is 2.5 times faster.", []string{"2.5|x|improvement"}},
		{"It is 2.5× faster.", []string{"2.5|x|improvement"}},
		{"It speeds up training by 3-fold.", []string{"3|x|improvement"}},
		{"It accelerates inference by up to 3.4x while saving memory.", []string{"3.4|x|improvement"}},
		{"It is twice as large.", []string{"2|x|ratio"}},
		{"It works by doubling the score.", []string{"2|x|improvement"}},
		{"It needs half the memory.", []string{"0.5|x|ratio"}},
		{"It is an order of magnitude faster.", []string{"10|x|improvement"}},
		{"It is two orders of magnitude faster.", []string{"100|x|improvement"}},
		{"It is 3 orders of magnitude cheaper.", []string{"1000|x|reduction"}},
		{"It is two to three orders of magnitude faster.", []string{"100-1000|x|improvement"}},
		{"It is 1-2 orders of magnitude faster.", []string{"10-100|x|improvement"}},
		{"It is 10-20x faster.", []string{"10-20|x|improvement"}},
		{"It is 10~20x faster.", []string{"10-20|x|improvement"}},
		{"It is 10 to 20 times faster.", []string{"10-20|x|improvement"}},
		{"It gains 1.2% to 2.6%.", []string{"1.2-2.6|%|improvement"}},
		{"It is 3x - 9x faster.", []string{"3-9|x|improvement"}},
		{"Models ranging from 3B to 14B parameters are trained.", []string{"3-14|B parameters|absolute"}},
		{"It raises accuracy from 61.2 to 65.4.", []string{"65.4||absolute"}},
		{"Accuracy goes from 28% to 76%.", []string{"76|%|absolute"}},
		{"Accuracy goes from the previous 48% to 60%.", []string{"60|%|absolute"}},
		{"It has BLEU scores of 22.5, 28.0 and 18.1 on three tasks.", []string{"22.5||absolute", "28.0||absolute", "18.1||absolute", "3|tasks|absolute"}},
		{"It gains 5.3, 12.8 and 3.8 points.", []string{"5.3|points|improvement", "12.8|points|improvement", "3.8|points|improvement"}},
		{"It reaches 1.8 and 8.6%.", []string{"1.8|%|absolute", "8.6|%|absolute"}},
		{"It reaches 18.3 BLEU.", []string{"18.3||absolute"}},
		{"It gains 1.3 BLEU points.", []string{"1.3|BLEU points|improvement"}},
		{"It has 7B parameters.", []string{"7|B parameters|absolute"}},
		{"It has 1.5 billion parameters.", []string{"1.5|billion parameters|absolute"}},
		{"It holds 124K images.", []string{"124|K images|absolute"}},
		{"It holds 1,808 images.", []string{"1,808|images|absolute"}},
		{"It holds 1,808 question-answer pairs.", []string{"1,808|question-answer pairs|absolute"}},
		{"It holds 500 hand-written reviews.", []string{"500|reviews|absolute"}},
		{"It holds 60 diverse tasks.", []string{"60|tasks|absolute"}},
		{"It covers over 2,500 images.", []string{"2,500|images|absolute"}},
		{"It covers six tasks.", []string{"6|tasks|absolute"}},
		{"It holds 832 clips from 12 cities.", []string{"832|clips|absolute", "12|cities|absolute"}},
		{"It runs at 30 FPS.", []string{"30|FPS|absolute"}},
		{"It runs in 20 ms.", []string{"20|ms|absolute"}},
		{"It runs in less than 20 ms.", []string{"20|ms|absolute"}},
		{"It runs in 20ms.", []string{"20|ms|absolute"}},
		{"It gains 1.3 dB.", []string{"1.3|dB|improvement"}},
		{"It reaches 98% of the performance of the teacher.", []string{"98|%|ratio"}},
		{"It wins in more than 70% of cases.", []string{"70|%|ratio"}},
		// no quantities
		{"It is a 3D network.", nil},
		{"Inputs are 64×64 in size.", nil},
		{"It is a 100-layer network.", nil},
		// a competitor's
		{"It reaches 65%, compared to 45%.", []string{"65|%|absolute"}},
		{"It reaches 65% vs. 45%.", []string{"65|%|absolute"}},
		{"It reaches 65%, as opposed to only 45%.", []string{"65|%|absolute"}},
		{"It reaches 65%, compared with under 45%.", []string{"65|%|absolute"}},
	} {
		t.Run(tc.in, func(t *testing.T) {
			tx := newText(graph.FieldAbstract, tc.in)
			x.mark(tx)
			var got []string
			for _, q := range quantities(0, tx) {
				if (named{}).rival(tx, &q) {
					continue
				}
				got = append(got, strings.Join([]string{q.value, q.unit, string(comparison(tx, &q, tx.sentences[0]))}, "|"))
			}
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("quantities (-want +got):\n%s", diff)
			}
		})
	}
}

// A comma behind a number is no part of it.
func TestNumeralWithoutComma(t *testing.T) {
	for in, want := range map[string]string{"In 2019, researchers met.": "2019", "Of 1,808, some are new.": "1,808", "With 3.5, it is.": "3.5"} {
		tx := newText(graph.FieldAbstract, in)
		qs := quantities(0, tx)
		if len(qs) != 1 || qs[0].value != want {
			t.Errorf("%q: %+v, expected one quantity %q", in, qs, want)
		}
	}
}

// What a result is about: names of datasets begin with D, of metrics with M, of
// competitors with Y.
func TestAttribution(t *testing.T) {
	role := map[byte]int{'D': roleEvaluate, 'M': roleMetric, 'Y': roleCompare}
	for _, tc := range []struct {
		in   string
		want []string // value|metric|dataset|baseline
	}{
		{"It has scores of 22.5, 28.0 and 18.1 on [DA], [DB] and [DC], respectively.", []string{"22.5||DA|", "28.0||DB|", "18.1||DC|"}},
		{"On [DA] and [DB], it has 18.3 and 25.2.", []string{"18.3||DA|", "25.2||DB|"}},
		{"It has 1.2 on [DA], and 5.2 on [DB].", []string{"1.2||DA|", "5.2||DB|"}},
		{"It reaches 61.8% on [DA] and 24.6% on [DB].", []string{"61.8||DA|", "24.6||DB|"}},
		{"It gains 43% and 28% in terms of [MA] and [MB], respectively.", []string{"43|MA||", "28|MB||"}},
		{"It reaches 93% [MA] and 20 ms [MB].", []string{"93|MA||", "20|MB||"}},
		{"On [DA], it improves [MA] by 3%.", []string{"3|MA|DA|"}},
		{"It outperforms [YA] by 3% on [DA].", []string{"3||DA|YA"}},
		{"It outperforms [YA] and [YB] by 3% and 5%.", []string{"3|||YA", "5|||YB"}},
		{"It is 3x faster than [YA].", []string{"3|||YA"}},
		{"It reaches 90% with [YA] inside.", []string{"90|||"}},
		{"It reaches 65%, while [YA] only achieves 45%.", []string{"65|||"}},
		{"It reaches 65%, compared to 45% for [YA].", []string{"65|||YA"}},
	} {
		t.Run(tc.in, func(t *testing.T) {
			tx, at, names, _ := marked(t, tc.in)
			a := &analysis{doc: &graph.Document{}, texts: []*text{tx}}
			n := named{bySentence: map[sentenceRole][]placed{}}
			for _, first := range slices.Sorted(maps.Keys(at)) {
				name := names[at[first].candidate]
				in := sentenceRole{0, 0, role[name[0]]}
				n.bySentence[in] = append(n.bySentence[in], placed{span{0, first, at[first].last}, name})
			}
			all := quantities(0, tx)
			var got []string
			for _, q := range all {
				if n.rival(tx, &q) {
					continue
				}
				r := n.result(a, &q, all, 1)
				got = append(got, strings.Join([]string{r.Value, r.Metric, r.Dataset, r.Baseline}, "|"))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}
