package schema

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"papergraph/graph"
	"papergraph/store"
)

// stated is an edge with its statements.
type stated struct {
	edge *graph.Edge
	// best are the edge's statements, surest first.
	best  []graph.Statement
	batch *edgeBatch
}

// edgeBatch is edges that were read together, whose papers are read together
// too.
type edgeBatch struct {
	req   *request
	edges []*stated
	loads loads
}

// readEdges charges for edges and reads them.
func (r *request) readEdges(ctx context.Context, keys []store.EdgeKey) ([]*stated, error) {
	if err := r.charge(len(keys)); err != nil {
		return nil, err
	}
	edges, err := r.snap.Edges(ctx, keys)
	if err != nil {
		return nil, err
	}
	for i, e := range edges {
		if e == nil {
			return nil, fmt.Errorf("%w: nobody states %s %s %s", store.ErrDamaged, keys[i].From, keys[i].Relation, keys[i].To)
		}
	}
	return r.newEdges(edges), nil
}

func (r *request) newEdges(edges []*graph.Edge) []*stated {
	b := &edgeBatch{req: r, edges: make([]*stated, len(edges))}
	for i, e := range edges {
		best := slices.Clone(e.Statements)
		slices.SortStableFunc(best, func(a, b graph.Statement) int { return cmp.Compare(b.Confidence, a.Confidence) })
		b.edges[i] = &stated{edge: e, best: best, batch: b}
	}
	return b.edges
}

func (s *stated) Support() int32      { return int32(s.edge.Support()) }
func (s *stated) Confidence() float64 { return s.edge.Confidence() }

func (s *stated) Classes() []graph.Class {
	classes := []graph.Class{}
	for _, st := range s.best {
		if !slices.Contains(classes, st.Class) {
			classes = append(classes, st.Class)
		}
	}
	return classes
}

// firstArg is the argument of lists that are not paged.
type firstArg struct{ First int32 }

// Evidence is the first n pieces of evidence.
func (s *stated) Evidence(ctx context.Context, args firstArg) (*[]evidence, error) {
	n, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	record := needsRecord(selected(ctx), "paper")
	papers, err := s.batch.papers(ctx, papersKey{n, false, record})
	if err != nil {
		return nil, err
	}
	list := []evidence{}
	for _, st := range s.best {
		for _, e := range st.Evidence {
			if len(list) == n {
				return &list, nil
			}
			list = append(list, evidence{e, st, papers[st.Paper]})
		}
	}
	return &list, nil
}

// Statements is the first n statements.
func (s *stated) Statements(ctx context.Context, args firstArg) (*[]statement, error) {
	n, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	record := needsRecord(selected(ctx), "paper", "evidence.paper")
	papers, err := s.batch.papers(ctx, papersKey{n, true, record})
	if err != nil {
		return nil, err
	}
	list := make([]statement, min(n, len(s.best)))
	for i := range list {
		list[i] = statement{s.best[i], papers[s.best[i].Paper]}
	}
	return &list, nil
}

// papersKey is which papers of a batch are wanted: those of the first pieces of
// evidence or statements of each edge.
type papersKey struct {
	first      int
	statements bool
	record     bool
}

// papers reads the papers that are behind edges of the batch.
func (b *edgeBatch) papers(ctx context.Context, key papersKey) (map[graph.ID]*entity, error) {
	return shared(&b.loads, key, func() (map[graph.ID]*entity, error) {
		var ids []graph.ID
		for _, s := range b.edges {
			n := 0
			for _, st := range s.best {
				if n >= key.first {
					break
				}
				if st.Paper != "" {
					ids = append(ids, st.Paper)
				}
				if key.statements {
					n++
				} else {
					n += len(st.Evidence)
				}
			}
		}
		g, err := b.req.readGroup(ctx, ids, key.record)
		if err != nil {
			return nil, err
		}
		return g.byID(), nil
	})
}

// statement is one paper's word for an edge.
type statement struct {
	s     graph.Statement
	paper *entity // nil for curated ones
}

func (s statement) Class() graph.Class  { return s.s.Class }
func (s statement) Rule() string        { return s.s.Rule }
func (s statement) Confidence() float64 { return s.s.Confidence }

func (s statement) Paper() *paper {
	if s.paper == nil {
		return nil
	}
	return asPaper(s.paper)
}

func (s statement) Evidence() []evidence {
	list := make([]evidence, len(s.s.Evidence))
	for i, e := range s.s.Evidence {
		list[i] = evidence{e, s.s, s.paper}
	}
	return list
}

// evidence is a quote with what it is evidence of.
type evidence struct {
	e     graph.Evidence
	s     graph.Statement
	paper *entity
}

func (e evidence) Quote() string       { return e.paper.req.chargeText(e.e.Quote) }
func (e evidence) Start() int32        { return int32(e.e.Start) }
func (e evidence) End() int32          { return int32(e.e.End) }
func (e evidence) Field() graph.Field  { return e.e.Field }
func (e evidence) Paper() *paper       { return asPaper(e.paper) }
func (e evidence) Rule() string        { return e.s.Rule }
func (e evidence) Class() graph.Class  { return e.s.Class }
func (e evidence) Confidence() float64 { return e.s.Confidence }

func (e evidence) MarkStart() *int32 {
	if e.e.MarkEnd == 0 {
		return nil
	}
	n := int32(e.e.MarkStart)
	return &n
}

func (e evidence) MarkEnd() *int32 { return orNull(int32(e.e.MarkEnd)) }
