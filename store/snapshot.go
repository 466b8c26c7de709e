package store

import (
	"context"
	"iter"

	"papergraph/graph"
)

// Snapshot is a published graph. It never changes, whatever is built beside
// it, and is safe for concurrent use. Close it when done: it holds memory.
type Snapshot struct{}

// Close releases the snapshot.
func (r *Snapshot) Close() {}

// Info describes the snapshot. Its maps and slices must not be changed.
func (r *Snapshot) Info() Info { return Info{} }

// Node reads the node with the given id. The error wraps [ErrNotFound].
func (r *Snapshot) Node(id graph.ID) (*graph.Node, error) { return nil, ErrClosed }

// Nodes reads many nodes in one pass. The result has the order of ids, with
// nil where there is no such node.
func (r *Snapshot) Nodes(ctx context.Context, ids []graph.ID) ([]*graph.Node, error) {
	return nil, ErrClosed
}

// Lookup finds what a reference stands for: an id, a name or alias in any
// spelling that [graph.NameKey] takes for the same, an outside id as
// "scheme:value" or the bare value. A node with that very id comes first, then
// those with the outside id, then those with the name, each group by number of
// papers, largest first, then by id. It is empty where nothing fits. With
// kinds, only nodes of these are returned. Results have no names.
func (r *Snapshot) Lookup(ref string, kinds ...graph.Kind) ([]graph.ID, error) {
	return nil, ErrClosed
}

// List pages through the nodes of a kind: at most limit of those that come
// after the given one; "" is before the first. Papers are in the order of
// year, newest first, then id; other nodes in the order of number of papers,
// largest first, then id. The error wraps [ErrNotFound] where after is not a
// node of the kind.
func (r *Snapshot) List(kind graph.Kind, after graph.ID, limit int) ([]graph.ID, error) {
	return nil, ErrClosed
}

// ListBefore is [Snapshot.List] towards the start: the last limit nodes before
// the given one, in list order; "" is behind the last.
func (r *Snapshot) ListBefore(kind graph.Kind, before graph.ID, limit int) ([]graph.ID, error) {
	return nil, ErrClosed
}

// Count is the number of nodes of a kind.
func (r *Snapshot) Count(kind graph.Kind) int { return 0 }

// Degree is the number of distinct papers with an edge to or from the node; 0
// for a node that is not there.
func (r *Snapshot) Degree(id graph.ID) int { return 0 }

// Direction is in which direction edges are followed.
type Direction int

// The directions. The zero value is Both.
const (
	Both Direction = iota // to the node and from it
	Out                   // from the node
	In                    // to the node
)

// Neighbor is a node at the other end of an edge.
type Neighbor struct {
	ID       graph.ID
	Relation graph.Relation
	Inverse  bool // the edge points to the node that was asked about
}

// NeighborQuery narrows neighbours down. The zero value takes all.
type NeighborQuery struct {
	Relations []graph.Relation // empty for all
	Direction Direction
	Kinds     []graph.Kind // of the neighbours; empty for all
}

// Neighbors lists the neighbours of a node: by relation in the order of
// [graph.Relations], edges from the node before edges to it, then the edges of
// a paper by confidence, highest first, all others by year of the neighbour,
// newest first, then by its number of papers, largest first, then by id. The
// error wraps [ErrNotFound] where there is no such node.
func (r *Snapshot) Neighbors(ctx context.Context, id graph.ID, q NeighborQuery) ([]Neighbor, error) {
	return nil, ErrClosed
}

// EdgeKey names an edge.
type EdgeKey struct {
	From     graph.ID
	Relation graph.Relation
	To       graph.ID
}

// Edges reads edges with all their statements, in the order of
// [graph.SortStatements]. The result has the order of keys, with nil where
// there is no such edge.
func (r *Snapshot) Edges(ctx context.Context, keys []EdgeKey) ([]*graph.Edge, error) {
	return nil, ErrClosed
}

// AllNodes yields every node in the order of [graph.CompareIDs].
func (r *Snapshot) AllNodes(ctx context.Context) iter.Seq2[*graph.Node, error] {
	return func(yield func(*graph.Node, error) bool) { yield(nil, ErrClosed) }
}

// AllEdges yields every edge in the order of [graph.CompareEdges].
func (r *Snapshot) AllEdges(ctx context.Context) iter.Seq2[*graph.Edge, error] {
	return func(yield func(*graph.Edge, error) bool) { yield(nil, ErrClosed) }
}

// AllFacts yields the facts of every paper in the order of [Writer.Facts].
func (r *Snapshot) AllFacts(ctx context.Context) iter.Seq2[*graph.Facts, error] {
	return func(yield func(*graph.Facts, error) bool) { yield(nil, ErrClosed) }
}
