package schema

import (
	"context"

	"github.com/graph-gophers/graphql-go"

	"papergraph/graph"
	"papergraph/store"
)

// Stats says how large a snapshot is.
func (q *query) Stats(ctx context.Context, args asOfArg) (*stats, error) {
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	return &stats{counts{r.snap.Info()}}, nil
}

type snapshotsArgs struct {
	First int32
	asOfArg
}

// Snapshots lists the snapshots of the store, whichever the request sees.
func (q *query) Snapshots(ctx context.Context, args snapshotsArgs) (*[]snapshot, error) {
	n, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	infos, err := r.infos(args.AsOf)
	if err != nil {
		return nil, err
	}
	list := make([]snapshot, min(n, len(infos)))
	for i := range list {
		list[i] = snapshot{counts{infos[i]}}
	}
	return &list, nil
}

type stats struct{ counts }

func (s *stats) Snapshot() *snapshot { return &snapshot{s.counts} }

type snapshot struct{ counts }

func (s snapshot) ID() string         { return s.info.ID }
func (s snapshot) Version() int32     { return int32(s.info.Version) }
func (s snapshot) Time() graphql.Time { return graphql.Time{Time: s.info.Time.UTC()} }
func (s snapshot) Sources() []string  { return orEmpty(s.info.Sources) }
func (s snapshot) Extractor() string  { return s.info.Extractor }

// counts is what a snapshot and its statistics share.
type counts struct{ info store.Info }

func (c counts) Papers() int32     { return int32(c.info.Papers) }
func (c counts) Nodes() int32      { return int32(c.info.Nodes) }
func (c counts) Edges() int32      { return int32(c.info.Edges) }
func (c counts) Statements() int32 { return int32(c.info.Statements) }

// ByKind lists all kinds, those that the graph does not have too.
func (c counts) ByKind() []kindCount {
	var list []kindCount
	for _, k := range graph.Kinds() {
		list = append(list, kindCount{k, c.info.NodesByKind[k]})
	}
	return list
}

func (c counts) ByRelation() []relationCount {
	var list []relationCount
	for _, r := range graph.Relations() {
		list = append(list, relationCount{r.Relation, c.info.EdgesByRelation[r.Relation]})
	}
	return list
}

type kindCount struct {
	kind graph.Kind
	n    int
}

func (c kindCount) Kind() graph.Kind { return c.kind }
func (c kindCount) Count() int32     { return int32(c.n) }

type relationCount struct {
	relation graph.Relation
	n        int
}

func (c relationCount) Relation() graph.Relation { return c.relation }
func (c relationCount) Count() int32             { return int32(c.n) }
