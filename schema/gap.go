package schema

import (
	"cmp"
	"context"
	"slices"

	"github.com/graph-gophers/graphql-go"

	"papergraph/graph"
)

// Gaps is where to ask for what is missing in the graph.
func (q *query) Gaps(ctx context.Context, args asOfArg) (*gaps, error) {
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	return &gaps{r}, nil
}

type gaps struct{ req *request }

type notEvaluatedOnArgs struct {
	Dataset graphql.ID
	Task    *graphql.ID
	First   int32
}

// NotEvaluatedOn lists the methods that nobody tried on a dataset.
func (g *gaps) NotEvaluatedOn(ctx context.Context, args notEvaluatedOnArgs) (*gapList, error) {
	r := g.req
	n, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	dataset, err := r.find("dataset", string(args.Dataset), graph.KindDataset)
	if err != nil || dataset == "" {
		return nil, err
	}
	done, err := r.sweep(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	tried, err := r.methodsOf(ctx, dataset, graph.EvaluatedOn, graph.EvaluatesOn)
	if err != nil {
		return nil, err
	}
	var methods []graph.ID
	if args.Task == nil {
		if methods, err = r.snap.List(graph.KindMethod, "", r.snap.Count(graph.KindMethod)); err != nil {
			return nil, err
		}
	} else {
		task, err := r.find("task", string(*args.Task), graph.KindTask)
		if err != nil || task == "" {
			return nil, err
		}
		set, err := r.methodsOf(ctx, task, graph.UsedFor, graph.Addresses)
		if err != nil {
			return nil, err
		}
		for id := range set {
			methods = append(methods, id)
		}
		slices.SortFunc(methods, func(a, b graph.ID) int {
			return cmp.Or(cmp.Compare(r.snap.Degree(b), r.snap.Degree(a)), graph.CompareIDs(a, b))
		})
	}
	methods = slices.DeleteFunc(methods, func(id graph.ID) bool { return tried[id] })
	return r.newGapList(ctx, methods, n)
}

// methodsOf are the methods that have a relation to a node, and those that were
// introduced by papers that have another to it.
func (r *request) methodsOf(ctx context.Context, id graph.ID, own, ofPaper graph.Relation) (map[graph.ID]bool, error) {
	set := make(map[graph.ID]bool)
	methods, err := r.snap.Neighbors(ctx, id, in(own, graph.KindMethod))
	if err != nil {
		return nil, err
	}
	papers, err := r.snap.Neighbors(ctx, id, in(ofPaper, graph.KindPaper))
	if err != nil {
		return nil, err
	}
	if err := r.charge(len(papers)); err != nil {
		return nil, err
	}
	for _, p := range papers {
		introduced, err := r.snap.Neighbors(ctx, p.ID, out(graph.Introduces, graph.KindMethod))
		if err != nil {
			return nil, err
		}
		methods = append(methods, introduced...)
	}
	for _, m := range methods {
		set[m.ID] = true
	}
	return set, nil
}

type gapArgs struct {
	Kind  graph.Kind
	First int32
}

// OnePaper lists the nodes of a kind that one paper alone has an edge with.
func (g *gaps) OnePaper(ctx context.Context, args gapArgs) (*gapList, error) {
	return g.list(ctx, args, searchCost, func() ([]graph.ID, error) {
		ids, err := g.req.snap.List(args.Kind, "", g.req.snap.Count(args.Kind))
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(ids, func(id graph.ID) bool { return g.req.snap.Degree(id) != 1 }), nil
	})
}

// OneNeighbour lists the nodes of a kind that are tied to a single other.
func (g *gaps) OneNeighbour(ctx context.Context, args gapArgs) (*gapList, error) {
	cost := searchCost + g.req.snap.Count(args.Kind)/leavesPerCost
	return g.list(ctx, args, cost, func() ([]graph.ID, error) { return g.req.snap.Leaves(ctx, args.Kind) })
}

// leavesPerCost is how many nodes are looked at for one of the budget: each
// takes a twentieth of what a node takes that is handed out.
const leavesPerCost = 20

// list is the first of the nodes that a sweep finds, which counts cost.
func (g *gaps) list(ctx context.Context, args gapArgs, cost int, find func() ([]graph.ID, error)) (*gapList, error) {
	n, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	if err := g.req.charge(cost); err != nil {
		return nil, err
	}
	done, err := g.req.sweep(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	ids, err := find()
	if err != nil {
		return nil, err
	}
	return g.req.newGapList(ctx, ids, n)
}

// newGapList reads the first n nodes of a list.
func (r *request) newGapList(ctx context.Context, ids []graph.ID, n int) (*gapList, error) {
	group, err := r.readGroup(ctx, ids[:min(n, len(ids))], needsRecord(selected(ctx), "nodes"))
	if err != nil {
		return nil, err
	}
	return &gapList{len(ids), group.members}, nil
}

// gapList is the beginning of a list.
type gapList struct {
	total int
	nodes []*entity
}

func (l *gapList) TotalCount() int32 { return int32(l.total) }
func (l *gapList) Nodes() []*entity  { return l.nodes }
