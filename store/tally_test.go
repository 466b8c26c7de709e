package store

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestTopK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfDistinct(rapid.Int(), rapid.ID).Draw(t, "items")
		limit := rapid.IntRange(-1, 40).Draw(t, "limit")
		before := slices.Clone(items)
		got := topK(items, limit, cmp.Compare)
		if !slices.Equal(items, before) {
			t.Fatal("the items were changed")
		}
		slices.Sort(before)
		if want := before[:max(min(limit, len(before)), 0)]; !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}
