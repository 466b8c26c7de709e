package store

import (
	"context"
	"slices"
	"testing"
	"unicode/utf8"

	"papergraph/graph"
)

// Whatever is typed finds nodes that are there, each once, no more than wanted,
// and the same the second time.
func FuzzSearchText(f *testing.F) {
	for _, text := range []string{"lora", "lo", "stochatsic gradeint", "GPT-4.", "深度 lo", "\xff\x00", "e\u0301dward", "a the of", "((", "low rank adaptation of large language models", ""} {
		f.Add(text, 5)
	}
	s := open(f)
	publish(f, s, small(f), nil)
	r := latest(f, s)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		ctx := context.Background()
		for range 2 { // the second in what the first left behind
			hits, err := r.Search(ctx, text, nil, limit)
			if err != nil {
				t.Fatal(err)
			}
			again, err := r.Search(ctx, text, nil, limit)
			if err != nil || !slices.Equal(hits, again) {
				t.Fatalf("%v, then %v, %v", hits, again, err)
			}
			var ids []graph.ID
			for _, h := range hits {
				if !(h.Score > 0) {
					t.Errorf("score of %+v", h)
				}
				ids = append(ids, h.ID)
			}
			checkFound(t, r, ids, limit)
			suggestions, err := r.Suggest(ctx, text, nil, limit)
			if err != nil {
				t.Fatal(err)
			}
			ids = ids[:0]
			for _, s := range suggestions {
				if !utf8.ValidString(s.Name) {
					t.Errorf("name of %+v", s)
				}
				ids = append(ids, s.ID)
			}
			checkFound(t, r, ids, limit)
		}
	})
}

func checkFound(t *testing.T, r *Snapshot, ids []graph.ID, limit int) {
	t.Helper()
	if len(ids) > max(limit, 0) {
		t.Errorf("%d where %d were wanted", len(ids), limit)
	}
	for i, id := range ids {
		if _, err := r.Node(id); err != nil || slices.Contains(ids[:i], id) {
			t.Errorf("%v: %s: %v", ids, id, err)
		}
	}
}

// What is looked for in a container is what decoding it has, and what cannot be
// decoded is no container to either but for its order.
func FuzzMarkMembers(f *testing.F) {
	f.Add(uint16(0), encodeContainer([]uint16{1, 2, 300}), []byte{0, 1, 1, 44})
	f.Add(uint16(65535), encodeContainer([]uint16{65535}), []byte{255, 255})
	f.Add(uint16(3), make([]byte, 1+bitmapBytes), []byte{9})
	f.Fuzz(func(t *testing.T, high uint16, container, lows []byte) {
		var uids []uint32
		for i := 0; i+1 < len(lows); i += 2 {
			low := uint32(lows[i])<<8 | uint32(lows[i+1])
			uids = append(uids, uint32(high)<<16|low, uint32(high^1)<<16|low)
		}
		slices.Sort(uids)
		uids = slices.Compact(uids)
		marks := make([]bool, len(uids))
		err := markMembers(marks, uids, high, container)
		want, wantErr := decodeContainer(nil, high, container)
		if wantErr != nil {
			return
		}
		if err != nil {
			t.Fatalf("%v, decoding has none", err)
		}
		for i, u := range uids {
			if _, in := slices.BinarySearch(want, u); in != marks[i] {
				t.Errorf("%d: %v, want %v", u, marks[i], in)
			}
		}
	})
}

// Counting postings agrees with decoding them, and labels read back.
func FuzzReadValues(f *testing.F) {
	f.Add(encodePostings([]posting{{5, 1}, {4000, 100}}), "LoRA")
	f.Add([]byte{0x80}, "")
	f.Add([]byte{1, 4, 'l', 'o', 'r', 'a', 'L'}, "x")
	f.Fuzz(func(t *testing.T, value []byte, name string) {
		n, err := countPostings(value)
		if ps, wantErr := decodePostings(nil, 0, value); wantErr == nil && (err != nil || n != len(ps)) {
			t.Errorf("%d postings, %v, want %d", n, err, len(ps))
		}
		node := &graph.Node{ID: "method:lora", Name: name}
		if got, err := labelName(node.ID, encodeLabel(node)); err != nil || got != name {
			t.Errorf("%q, %v, want %q", got, err, name)
		}
		got, err := labelName(node.ID, value)
		id, want, wantErr := decodeLabel(1, value)
		if ok := wantErr == nil && id == node.ID; ok != (err == nil) || ok && got != want {
			t.Errorf("%q, %v; decoded it is %s %q, %v", got, err, id, want, wantErr)
		}
	})
}
