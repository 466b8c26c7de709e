package schema

import (
	"context"

	"papergraph/graph"
)

// paper is a node of kind paper.
type paper struct{ *entity }

func asPaper(e *entity) *paper { return &paper{e} }

func (p *paper) Title() string      { return p.Name() }
func (p *paper) Abstract() *string  { return orNull(p.req.chargeText(p.node.Paper.Abstract)) }
func (p *paper) Year() *int32       { return orNull(int32(p.req.snap.Year(p.id))) }
func (p *paper) Venue() *string     { return orNull(p.node.Paper.Venue) }
func (p *paper) Authors() []string  { return p.req.chargeTexts(p.node.Paper.Authors) }
func (p *paper) Keywords() []string { return p.req.chargeTexts(p.node.Paper.Keywords) }

func (p *paper) OutsideIDs() []outsideID {
	ids := make([]outsideID, len(p.node.Paper.OutsideIDs))
	for i, o := range p.node.Paper.OutsideIDs {
		ids[i] = outsideID{o}
	}
	return ids
}

func (p *paper) Links() []link {
	links := make([]link, len(p.node.Paper.Links))
	for i, l := range p.node.Paper.Links {
		links[i] = link{p.req, l}
	}
	return links
}

func (p *paper) Origin() (*origin, error) {
	o, err := p.req.snap.Origin(p.node.Paper)
	if err != nil || o == (graph.Origin{}) {
		return nil, err
	}
	return &origin{o}, nil
}

// introducesArgs are those of the one field of a paper that leads to nodes of
// two kinds.
type introducesArgs struct {
	Kinds *[]graph.Kind
	edgesArgs
}

func (p *paper) Introduces(ctx context.Context, args introducesArgs) (*connection[*entity], error) {
	q := out(graph.Introduces)
	q.Kinds = given(args.Kinds)
	return neighbours(ctx, p.entity, q, args.edgesArgs, asEntity)
}

func (p *paper) Uses(ctx context.Context, args edgesArgs) (*connection[*method], error) {
	return neighbours(ctx, p.entity, out(graph.Uses), args, asMethod)
}

func (p *paper) ComparesWith(ctx context.Context, args edgesArgs) (*connection[*method], error) {
	return neighbours(ctx, p.entity, out(graph.ComparesWith), args, asMethod)
}

func (p *paper) EvaluatesOn(ctx context.Context, args edgesArgs) (*connection[*dataset], error) {
	return neighbours(ctx, p.entity, out(graph.EvaluatesOn), args, asDataset)
}

func (p *paper) Addresses(ctx context.Context, args edgesArgs) (*connection[*task], error) {
	return neighbours(ctx, p.entity, out(graph.Addresses), args, asTask)
}

func (p *paper) Measures(ctx context.Context, args edgesArgs) (*connection[*metric], error) {
	return neighbours(ctx, p.entity, out(graph.Measures), args, asMetric)
}

func (p *paper) Concerns(ctx context.Context, args edgesArgs) (*connection[*concept], error) {
	return neighbours(ctx, p.entity, out(graph.Concerns), args, asConcept)
}

func (p *paper) Reports(ctx context.Context, args edgesArgs) (*connection[*result], error) {
	return neighbours(ctx, p.entity, out(graph.Reports), args, asResult)
}

func (p *paper) Cites(ctx context.Context, args edgesArgs) (*connection[*paper], error) {
	return neighbours(ctx, p.entity, out(graph.Cites), args, asPaper)
}

func (p *paper) CitedBy(ctx context.Context, args edgesArgs) (*connection[*paper], error) {
	return neighbours(ctx, p.entity, in(graph.Cites), args, asPaper)
}

func (p *paper) AuthoredBy(ctx context.Context, args edgesArgs) (*connection[*author], error) {
	return neighbours(ctx, p.entity, out(graph.AuthoredBy), args, asAuthor)
}

func (p *paper) PublishedIn(ctx context.Context, args edgesArgs) (*connection[*venue], error) {
	return neighbours(ctx, p.entity, out(graph.PublishedIn), args, asVenue)
}

type outsideID struct{ o graph.OutsideID }

func (o outsideID) Scheme() string { return o.o.Scheme }
func (o outsideID) Value() string  { return o.o.Value }

type link struct {
	req *request
	l   graph.Link
}

func (l link) Kind() graph.LinkKind { return l.l.Kind }
func (l link) URL() string          { return l.req.chargeText(l.l.URL) }

func (l link) Quote() *quote {
	if l.l.Evidence == (graph.Evidence{}) {
		return nil
	}
	return &quote{l.req, l.l.Evidence}
}

type quote struct {
	req *request
	e   graph.Evidence
}

func (q *quote) Text() string       { return q.req.chargeText(q.e.Quote) }
func (q *quote) Field() graph.Field { return q.e.Field }
func (q *quote) Start() int32       { return int32(q.e.Start) }
func (q *quote) End() int32         { return int32(q.e.End) }

type origin struct{ o graph.Origin }

func (o *origin) Source() string { return o.o.Source }
func (o *origin) Line() *int32   { return orNull(int32(o.o.Line)) }
