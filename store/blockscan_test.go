package store

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

// sealedBlock is the statement block of a handcrafted paper.
func sealedBlock(t testing.TB) []byte {
	t.Helper()
	c := small(t)
	edges := c.papers[c.nodes[0].ID]
	keys := make([]edgeUIDs, len(edges))
	for i, e := range edges {
		keys[i] = edgeUIDs{from: 1, relation: relationCodes[e.Relation], to: uint32(i + 2)}
	}
	b, err := encodeBlock("test", keys, edges, newTexts(c.nodes[0].Paper))
	if err != nil {
		t.Fatal(err)
	}
	sum, statements := sumOfEdges(edges)
	return sealBlock(sum, statements, b)
}

// summaries are those of a block that was decoded.
func (b *block) summaries() map[edgeUIDs]edgeSummary {
	sums := make(map[edgeUIDs]edgeSummary)
	for i := range b.Edges {
		r := &b.Edges[i]
		s := edgeSummary{confidence: r.confidence(), support: 1}
		for _, st := range r.Statements {
			s.classes |= 1 << st.Class
		}
		sums[r.key()] = s
	}
	return sums
}

func scanned(value []byte) (map[edgeUIDs]edgeSummary, error) {
	sums := make(map[edgeUIDs]edgeSummary)
	err := scanBlock("test", value, func(k edgeUIDs, s edgeSummary) { sums[k] = s })
	return sums, err
}

// A scan finds what decoding finds.
func TestScanBlock(t *testing.T) {
	value := sealedBlock(t)
	b, err := decodeBlock("test", "paper:x", value)
	if err != nil {
		t.Fatal(err)
	}
	got, err := scanned(value)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.summaries(), got, cmp.AllowUnexported(edgeUIDs{}, edgeSummary{})); diff != "" || len(got) < 3 {
		t.Errorf("(-decoded +scanned):\n%s", diff)
	}
	for n := range value {
		if _, err := scanned(value[:n]); !errors.Is(err, ErrDamaged) {
			t.Errorf("the first %d bytes: %v, want %v", n, err, ErrDamaged)
		}
	}
}

// Confidences of all sizes that CBOR has read back as they are.
func TestScanConfidences(t *testing.T) {
	for _, confidence := range []float64{1, 0.5, 0.75, 0.1, 1.0 / 3, 1e-300, 5.960464477539063e-08, 0.000030517578125, 1 - 1e-16, float64(float32(0.1))} {
		e := graph.Edge{From: "method:a", Relation: graph.BasedOn, To: "method:b", Statements: []graph.Statement{{Class: graph.Curated, Rule: "r", Confidence: confidence}}}
		k := edgeUIDs{from: 1, relation: relationCodes[graph.BasedOn], to: 2}
		b, err := encodeBlock("test", []edgeUIDs{k}, []graph.Edge{e}, nil)
		if err != nil {
			t.Fatal(err)
		}
		sum, statements := sumOfEdges([]graph.Edge{e})
		got, err := scanned(sealBlock(sum, statements, b))
		if err != nil || got[k].confidence != confidence {
			t.Errorf("%v reads as %v, %v", confidence, got[k].confidence, err)
		}
	}
}

func FuzzScanBlock(f *testing.F) {
	f.Add(sealedBlock(f))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, value []byte) {
		got, err := scanned(value)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Error(err)
			}
			return
		}
		b, err := decodeBlock("test", "paper:x", value)
		if err != nil {
			return // it looks at more
		}
		if diff := cmp.Diff(b.summaries(), got, cmp.AllowUnexported(edgeUIDs{}, edgeSummary{})); diff != "" {
			t.Errorf("(-decoded +scanned):\n%s", diff)
		}
	})
}
