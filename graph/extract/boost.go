package extract

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// The shape of the boosted trees.
const (
	treeDepth  = 5
	treeNodes  = 1<<treeDepth - 1
	treeLeaves = 1 << treeDepth
)

// bins is the number of values that a feature of the trees may have, from 0.
const bins = 64

// tree is a complete binary tree. The children of node n are 2n+1 and 2n+2,
// and a row goes right where its feature exceeds the cut; a node that does not
// split has the cut bins-1, which nothing exceeds.
type tree struct {
	Feature [treeNodes]uint8
	Cut     [treeNodes]uint8
	Leaf    [treeLeaves]float32
}

// treeBytes is the size of a tree in a model file.
const treeBytes = 2*treeNodes + 4*treeLeaves

func (t *tree) value(row []uint8) float32 {
	n := 0
	for range treeDepth {
		right := 0
		if row[t.Feature[n]] > t.Cut[n] {
			right = 1
		}
		n = 2*n + 1 + right
	}
	return t.Leaf[n-treeNodes]
}

// forest adds up its trees.
type forest []tree

func (f forest) sum(row []uint8) float64 {
	z := float32(0)
	for i := range f {
		z += f[i].value(row)
	}
	return float64(z)
}

// Hyper-parameters of the trees. Cross-validation is flat around them.
const (
	treeCount  = 250
	treeRate   = 0.05
	treeRows   = 0.6  // share of the rows that a tree sees
	treeInputs = 0.25 // share of the features that a tree sees
	treeLeast  = 20   // rows in a leaf
	treeL2     = 6.0
)

// cell is a bar of a histogram: the sums of first and second derivatives of
// the loss and the number of rows with a value.
type cell struct {
	g, h float32
	n    int32
}

// boosting is the state of a forest's training.
type boosting struct {
	rng        *rand.Rand
	rows       [][]uint8
	labels     []bool
	z          []float64 // log-odds so far
	grad, hess []float32
	node       []uint8 // where a row is in its level of the tree
	sample     []int32
	inputs     []int
	histogram  []cell
}

// boost fits trees to the log loss by second-order gradient boosting over
// histograms (Friedman, "Greedy Function Approximation", 2001; Chen and
// Guestrin, "XGBoost", KDD 2016). All rows have the same length, and their
// values are less than bins. It takes time proportional to rows × features ×
// depth × trees; of no use once the context is done, which ends it early.
func boost(ctx context.Context, rng *rand.Rand, rows [][]uint8, labels []bool) forest {
	positive := 0
	for _, y := range labels {
		if y {
			positive++
		}
	}
	if positive == 0 || positive == len(labels) {
		return nil // nothing to tell apart
	}
	b := &boosting{rng: rng, rows: rows, labels: labels, z: make([]float64, len(rows)),
		grad: make([]float32, len(rows)), hess: make([]float32, len(rows)), node: make([]uint8, len(rows)),
		histogram: make([]cell, (treeLeaves/2)*len(rows[0])*bins)}
	prior := math.Log(float64(positive) / float64(len(labels)-positive))
	for i := range b.z {
		b.z[i] = prior
	}
	var out forest
	for range treeCount {
		if ctx.Err() != nil {
			return nil
		}
		t := b.grow()
		for i, row := range rows {
			b.z[i] += float64(t.value(row))
		}
		out = append(out, t)
	}
	return out
}

// grow makes the next tree, level by level.
func (b *boosting) grow() tree {
	b.sample, b.inputs = b.sample[:0], b.inputs[:0]
	for i := range b.rows {
		if b.rng.Float64() >= treeRows {
			continue
		}
		p := sigmoid(b.z[i])
		b.grad[i], b.hess[i], b.node[i] = float32(p), float32(max(p*(1-p), 1e-6)), 0
		if b.labels[i] {
			b.grad[i] = float32(p - 1)
		}
		b.sample = append(b.sample, int32(i))
	}
	width := len(b.rows[0])
	for c := range width {
		if b.rng.Float64() < treeInputs {
			b.inputs = append(b.inputs, c)
		}
	}
	var t tree
	for level := range treeDepth {
		base, count := 1<<level-1, 1<<level
		h := b.histogram[:count*width*bins]
		clear(h)
		for _, i := range b.sample {
			row, at, g, hs := b.rows[i], int(b.node[i])*width*bins, b.grad[i], b.hess[i]
			for _, c := range b.inputs {
				bar := &h[at+c*bins+int(row[c])]
				bar.g += g
				bar.h += hs
				bar.n++
			}
		}
		for n := range count {
			t.Feature[base+n], t.Cut[base+n] = b.split(h[n*width*bins:])
		}
		for _, i := range b.sample {
			n := base + int(b.node[i])
			b.node[i] *= 2
			if b.rows[i][t.Feature[n]] > t.Cut[n] {
				b.node[i]++
			}
		}
	}
	var g, h [treeLeaves]float64
	for _, i := range b.sample {
		g[b.node[i]] += float64(b.grad[i])
		h[b.node[i]] += float64(b.hess[i])
	}
	for n := range t.Leaf {
		// Rounded, so that the last bits of a sum do not change the file.
		t.Leaf[n] = float32(math.Round(-treeRate*g[n]/(h[n]+treeL2)*1e4) / 1e4)
	}
	return t
}

// split finds the feature and cut that lower the loss most in a node whose
// histograms are given; the cut bins-1 if nothing does.
func (b *boosting) split(histograms []cell) (feature, cut uint8) {
	cut = bins - 1
	best := 1e-3
	for _, c := range b.inputs {
		bars := histograms[c*bins : (c+1)*bins]
		var g, h float64
		var n int32
		for _, bar := range bars {
			g, h, n = g+float64(bar.g), h+float64(bar.h), n+bar.n
		}
		if n < 2*treeLeast {
			return feature, cut // so it is for every feature
		}
		var lg, lh float64
		var ln int32
		for v, bar := range bars[:bins-1] {
			if bar.n == 0 {
				continue
			}
			lg, lh, ln = lg+float64(bar.g), lh+float64(bar.h), ln+bar.n
			if ln < treeLeast || n-ln < treeLeast {
				continue
			}
			rg, rh := g-lg, h-lh
			if gain := lg*lg/(lh+treeL2) + rg*rg/(rh+treeL2) - g*g/(h+treeL2); gain > best {
				best, feature, cut = gain, uint8(c), uint8(v)
			}
		}
	}
	return feature, cut
}

// check refuses trees that look at features that rows do not have, or that
// answer with no number.
func (f forest) check() error {
	for i := range f {
		if w := int(slices.Max(f[i].Feature[:])) + 1; w > stackedWidth {
			return fmt.Errorf("a tree looks at feature %d of %d", w, stackedWidth)
		}
		for _, v := range f[i].Leaf {
			if !finite(float64(v)) {
				return fmt.Errorf("a tree answers %v", v)
			}
		}
	}
	return nil
}
