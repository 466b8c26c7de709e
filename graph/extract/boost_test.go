package extract

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// Trees learn what no sum of single features can tell: one of two, not both.
func TestBoost(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var rows [][]uint8
	var labels []bool
	for range 2000 {
		a, b := uint8(rng.IntN(bins)), uint8(rng.IntN(bins))
		// A tree sees a part of the features: all are there often enough.
		rows = append(rows, []uint8{a, b, a, b, a, b, a, b})
		labels = append(labels, (a > 30) != (b > 30))
	}
	train := func() forest {
		return boost(context.Background(), rand.New(rand.NewPCG(3, 4)), rows[:1500], labels[:1500])
	}
	f, again := train(), train()
	right := 0
	for i := 1500; i < len(rows); i++ {
		z := f.sum(rows[i])
		if (z > 0) == labels[i] {
			right++
		}
		if z != again.sum(rows[i]) {
			t.Fatal("the same rows and seed gave other trees")
		}
	}
	if right < 475 {
		t.Errorf("%d of 500 right", right)
	}
}

func TestBoostWithoutBothLabels(t *testing.T) {
	rows := [][]uint8{{1, 2}, {3, 4}}
	for _, labels := range [][]bool{{true, true}, {false, false}} {
		if f := boost(context.Background(), rand.New(rand.NewPCG(1, 1)), rows, labels); len(f) != 0 {
			t.Errorf("%v: %d trees", labels, len(f))
		}
	}
	if f := boost(context.Background(), rand.New(rand.NewPCG(1, 1)), nil, nil); len(f) != 0 {
		t.Errorf("no rows: %d trees", len(f))
	}
}

func TestPlatt(t *testing.T) {
	var zs []float64
	var rising, falling []bool
	for i := range 400 {
		z := float64(i%40-20) / 5
		zs = append(zs, z)
		likely := sigmoid(z) > float64(i%7)/7+0.05
		rising, falling = append(rising, likely), append(falling, !likely)
	}
	for _, tc := range []struct {
		name   string
		zs     []float64
		ys     []bool
		above  bool // higher log-odds are likelier
		atZero [2]float64
	}{
		{"rising", zs, rising, true, [2]float64{0.3, 0.7}},
		{"falling", zs, falling, false, [2]float64{0.3, 0.7}},
		{"nothing", nil, nil, false, [2]float64{0, 0.1}},
	} {
		m := Model{header: header{Calibration: [][2]float64{platt(tc.zs, tc.ys)}}}
		low, zero, high := m.confidence(0, -3), m.confidence(0, 0), m.confidence(0, 3)
		if low > zero || zero > high || (low < high) != tc.above || zero < tc.atZero[0] || zero > tc.atZero[1] {
			t.Errorf("%s: %.2f, %.2f, %.2f at -3, 0, 3", tc.name, low, zero, high)
		}
		if p := m.confidence(0, math.Inf(-1)); p != 0 {
			t.Errorf("%s: the hopeless have %v", tc.name, p)
		}
	}
}

// A row has as many features as trees are checked for, each of them a value
// that trees have.
func TestStackedRows(t *testing.T) {
	x := newExtractor(t)
	d := paper
	a := x.analyse(&d)
	f := newFeatureSet()
	first := newFirstScores(len(a.candidates))
	x.eachFeatures(f, a, func(i int, p *parts) { first.rate(&x.model.first, i, p) })
	rows := 0
	x.eachStacked(a, &first, func(i int, row []uint8) {
		rows++
		if len(row) != stackedWidth {
			t.Fatalf("%q has %d features, not %d", a.candidates[i].name, len(row), stackedWidth)
		}
		for n, v := range row {
			if v >= bins {
				t.Fatalf("%q: feature %d is %d", a.candidates[i].name, n, v)
			}
		}
	})
	if rows == 0 {
		t.Error("no row")
	}
}
