package schema

import (
	"context"
	"strings"

	"papergraph/graph"
	"papergraph/store"
)

type searchArgs struct {
	Text  string
	Kinds *[]graph.Kind
	First int32
	asOfArg
}

// Search finds nodes by words.
func (q *query) Search(ctx context.Context, args searchArgs) (*searchResult, error) {
	n, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	hits, err := r.search(ctx, "text", args.Text, given(args.Kinds), n)
	if err != nil {
		return nil, err
	}
	ids := make([]graph.ID, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	g, err := r.readGroup(ctx, ids, needsRecord(selected(ctx), "hits.node"))
	if err != nil {
		return nil, err
	}
	res := &searchResult{hits: make([]searchHit, len(hits))}
	for i, h := range hits {
		res.hits[i] = searchHit{h.Score, g.members[i]}
	}
	return res, nil
}

// maxText bounds the text of a search, in bytes.
const maxText = 2 << 10

// search charges for a search and makes it.
func (r *request) search(ctx context.Context, arg, text string, kinds []graph.Kind, limit int) ([]store.Hit, error) {
	if err := r.chargeSearch(arg, text); err != nil {
		return nil, err
	}
	done, err := r.sweep(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return r.snap.Search(ctx, text, kinds, limit)
}

// chargeSearch checks the text of a search and charges for it.
func (r *request) chargeSearch(arg, text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return codef(CodeInput, "%s: give words to look for", arg)
	case len(text) > maxText:
		return codef(CodeInput, "%s: %d bytes are too many, at most %d are allowed", arg, len(text), maxText)
	}
	return r.charge(searchCost)
}

type searchResult struct{ hits []searchHit }

func (s *searchResult) Hits() []searchHit { return s.hits }

type searchHit struct {
	score float64
	node  *entity
}

func (h searchHit) Score() float64 { return h.score }
func (h searchHit) Node() *entity  { return h.node }
