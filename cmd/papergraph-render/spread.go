package main

import (
	"math"
	"slices"
)

// box is a node's place: its centre and half of its width and height.
type box struct{ x, y, w, h float64 }

// gap is the room between two boxes, in points.
const gap = 8

// spread moves boxes until no two overlap, and keeps their arrangement: boxes
// that overlap push each other apart, in a drawing that is
// scaled up until there is room. The same boxes always move the same way.
//
// It stands in for Graphviz's overlap=prism, which needs a library that the
// WebAssembly build lacks; what that build does instead makes drawings of
// three times the area.
func spread(boxes []box) {
	if len(boxes) < 2 {
		return
	}
	var area, widest float64
	minX, maxX, minY, maxY := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, b := range boxes {
		area += 4 * (b.w + gap/2) * (b.h + gap/2)
		widest = max(widest, 2*b.w+gap)
		minX, maxX, minY, maxY = min(minX, b.x), max(maxX, b.x), min(minY, b.y), max(maxY, b.y)
	}
	scale := func(by float64) {
		for i := range boxes {
			boxes[i].x *= by
			boxes[i].y *= by
		}
	}
	// Boxes that fill a third of the drawing have room to give way.
	const fill = 3
	if space := (maxX - minX) * (maxY - minY); space > 0 && space < fill*area {
		scale(math.Sqrt(fill * area / space))
	}
	order := make([]int, len(boxes))
	for i := range order {
		order[i] = i
	}
	const pushes = 60 // after which more room helps more than more pushing
	for {
		for range pushes {
			if !push(boxes, order, widest) {
				return
			}
		}
		scale(1.1)
	}
}

// push moves every pair of boxes that overlap half of the way apart that is
// needed, and says whether there was one. Boxes are looked through from left to
// right, so only those within the widest box's width are compared.
func push(boxes []box, order []int, widest float64) bool {
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case boxes[a].x < boxes[b].x:
			return -1
		case boxes[a].x > boxes[b].x:
			return 1
		}
		return a - b
	})
	moved := false
	for i, at := range order {
		for _, next := range order[i+1:] {
			a, b := &boxes[at], &boxes[next]
			// Boxes that were pushed in this round may be out of order by
			// less than a width.
			if b.x-a.x > 2*widest {
				break
			}
			overX := a.w + b.w + gap - math.Abs(b.x-a.x)
			overY := a.h + b.h + gap - math.Abs(b.y-a.y)
			if overX <= 0 || overY <= 0 {
				continue
			}
			moved = true
			// Slightly more than needed, or rounding keeps them touching.
			// By the way that is shorter in widths and heights: in points it
			// would nearly always be up and down.
			if overX*(a.h+b.h) < overY*(a.w+b.w) {
				d := overX/2 + 0.01
				if b.x < a.x {
					d = -d
				}
				a.x, b.x = a.x-d, b.x+d
			} else {
				d := overY/2 + 0.01
				if b.y < a.y || b.y == a.y && next < at {
					d = -d
				}
				a.y, b.y = a.y-d, b.y+d
			}
		}
	}
	return moved
}
