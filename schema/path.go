package schema

import (
	"context"

	"github.com/graph-gophers/graphql-go"

	"papergraph/graph"
	"papergraph/store"
)

const (
	// maxPathLength bounds a path: whatever two nodes are, there is next to
	// always one of six edges.
	maxPathLength = 6
	maxPaths      = 50
	// pathCost is what a search for paths counts: it may look at as many
	// neighbours as ten searches.
	pathCost = 10 * searchCost
)

type pathArgs struct {
	From, To  graphql.ID
	Relations *[]graph.Relation
	Direction string
	Kinds     *[]graph.Kind
	MaxLength int32
	First     int32
	asOfArg
}

// Path finds how two nodes are connected.
func (q *query) Path(ctx context.Context, args pathArgs) (*pathSearch, error) {
	switch {
	case args.MaxLength < 1 || args.MaxLength > maxPathLength:
		return nil, codef(CodeInput, "maxLength: %d is not between 1 and %d", args.MaxLength, maxPathLength)
	case args.First < 1 || args.First > maxPaths:
		return nil, codef(CodeInput, "first: %d is not between 1 and %d", args.First, maxPaths)
	}
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	from, to, err := r.ends(args.From, args.To)
	if err != nil || from == "" || to == "" {
		return nil, err
	}
	if err := r.charge(pathCost); err != nil {
		return nil, err
	}
	pq := store.PathQuery{Relations: given(args.Relations), Direction: directions[args.Direction], Kinds: given(args.Kinds), Length: int(args.MaxLength)}
	done, err := r.sweep(ctx)
	if err != nil {
		return nil, err
	}
	paths, whole, err := r.snap.Paths(ctx, from, to, pq, int(args.First))
	done()
	if err != nil {
		return nil, err
	}
	return r.newPathSearch(ctx, from, to, paths, whole)
}

// ends are what the arguments from and to stand for; empty where nothing is
// called so.
func (r *request) ends(fromRef, toRef graphql.ID) (from, to graph.ID, err error) {
	if from, err = r.find("from", string(fromRef)); err == nil {
		to, err = r.find("to", string(toRef))
	}
	return from, to, err
}

// newPathSearch reads the nodes and edges of paths: each once, however many
// paths lead over it.
func (r *request) newPathSearch(ctx context.Context, from, to graph.ID, paths []store.Path, whole bool) (*pathSearch, error) {
	ids := []graph.ID{from, to}
	var keys []store.EdgeKey
	at := make(map[store.EdgeKey]int)
	for _, p := range paths {
		ids = append(ids, p.Nodes...)
		for _, step := range p.Steps {
			for _, k := range step {
				if _, ok := at[k]; !ok {
					at[k] = len(keys)
					keys = append(keys, k)
				}
			}
		}
	}
	names := selected(ctx)
	g, err := r.readGroup(ctx, ids, needsRecord(names, "from", "to", "paths.nodes", "paths.steps.from", "paths.steps.to", "paths.steps.edges.from", "paths.steps.edges.to"))
	if err != nil {
		return nil, err
	}
	edges, err := r.readEdges(ctx, keys)
	if err != nil {
		return nil, err
	}
	byID := g.byID()
	s := &pathSearch{from: byID[from], to: byID[to], whole: whole, paths: make([]path, len(paths))}
	for i, p := range paths {
		for _, id := range p.Nodes {
			s.paths[i].nodes = append(s.paths[i].nodes, byID[id])
		}
		for j, step := range p.Steps {
			ps := pathStep{from: byID[p.Nodes[j]], to: byID[p.Nodes[j+1]]}
			for _, k := range step {
				ps.edges = append(ps.edges, relationship{edges[at[k]], byID[k.From], byID[k.To]})
			}
			s.paths[i].steps = append(s.paths[i].steps, ps)
		}
	}
	return s, nil
}

// pathSearch is how two nodes are connected.
type pathSearch struct {
	from, to *entity
	paths    []path
	whole    bool
}

func (s *pathSearch) From() *entity  { return s.from }
func (s *pathSearch) To() *entity    { return s.to }
func (s *pathSearch) Paths() []path  { return s.paths }
func (s *pathSearch) Complete() bool { return s.whole }

// path is a way from one node to another.
type path struct {
	nodes []*entity
	steps []pathStep
}

func (p path) Length() int32     { return int32(len(p.steps)) }
func (p path) Nodes() []*entity  { return p.nodes }
func (p path) Steps() []pathStep { return orEmpty(p.steps) }

// pathStep is two nodes that follow each other on a path.
type pathStep struct {
	from, to *entity
	edges    []relationship
}

func (s pathStep) From() *entity         { return s.from }
func (s pathStep) To() *entity           { return s.to }
func (s pathStep) Edges() []relationship { return s.edges }
