package store

import (
	"context"

	"papergraph/graph"
)

// Label is what a list shows of a node.
type Label struct {
	ID   graph.ID
	Name string
}

// Labels reads the names of many nodes, one small record each. The result has
// the order of ids; the name is empty where there is no such node.
func (r *Snapshot) Labels(ctx context.Context, ids []graph.ID) ([]Label, error) {
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	labels := make([]Label, len(ids))
	at := make([]int, 0, len(ids)) // of the labels that are there
	uids := make([]uint32, 0, len(ids))
	for i, id := range ids {
		labels[i].ID = id
		if uid, ok := r.columns.uid(id); ok {
			at, uids = append(at, i), append(uids, uid)
		}
	}
	names, err := q.names(r.columns, uids)
	if err != nil {
		return nil, err
	}
	for j, i := range at {
		labels[i].Name = names[j]
	}
	return labels, nil
}

// names reads the names of nodes, in the order of their uids.
func (q *reader) names(c *columns, uids []uint32) ([]string, error) {
	names := make([]string, len(uids))
	for i, uid := range uids {
		n, err := q.node(c.id(uid))
		if err != nil {
			return nil, err
		}
		names[i] = n.Name
	}
	return names, nil
}
