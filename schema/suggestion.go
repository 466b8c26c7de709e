package schema

import (
	"context"

	"papergraph/graph"
)

type suggestArgs struct {
	Prefix string
	Kinds  *[]graph.Kind
	First  int32
	asOfArg
}

// Suggest completes what was typed so far of a name.
func (q *query) Suggest(ctx context.Context, args suggestArgs) (*[]*entity, error) {
	n, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	if len(args.Prefix) > maxRef {
		return nil, codef(CodeInput, "prefix: %d bytes are more than any name has, which is at most %d", len(args.Prefix), maxRef)
	}
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	if err := r.charge(searchCost); err != nil {
		return nil, err
	}
	done, err := r.sweep(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	suggestions, err := r.snap.Suggest(ctx, args.Prefix, given(args.Kinds), n)
	if err != nil {
		return nil, err
	}
	ids := make([]graph.ID, len(suggestions))
	for i := range suggestions {
		ids[i] = suggestions[i].ID
	}
	g, err := r.readGroup(ctx, ids, needsRecord(selected(ctx), ""))
	if err != nil {
		return nil, err
	}
	return &g.members, nil
}
