package schema

import (
	"context"
	"slices"

	"papergraph/graph"
	"papergraph/store"
)

type resolveArgs struct {
	Name  string
	Kinds *[]graph.Kind
	asOfArg
}

// Resolve says what a name stands for.
func (q *query) Resolve(ctx context.Context, args resolveArgs) (*resolution, error) {
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	ids, err := r.lookup("name", args.Name, given(args.Kinds))
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

// nearReasons are the reasons' names in the schema.
var nearReasons = map[store.NearReason]string{
	store.NearNamesake: "namesake", store.NearVersion: "version", store.NearLonger: "longer",
}

// KeptApart lists the entities that have a name like the one asked about or the
// entity's and are not the entity.
func (r *resolution) KeptApart(ctx context.Context, args firstArg) (*[]keptApart, error) {
	n, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	list := []keptApart{}
	e := r.Entity()
	if e == nil {
		return &list, nil
	}
	if err := r.req.charge(searchCost); err != nil {
		return nil, err
	}
	var near []store.Near
	for _, name := range []string{r.name, e.node.Name} {
		more, err := r.req.snap.Near(ctx, e.id, name, n)
		if err != nil {
			return nil, err
		}
		for _, m := range more {
			if !slices.ContainsFunc(near, func(o store.Near) bool { return o.ID == m.ID }) {
				near = append(near, m)
			}
		}
	}
	near = near[:min(n, len(near))]
	ids := make([]graph.ID, len(near))
	for i := range near {
		ids[i] = near[i].ID
	}
	g, err := r.req.readGroup(ctx, ids, needsRecord(selected(ctx), "entity"))
	if err != nil {
		return nil, err
	}
	for i := range near {
		list = append(list, keptApart{near[i], g.members[i]})
	}
	return &list, nil
}

// keptApart is an entity with a name like another's.
type keptApart struct {
	near   store.Near
	entity *entity
}

func (k keptApart) Entity() *entity { return k.entity }
func (k keptApart) Name() string    { return k.entity.req.chargeText(k.near.Name) }
func (k keptApart) Reason() string  { return nearReasons[k.near.Reason] }
