package store

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"papergraph/graph"
)

func TestContainersSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		high := rapid.Uint16().Draw(t, "high")
		step := rapid.IntRange(1, 40).Draw(t, "step")
		set := make(map[uint16]bool)
		for v := rapid.IntRange(0, 1000).Draw(t, "first"); v < 1<<16; v += step {
			set[uint16(v)] = true
		}
		for _, v := range rapid.SliceOfN(rapid.Uint16(), 1, 50).Draw(t, "more") {
			set[v] = true
		}
		var lows []uint16
		var want []uint32
		for v := range set {
			lows = append(lows, v)
			want = append(want, uint32(high)<<16|uint32(v))
		}
		slices.Sort(lows)
		slices.Sort(want)
		b := encodeContainer(lows)
		got, err := decodeContainer(nil, high, b)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%d of %d uids, %v", len(got), len(want), err)
		}
		if len(b) > 1+bitmapBytes {
			t.Errorf("%d bytes", len(b))
		}
	})
}

func TestUIDsAndPostingsSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		uids := rapid.SliceOfDistinct(rapid.Uint32Range(1, 1<<32-1), rapid.ID).Draw(t, "uids")
		slices.Sort(uids)
		if got, err := decodeUIDs(encodeUIDs(uids)); err != nil || !slices.Equal(got, uids) {
			t.Errorf("uids %v: %v, %v", uids, got, err)
		}
		uidRange := rapid.Uint32Range(0, 1<<(32-termRangeBits)-1).Draw(t, "range")
		var ps []posting
		for _, u := range uids {
			p := posting{uidRange<<termRangeBits | u%(1<<termRangeBits), uint8(u%maxCount + 1)}
			if p.uid != 0 {
				ps = append(ps, p)
			}
		}
		slices.SortFunc(ps, func(a, b posting) int { return int(int64(a.uid) - int64(b.uid)) })
		ps = slices.CompactFunc(ps, func(a, b posting) bool { return a.uid == b.uid })
		if got, err := decodePostings(nil, uidRange, encodePostings(ps)); err != nil || !slices.Equal(got, ps) {
			t.Errorf("postings %v: %v, %v", ps, got, err)
		}
	})
}

// What a decoder takes, its encoder writes again to the same bytes; all else is
// ErrDamaged.
func FuzzContainer(f *testing.F) {
	f.Add(encodeContainer([]uint16{1, 2, 500}))
	many := make([]uint16, 5000)
	for i := range many {
		many[i] = uint16(i * 3)
	}
	f.Add(encodeContainer(many))
	f.Add([]byte{containerArray, 0, 2, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		uids, err := decodeContainer(nil, 7, b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Error(err)
			}
			return
		}
		lows := make([]uint16, len(uids))
		for i, u := range uids {
			lows[i] = uint16(u)
			if u>>16 != 7 {
				t.Fatalf("uid %x", u)
			}
		}
		if !bytes.Equal(encodeContainer(lows), b) {
			t.Errorf("%x is written again as %x", b, encodeContainer(lows))
		}
	})
}

func FuzzPostings(f *testing.F) {
	f.Add(encodePostings([]posting{{3, 1}, {300, 127}}))
	f.Add(encodeUIDs([]uint32{1, 1000, 1 << 31}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if ps, err := decodePostings(nil, 0, b); err == nil {
			if !bytes.Equal(encodePostings(ps), b) {
				t.Errorf("%x is written again as %x", b, encodePostings(ps))
			}
		} else if !errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
		if uids, err := decodeUIDs(b); err == nil {
			if !bytes.Equal(encodeUIDs(uids), b) {
				t.Errorf("%x is written again as %x", b, encodeUIDs(uids))
			}
		} else if !errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
	})
}

// Decoders of records take any bytes without a panic, and what they take is a
// value that can be written and read back.
func FuzzRecords(f *testing.F) {
	c := small(f)
	for i := range c.nodes {
		b, err := encodeNode(&c.nodes[i])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for i := range c.facts {
		b, err := encodeFacts(&c.facts[i])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	edges := c.papers[c.nodes[0].ID]
	keys := make([]edgeUIDs, len(edges))
	for i, e := range edges {
		keys[i] = edgeUIDs{from: 1, relation: relationCodes[e.Relation], to: uint32(i + 2)}
	}
	b, err := encodeBlock("test", keys, edges, newTexts(c.nodes[0].Paper))
	if err != nil {
		f.Fatal(err)
	}
	sum, statements := sumOfEdges(edges)
	f.Add(sealBlock(sum, statements, b))
	f.Add(encodeLabel(&c.nodes[0]))
	info, err := encodeInfo(&Info{ID: "00112233445566778899aabbccddeeff", NodesByKind: map[graph.Kind]int{graph.KindPaper: 1}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(info)
	f.Add(encodeNumbers(&[columnsRange]numbers{{}, {year: 2020, papers: 1, words: 2}}))
	doc := c.nodes[0].Paper
	f.Fuzz(func(t *testing.T, b []byte) {
		refused := func(err error) bool {
			if err != nil && !errors.Is(err, ErrDamaged) {
				t.Error(err)
			}
			return err != nil
		}
		for _, id := range []graph.ID{"paper:x", "method:x", "result:x"} {
			n, err := decodeNode(id, b)
			if refused(err) {
				continue
			}
			again, err := encodeNode(n)
			if err != nil {
				t.Fatal(err)
			}
			if m, err := decodeNode(id, again); err != nil || !cmp.Equal(n, m) {
				t.Errorf("node: %v\n%s", err, cmp.Diff(n, m))
			}
		}
		if facts, err := decodeFacts("x", b); !refused(err) {
			for _, m := range facts.Mentions {
				for _, e := range m.Evidence {
					if err := e.Check(&facts.Document); err != nil {
						t.Error(err)
					}
				}
			}
		}
		if bl, err := decodeBlock("x", "paper:x", b); !refused(err) {
			for i := range bl.Edges {
				r := &bl.Edges[i]
				if bl.find(r.key()) != r {
					t.Errorf("edge %v is not found", r.key())
				}
				_, err := bl.statements(nil, r, newTexts(doc))
				refused(err)
			}
		}
		if i, err := decodeInfo(1, b); !refused(err) {
			if _, err := encodeInfo(&i); err != nil {
				t.Error(err)
			}
		}
		if id, name, err := decodeLabel(1, b); !refused(err) {
			again := encodeLabel(&graph.Node{ID: id, Name: name})
			if !bytes.Equal(again, b) {
				t.Errorf("label %q is written again as %q", b, again)
			}
		}
		col := &columns{ranks: make([]uint32, 5), year: make([]uint16, 5), papers: make([]uint32, 5), words: make([]uint32, 5)}
		refused(col.decode(0, b))
	})
}

func TestTextSlices(t *testing.T) {
	for _, s := range []string{"", "plain", "3× – é𝛼z", "a\xffb"} {
		txt := newText(s)
		runes := []rune(s)
		for i := -1; i <= len(runes)+1; i++ {
			for j := -1; j <= len(runes)+1; j++ {
				got, ok := txt.slice(i, j)
				want, wantOK := graph.SliceRunes(s, i, j)
				if wantOK = wantOK && i < j; ok != wantOK || ok && got != want {
					t.Errorf("%q[%d:%d] is %q %v, want %q %v", s, i, j, got, ok, want, wantOK)
				}
			}
		}
	}
}

// A block does not depend on the order in which edges and statements came.
func TestBlockHasOneEncoding(t *testing.T) {
	c := small(t)
	edges := slices.Clone(c.papers[c.nodes[0].ID])
	keys := make([]edgeUIDs, len(edges))
	for i, e := range edges {
		keys[i] = edgeUIDs{from: 9, relation: relationCodes[e.Relation], to: uint32(i + 2)}
	}
	txt := newTexts(c.nodes[0].Paper)
	a, err := encodeBlock("test", keys, edges, txt)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(keys)
	slices.Reverse(edges)
	for i := range edges {
		edges[i].Statements = slices.Clone(edges[i].Statements)
		slices.Reverse(edges[i].Statements)
	}
	b, err := encodeBlock("test", keys, edges, txt)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("%x, then %x, %v", a, b, err)
	}
}

// Facts come back whole, candidates marked as such; those that a store of
// before candidates has say nothing of them.
func TestFactsRoundTrip(t *testing.T) {
	f := small(t).facts[0]
	f.Document.Origin = graph.Origin{} // lies elsewhere
	for _, candidate := range []bool{false, true} {
		f.Mentions = slices.Clone(f.Mentions)
		f.Mentions[0].Candidate = candidate
		f.Results = []graph.Result{{Value: "2", Unit: "x", Comparison: graph.Ratio, Evidence: f.Mentions[0].Evidence[0], Confidence: 0.5, Rule: "numbers", Candidate: candidate}}
		b, err := encodeFacts(&f)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeFacts("x", b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(f, got); d != "" {
			t.Errorf("candidate %v (-put +got):\n%s", candidate, d)
		}
		if key := []byte{8, 0xf5}; bytes.Contains(b, key) != candidate { // field 8: true
			t.Errorf("candidate %v: the record is %x", candidate, b)
		}
	}
}
