package schema

import (
	"context"

	"papergraph/graph"
)

type resolveArgs struct {
	Name  string
	Kinds *[]graph.Kind
	asOfArg
}

// Resolve says what a name stands for.
func (q *query) Resolve(ctx context.Context, args resolveArgs) (*resolution, error) {
	var kinds []graph.Kind
	if args.Kinds != nil {
		kinds = *args.Kinds
	}
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	ids, err := r.lookup("name", args.Name, kinds)
	if err != nil {
		return nil, err
	}
	g, err := r.readGroup(ctx, ids[:min(len(ids), maxPage)], true)
	if err != nil {
		return nil, err
	}
	return &resolution{req: r, name: args.Name, candidates: g.members}, nil
}

// resolution is what a name stands for.
type resolution struct {
	req        *request
	name       string
	candidates []*entity // best first, with records
}

func (r *resolution) Name() string          { return r.name }
func (r *resolution) Candidates() []*entity { return r.candidates }

func (r *resolution) Entity() *entity {
	if len(r.candidates) == 0 {
		return nil
	}
	return r.candidates[0]
}

// Match says by what the name found the entity.
func (r *resolution) Match() *string {
	e := r.Entity()
	if e == nil {
		return nil
	}
	match := "outsideId"
	key := graph.NameKey(r.name)
	switch {
	case string(e.id) == r.name:
		match = "id"
	case key != "" && key == graph.NameKey(e.node.Name):
		match = "name"
	default:
		for _, a := range e.node.Aliases {
			if key != "" && key == graph.NameKey(a) {
				match = "alias"
				break
			}
		}
	}
	return &match
}

// Why lists the merges that gave the entity the name.
func (r *resolution) Why() []decision {
	var why []graph.Decision
	if e := r.Entity(); e != nil {
		key := graph.NameKey(r.name)
		for _, d := range e.node.Decisions {
			if graph.NameKey(d.Name) == key {
				why = append(why, d)
			}
		}
	}
	return r.req.decisionsOf(why)
}
