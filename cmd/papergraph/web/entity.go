package web

import (
	"cmp"
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"papergraph/graph"
	"papergraph/store"
)

// How much a page shows.
const (
	groupPreview    = 8   // neighbours of a group on the page of a node
	groupPage       = 50  // on a page of the group's own
	paperPreview    = 100 // of a group on the page of a paper, which has few
	statementsShown = 3   // of an edge
	aliasesShown    = 6   // in a line; more fold up
)

// nodePage is what the page of a node shows.
type nodePage struct {
	frame
	Node     nodeLink
	Aliases  []string
	Better   graph.Better
	Paper    *paperPart
	Result   *resultPart
	Picture  picture
	SVG      template.HTML // Picture.SVG, safe as it is
	View     viewParams
	Groups   []group
	Merged   []graph.Decision
	Contents bool // whether a list of the groups helps
	// Group is the name of the only group that is shown, with its page.
	Group              string
	Whole              string // address of the page with all groups
	Previous, Next     string // addresses
	Page, Pages, First int
}

// ManyAliases says that the aliases are too many for a line.
func (p *nodePage) ManyAliases() bool { return len(p.Aliases) > aliasesShown }

// paperPart is what a paper has beside what it says.
type paperPart struct {
	Authors  []nodeLink
	Year     int
	Venue    nodeLink
	Keywords []string
	Outside  []reference
	Links    []reference
	Abstract []span
}

// reference is an address outside.
type reference struct {
	Label, Text string
	URL         string // "" where there is none that is safe to follow
}

// resultPart is what a result is about.
type resultPart struct {
	graph.ResultNode
	PaperLink, MethodLink, DatasetLink, MetricLink *nodeLink
}

// span is a run of text, marked where something is named.
type span struct {
	Text string
	URL  string     // of what is named; "" for plain text
	Kind graph.Kind // of it
	Name string     // of it
}

// group is the neighbours by one relation in one direction.
type group struct {
	Name    string // "usedBy": the relation as read from the node
	Title   string // "Used by"
	Total   int
	Items   []item
	MoreURL string // address of all of them; "" where all are shown
}

// item is a neighbour, and what is stated of the edge to it.
type item struct {
	Node       nodeLink
	Support    int
	Confidence float64
	Statements []statement
	Hidden     int // statements that are not shown
}

// statement is one source's word.
type statement struct {
	Paper      *nodeLink // nil where it is a paper's own page or nobody's
	Class      graph.Class
	Rule       string
	Confidence float64
	Quotes     []quoted
}

// quoted is a quoted sentence, with the part of it that is marked.
type quoted struct {
	Field                graph.Field
	Start, End           int
	Before, Mark, Behind string
}

// serveNode answers for a node by its permalink or by what stands in one.
func (s *Server) serveNode(w http.ResponseWriter, r *http.Request, kind graph.Kind, kindWord, rest string) {
	s.visit(w, r, func(v *visit) {
		name, f := splitForm(rest)
		id := graph.ID(string(kind) + ":" + name)
		exact, status := kindWord == string(kind), http.StatusPermanentRedirect
		if _, err := v.Node(id); errors.Is(err, store.ErrNotFound) {
			exact = false
			former, err := v.Redirect(id)
			if err != nil {
				s.fail(w, r, err)
				return
			}
			switch {
			case len(former) == 1:
				id, status = former[0], http.StatusMovedPermanently
			case len(former) > 1:
				s.severalNodes(w, v, id, former)
				return
			default:
				if id, err = v.resolve(kind, name); err != nil {
					s.fail(w, r, err)
					return
				}
			}
		} else if err != nil {
			s.fail(w, r, err)
			return
		}
		switch {
		case id == "":
			s.missingNode(w, v, kind, name)
		case !exact:
			ending := ""
			if f != nil {
				ending = "." + f.name
			}
			s.moved(w, r, id.Path()+ending, r.URL.RawQuery, status)
		case f != nil:
			s.writeView(w, v, id, f)
		default:
			if f := negotiate(r); f != nil {
				s.writeView(w, v, id, f)
				return
			}
			s.writeNode(w, v, id)
		}
	})
}

// writeNode answers with the page of a node.
func (s *Server) writeNode(w http.ResponseWriter, v *visit, id graph.ID) {
	params, err := parseViewParams(v.params)
	if err != nil {
		s.fail(w, v.r, err)
		return
	}
	page := nodePage{View: params, Group: v.params.Get("group"), Page: 1}
	if n := v.params.Get("page"); n != "" {
		if page.Page, err = strconv.Atoi(n); err != nil || page.Page < 1 {
			s.fail(w, v.r, badRequest("The parameter page must be a whole number from 1, not %q.", n))
			return
		}
	}
	s.page(w, v, "node", s.drawings.programs(), func() (any, error) {
		return &page, v.fill(v.r.Context(), &page, id)
	})
}

// fill reads what the page of a node shows.
func (v *visit) fill(ctx context.Context, page *nodePage, id graph.ID) error {
	n, err := v.Node(id)
	if err != nil {
		return err
	}
	page.Node = v.nodeLink(n)
	page.frame = v.server.newFrame(v.r, v, n.Name)
	page.Canonical = v.server.base(v.r) + id.Path()
	page.Aliases, page.Better, page.Merged = n.Aliases, n.Better, n.Decisions
	for _, f := range forms {
		page.Alternates = append(page.Alternates, f.alternate(v.server.prefix+id.Path(), page.View.query("asOf", v.asOf)))
	}
	edges, err := v.fillGroups(ctx, page, id)
	if err != nil {
		return err
	}
	if page.Group != "" {
		return nil
	}
	if n.Paper != nil {
		page.Paper = v.paperPart(n.Paper, edges, page.Groups)
	}
	if n.Result != nil {
		if page.Result, err = v.resultPart(n.Result); err != nil {
			return err
		}
	}
	view, err := v.view(ctx, id, n.Name, page.View)
	if err != nil {
		return err
	}
	if page.Picture, err = v.picture(ctx, view); err != nil {
		return err
	}
	page.SVG = template.HTML(page.Picture.SVG) // safe: InlineSVG lets nothing through that runs
	return nil
}

// fillGroups reads the neighbours and the edges to those that are shown, which
// it returns too.
func (v *visit) fillGroups(ctx context.Context, page *nodePage, id graph.ID) ([]*graph.Edge, error) {
	all, err := v.Neighbors(ctx, id, store.NeighborQuery{Direction: store.Both})
	if err != nil {
		return nil, err
	}
	var keys []store.EdgeKey
	var shown []store.Neighbor
	own := v.server.prefix + id.Path()
	for len(all) > 0 {
		first := all[0]
		n := slices.IndexFunc(all, func(o store.Neighbor) bool { return o.Relation != first.Relation || o.Inverse != first.Inverse })
		if n < 0 {
			n = len(all)
		}
		members := all[:n]
		all = all[n:]
		name := relationName(first.Relation, first.Inverse)
		byline := !first.Inverse && (first.Relation == graph.AuthoredBy || first.Relation == graph.PublishedIn)
		if page.Group != name && (page.Group != "" || byline) {
			continue
		}
		g := group{Name: name, Title: capital(words(name)), Total: n}
		limit := groupPreview
		if id.Kind() == graph.KindPaper {
			limit = paperPreview
		}
		if page.Group != "" {
			page.Pages = (n + groupPage - 1) / groupPage
			if page.Page > page.Pages {
				return nil, &requestError{http.StatusNotFound, "There is no page " + strconv.Itoa(page.Page) + " of this list: the last one is " + strconv.Itoa(page.Pages) + "."}
			}
			page.First = (page.Page - 1) * groupPage
			members, limit = members[page.First:], groupPage
		} else if n > limit {
			g.MoreURL = own + page.View.query("group", name, "asOf", v.asOf)
		}
		members = members[:min(len(members), limit)]
		g.Items = make([]item, len(members))
		for _, m := range members {
			key := store.EdgeKey{From: id, Relation: m.Relation, To: m.ID}
			if m.Inverse {
				key.From, key.To = m.ID, id
			}
			keys = append(keys, key)
		}
		shown = append(shown, members...)
		page.Groups = append(page.Groups, g)
	}
	if page.Group != "" {
		if len(page.Groups) == 0 {
			return nil, &requestError{http.StatusNotFound, "There is nothing about this under " + strconv.Quote(page.Group) + "."}
		}
		page.Whole = own + page.View.query("asOf", v.asOf)
		at := func(n int) string {
			return own + page.View.query("group", page.Group, "asOf", v.asOf, "page", strconv.Itoa(n))
		}
		if page.Page > 1 {
			page.Previous = at(page.Page - 1)
		}
		if page.Page < page.Pages {
			page.Next = at(page.Page + 1)
		}
	}
	page.Contents = len(page.Groups) > 2
	edges, err := v.Edges(ctx, keys)
	if err != nil {
		return nil, err
	}
	links, err := v.linksOf(ctx, id, shown, edges)
	if err != nil {
		return nil, err
	}
	i := 0
	for g := range page.Groups {
		for k := range page.Groups[g].Items {
			page.Groups[g].Items[k] = newItem(id, shown[i].ID, edges[i], links)
			i++
		}
	}
	return edges, nil
}

// relationName is a relation as read from one of its ends.
func relationName(r graph.Relation, inverse bool) string {
	if info, ok := r.Info(); ok && inverse {
		return info.Inverse
	}
	return string(r)
}

// linksOf reads all nodes that a page names: neighbours, and the papers that
// state edges.
func (v *visit) linksOf(ctx context.Context, id graph.ID, shown []store.Neighbor, edges []*graph.Edge) (map[graph.ID]nodeLink, error) {
	need := map[graph.ID]bool{}
	for _, n := range shown {
		need[n.ID] = true
	}
	for _, e := range edges {
		if e == nil {
			continue
		}
		for _, s := range spread(e.Statements) {
			if s.Paper != "" && s.Paper != id {
				need[s.Paper] = true
			}
		}
	}
	ids := make([]graph.ID, 0, len(need))
	for id := range need {
		ids = append(ids, id)
	}
	nodes, err := v.Nodes(ctx, ids)
	if err != nil {
		return nil, err
	}
	links := make(map[graph.ID]nodeLink, len(ids))
	for i, n := range nodes {
		if n != nil {
			links[ids[i]] = v.nodeLink(n)
		}
	}
	return links, nil
}

// spread picks the statements of an edge that a page shows: the surest of each
// paper, surest first.
func spread(all []graph.Statement) []graph.Statement {
	var chosen []graph.Statement
	for _, s := range all { // sorted by paper, then surest first
		if len(chosen) == 0 || s.Paper != chosen[len(chosen)-1].Paper || s.Paper == "" {
			chosen = append(chosen, s)
		}
	}
	slices.SortStableFunc(chosen, func(a, b graph.Statement) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return chosen[:min(len(chosen), statementsShown)]
}

// newItem is what the page of id shows of the edge to a neighbour.
func newItem(id, neighbour graph.ID, e *graph.Edge, links map[graph.ID]nodeLink) item {
	it := item{Node: links[neighbour]}
	if e == nil {
		return it
	}
	it.Support, it.Confidence = e.Support(), e.Confidence()
	chosen := spread(e.Statements)
	it.Hidden = len(e.Statements) - len(chosen)
	for _, s := range chosen {
		st := statement{Class: s.Class, Rule: s.Rule, Confidence: s.Confidence}
		// Whose words these are goes without saying on the paper's own page
		// and beside its title.
		if l, ok := links[s.Paper]; ok && s.Paper != neighbour && s.Paper != id {
			st.Paper = &l
		}
		for _, ev := range s.Evidence[:min(len(s.Evidence), 2)] {
			st.Quotes = append(st.Quotes, quote(ev))
		}
		it.Statements = append(it.Statements, st)
	}
	return it
}

// quote splits a quote at its mark. Without a mark all of it is plain.
func quote(ev graph.Evidence) quoted {
	q := quoted{Field: ev.Field, Start: ev.Start, End: ev.End, Before: ev.Quote}
	r := []rune(ev.Quote)
	from, to := ev.MarkStart-ev.Start, ev.MarkEnd-ev.Start
	if ev.MarkEnd > 0 && from >= 0 && from < to && to <= len(r) {
		q.Before, q.Mark, q.Behind = string(r[:from]), string(r[from:to]), string(r[to:])
	}
	return q
}

// paperPart reads what a paper has beside what it says.
func (v *visit) paperPart(d *graph.Document, edges []*graph.Edge, groups []group) *paperPart {
	p := &paperPart{Year: d.Year, Keywords: d.Keywords}
	for _, a := range d.Authors {
		l := nodeLink{Name: a}
		if id := graph.NewID(graph.KindAuthor, a); v.Degree(id) > 0 {
			l.URL = v.link(id)
		}
		p.Authors = append(p.Authors, l)
	}
	if d.Venue != "" {
		p.Venue.Name = d.Venue
		if id := graph.NewID(graph.KindVenue, d.Venue); v.Degree(id) > 0 {
			p.Venue.URL = v.link(id)
		}
	}
	for _, o := range d.OutsideIDs {
		p.Outside = append(p.Outside, outside(o))
	}
	for _, l := range d.Links {
		p.Links = append(p.Links, reference{Label: capital(l.Kind), Text: l.URL, URL: webURL(l.URL)})
	}
	names := map[graph.ID]nodeLink{}
	for _, g := range groups {
		for _, it := range g.Items {
			names[it.Node.ID] = it.Node
		}
	}
	p.Abstract = annotate(d, edges, names)
	return p
}

// resolvers are where outside ids lead.
var resolvers = map[string]struct{ label, url string }{
	"doi":      {"DOI", "https://doi.org/"},
	"arxiv":    {"arXiv", "https://arxiv.org/abs/"},
	"acl":      {"ACL Anthology", "https://aclanthology.org/"},
	"openalex": {"OpenAlex", "https://openalex.org/"},
	"s2":       {"Semantic Scholar", "https://www.semanticscholar.org/paper/"},
}

func outside(o graph.OutsideID) reference {
	if o.Scheme == "url" {
		return reference{Label: "Web", Text: o.Value, URL: webURL(o.Value)}
	}
	r, ok := resolvers[o.Scheme]
	if !ok {
		return reference{Label: o.Scheme, Text: o.Value}
	}
	return reference{Label: r.label, Text: o.Value, URL: r.url + (&url.URL{Path: o.Value}).EscapedPath()}
}

// webURL is an address that is safe to follow; "" for any other.
func webURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return s
}

// annotate marks in an abstract what the paper's statements name there.
func annotate(d *graph.Document, edges []*graph.Edge, names map[graph.ID]nodeLink) []span {
	type mark struct {
		start, end int
		node       nodeLink
	}
	var marks []mark
	for _, e := range edges {
		if e == nil {
			continue
		}
		node, ok := names[e.To]
		if !ok {
			continue
		}
		for _, s := range e.Statements {
			for _, ev := range s.Evidence {
				if ev.Field == graph.FieldAbstract && ev.MarkEnd > 0 && s.Paper == e.From {
					marks = append(marks, mark{ev.MarkStart, ev.MarkEnd, node})
				}
			}
		}
	}
	slices.SortFunc(marks, func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), graph.CompareIDs(a.node.ID, b.node.ID))
	})
	r := []rune(d.Abstract)
	var spans []span
	at := 0
	for _, m := range marks {
		if m.start < at || m.end > len(r) || m.start >= m.end {
			continue // inside one that is marked
		}
		if m.start > at {
			spans = append(spans, span{Text: string(r[at:m.start])})
		}
		spans = append(spans, span{Text: string(r[m.start:m.end]), URL: m.node.URL, Kind: m.node.Kind, Name: m.node.Name})
		at = m.end
	}
	if at < len(r) {
		spans = append(spans, span{Text: string(r[at:])})
	}
	return spans
}

// resultPart reads what a result is about.
func (v *visit) resultPart(r *graph.ResultNode) (*resultPart, error) {
	p := &resultPart{ResultNode: *r}
	for _, f := range []struct {
		id   graph.ID
		link **nodeLink
	}{{r.Paper, &p.PaperLink}, {r.Method, &p.MethodLink}, {r.Dataset, &p.DatasetLink}, {r.Metric, &p.MetricLink}} {
		if f.id == "" {
			continue
		}
		links, err := v.nodeLinks([]graph.ID{f.id})
		if err != nil {
			return nil, err
		}
		if len(links) > 0 {
			*f.link = &links[0]
		}
	}
	return p, nil
}

// comparisons are how a result's number is to be read.
var comparisons = map[graph.Comparison]string{
	graph.Absolute:    "a value by itself",
	graph.Improvement: "a gain over a baseline",
	graph.Reduction:   "a saving against a baseline",
	graph.Ratio:       "a factor against a baseline",
}

// Amount is the value with its unit.
func (p *resultPart) Amount() string {
	switch p.Unit {
	case "", "%", "x":
		return p.Value + p.Unit
	}
	return p.Value + " " + p.Unit
}

// Reading is how the number is to be read, in words.
func (p *resultPart) Reading() string {
	return cmp.Or(comparisons[p.Comparison], strings.ToLower(string(p.Comparison)))
}
