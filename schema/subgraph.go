package schema

import (
	"bytes"
	"context"
	"io"
	"slices"

	"github.com/graph-gophers/graphql-go"

	"papergraph/exporters"
	"papergraph/graph"
	"papergraph/store"
)

// The bounds of a subgraph.
const (
	maxSubgraphNodes = 500
	maxSubgraphDepth = 4
	maxSubgraphStart = 50
	// searchStart is how many hits a subgraph of a search starts from.
	searchStart = 5
	// usualEdges is how many edges for each node are charged before a view is
	// read; those beyond are known only afterwards.
	usualEdges = 4
)

type subgraphArgs struct {
	IDs       *[]graphql.ID
	Search    *string
	Depth     int32
	Kinds     *[]graph.Kind
	Relations *[]graph.Relation
	MaxNodes  int32
	asOfArg
}

// Subgraph reads a bounded piece of the graph.
func (q *query) Subgraph(ctx context.Context, args subgraphArgs) (*subgraph, error) {
	switch {
	case args.IDs != nil && args.Search != nil:
		return nil, codef(CodeInput, "give ids or search, not both")
	case args.IDs != nil && (len(*args.IDs) == 0 || len(*args.IDs) > maxSubgraphStart):
		return nil, codef(CodeInput, "ids: %d of them; give 1 to %d", len(*args.IDs), maxSubgraphStart)
	case args.Depth < 0 || args.Depth > maxSubgraphDepth:
		return nil, codef(CodeInput, "depth: %d is not between 0 and %d", args.Depth, maxSubgraphDepth)
	case args.MaxNodes < 1 || args.MaxNodes > maxSubgraphNodes:
		return nil, codef(CodeInput, "maxNodes: %d is not between 1 and %d", args.MaxNodes, maxSubgraphNodes)
	}
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	if err := r.charge(int(args.MaxNodes) * (1 + usualEdges)); err != nil {
		return nil, err
	}
	o := store.ViewOptions{
		Title: "The most connected nodes", Depth: int(args.Depth), MaxNodes: int(args.MaxNodes),
		Kinds: given(args.Kinds), Relations: given(args.Relations),
	}
	switch {
	case args.IDs != nil:
		for _, ref := range *args.IDs {
			id, err := r.find("ids", string(ref))
			if err != nil {
				return nil, err
			}
			if id == "" {
				return nil, codef(CodeNotFound, "ids: nothing in the graph is %q", ref)
			}
			if !slices.Contains(o.Focus, id) {
				o.Focus = append(o.Focus, id)
			}
		}
		if len(o.Focus) > o.MaxNodes {
			return nil, codef(CodeInput, "maxNodes: %d are fewer than the %d nodes to start from", o.MaxNodes, len(o.Focus))
		}
		o.Title = "" // that of the first node, below
	case args.Search != nil:
		hits, err := r.search(ctx, "search", *args.Search, o.Kinds, min(searchStart, o.MaxNodes))
		if err != nil {
			return nil, err
		}
		if len(hits) == 0 {
			return nil, codef(CodeNotFound, "search: nothing in the graph matches %q", *args.Search)
		}
		for _, h := range hits {
			o.Focus = append(o.Focus, h.ID)
		}
		o.Title = *args.Search
	}
	v, err := r.snap.View(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := r.charge(max(len(v.Edges)-usualEdges*o.MaxNodes, 0)); err != nil {
		return nil, err
	}
	return r.newSubgraph(v), nil
}

// subgraph is a view of the graph.
type subgraph struct {
	req   *request
	view  *graph.View
	group *group
	byID  map[graph.ID]*entity
	edges []relationship
}

func (r *request) newSubgraph(v *graph.View) *subgraph {
	ids := make([]graph.ID, len(v.Nodes))
	records := make([]*graph.Node, len(v.Nodes))
	for i := range v.Nodes {
		ids[i], records[i] = v.Nodes[i].ID, &v.Nodes[i]
	}
	s := &subgraph{req: r, view: v, group: newGroup(r, ids, records)}
	s.byID = s.group.byID()
	if v.Title == "" {
		v.Title = s.byID[v.Focus[0]].node.Name
	}
	edges := make([]*graph.Edge, len(v.Edges))
	for i := range v.Edges {
		edges[i] = &v.Edges[i]
	}
	for _, e := range r.newEdges(edges) {
		s.edges = append(s.edges, relationship{e, s.byID[e.edge.From], s.byID[e.edge.To]})
	}
	return s
}

func (s *subgraph) Title() string         { return s.view.Title }
func (s *subgraph) Snapshot() string      { return s.view.Snapshot }
func (s *subgraph) Nodes() []*entity      { return s.group.members }
func (s *subgraph) Edges() []relationship { return orEmpty(s.edges) }

func (s *subgraph) Focus() []*entity {
	es := make([]*entity, len(s.view.Focus))
	for i, id := range s.view.Focus {
		es[i] = s.byID[id]
	}
	return es
}

func (s *subgraph) Omitted() []omission {
	os := make([]omission, len(s.view.Omitted))
	for i, o := range s.view.Omitted {
		os[i] = omission{o, s.byID[o.Node]}
	}
	return os
}

func (s *subgraph) Dot(args struct{ Legend bool }) (*string, error) {
	return s.drawn(func(w io.Writer) error {
		return exporters.DOT(w, s.view, exporters.DOTOptions{Link: s.req.url, Legend: args.Legend})
	})
}

func (s *subgraph) Mermaid() (*string, error) {
	return s.drawn(func(w io.Writer) error {
		return exporters.Mermaid(w, s.view, exporters.MermaidOptions{Link: s.req.url})
	})
}

// drawn returns what an exporter writes.
func (s *subgraph) drawn(write func(io.Writer) error) (*string, error) {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return nil, err
	}
	drawing := s.req.chargeText(b.String())
	return &drawing, nil
}

type omission struct {
	o    graph.Omission
	node *entity
}

func (o omission) Node() *entity            { return o.node }
func (o omission) Relation() graph.Relation { return o.o.Relation }
func (o omission) Inverse() bool            { return o.o.Inverse }
func (o omission) Kind() graph.Kind         { return o.o.Kind }
func (o omission) Count() int32             { return int32(o.o.Count) }
