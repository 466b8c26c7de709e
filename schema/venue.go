package schema

import (
	"context"

	"papergraph/graph"
)

// venue is a node of kind venue.
type venue struct{ *entity }

func asVenue(e *entity) *venue { return &venue{e} }

func (v *venue) Papers(ctx context.Context, args edgesArgs) (*connection[*paper], error) {
	return neighbours(ctx, v.entity, in(graph.PublishedIn), args, asPaper)
}
