package exporters

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"papergraph/graph"
)

// MermaidOptions says what a flowchart shows beside the graph.
type MermaidOptions struct {
	// Link makes nodes links; nil for a flowchart without.
	Link LinkFunc
}

// Mermaid writes v as a flowchart for Mermaid, which GitHub, GitLab and
// notebooks draw inside Markdown. Node names are made from ids
// ("method_lora"), so a change of the graph changes only its own lines. Most
// places draw at most 500 edges and 50,000 characters; take a view of that
// size. Errors are as those of [DOT].
func Mermaid(w io.Writer, v *graph.View, o MermaidOptions) error {
	d, err := newDrawing(v)
	if err != nil {
		return err
	}
	more := d.more()
	out := bufio.NewWriter(w) // keeps its first error for Flush
	title := oneLine(d.Title)
	if title == "" {
		title = "papergraph"
	}
	if d.Snapshot != "" {
		title += " · snapshot " + oneLine(d.Snapshot)
	}
	// The title is YAML and then read as HTML, without entities.
	title = strings.NewReplacer("<", "‹", ">", "›", "&", "＆").Replace(title)
	fmt.Fprintf(out, "---\ntitle: %s\n---\nflowchart LR\n", yamlString(title))
	classes := map[graph.Kind][]string{}
	var focus []string
	for i := range d.Nodes {
		n := &d.Nodes[i]
		look, name := styleOf(n.Kind()), mermaidName(n.ID)
		fmt.Fprintf(out, "  %s%s\"%s\"%s\n", name, look.mermaid[0], mermaidText(strings.Join(d.label(n), "\n")), look.mermaid[1])
		classes[n.Kind()] = append(classes[n.Kind()], name)
		if d.focus[n.ID] {
			focus = append(focus, name)
		}
	}
	var rest []string
	for i, m := range more {
		name := mermaidName(m.Node) + "_more_" + strconv.Itoa(i)
		fmt.Fprintf(out, "  %s(\"%s\")\n", name, mermaidText(moreLabel(m)))
		rest = append(rest, name)
	}
	styles := map[string][]string{} // colour to edges
	edges := 0
	edge := func(from, to string, r graph.Relation) {
		look := lookOf(r)
		fmt.Fprintf(out, "  %s %s|%s| %s\n", from, look.mermaid, words(r), to)
		styles[look.color] = append(styles[look.color], strconv.Itoa(edges))
		edges++
	}
	for i := range d.Edges {
		e := &d.Edges[i]
		edge(mermaidName(e.From), mermaidName(e.To), e.Relation)
	}
	for i, m := range more {
		if m.Inverse {
			edge(rest[i], mermaidName(m.Node), m.Relation)
		} else {
			edge(mermaidName(m.Node), rest[i], m.Relation)
		}
	}
	if o.Link != nil {
		click := func(name string, id graph.ID, tip string) {
			if url := o.Link(id); url != "" {
				fmt.Fprintf(out, "  click %s href \"%s\" \"%s\" _top\n", name, encodeURL(url), mermaidText(tip))
			}
		}
		for i := range d.Nodes {
			id := d.Nodes[i].ID
			// An empty tooltip would be a syntax error.
			click(mermaidName(id), id, cmp.Or(cut(oneLine(d.Nodes[i].Name), nameColumns), string(id)))
		}
		for i, m := range more {
			click(rest[i], m.Node, moreLabel(m))
		}
	}
	for _, look := range kindStyles {
		if names := classes[look.kind]; len(names) > 0 {
			fmt.Fprintf(out, "  classDef %s fill:%s,stroke:%s,color:%s\n  class %s %s\n", look.kind, look.fill, look.border, inkColor, strings.Join(names, ","), look.kind)
		}
	}
	if len(focus) > 0 {
		fmt.Fprintf(out, "  classDef focus stroke-width:4px,font-weight:bold\n  class %s focus\n", strings.Join(focus, ","))
	}
	if len(rest) > 0 {
		fmt.Fprintf(out, "  classDef more fill:#FFFFFF,stroke:%s,color:%s,stroke-dasharray:4\n  class %s more\n", faintColor, faintColor, strings.Join(rest, ","))
	}
	for _, look := range relationStyles {
		if of := styles[look.color]; len(of) > 0 {
			fmt.Fprintf(out, "  linkStyle %s stroke:%s\n", strings.Join(of, ","), look.color)
			delete(styles, look.color)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write Mermaid: %w", err)
	}
	return nil
}

// mermaidName is a node's name in the flowchart. A hyphen could be read as the
// begin of an arrow; a slug has no underscore that it could be mixed up with.
func mermaidName(id graph.ID) string {
	return string(id.Kind()) + "_" + strings.ReplaceAll(id.Slug(), "-", "_")
}

// mermaidText escapes text for a quoted string of Mermaid, which has entities
// of its own: #quot; and #35;. Everything that Markdown, HTML or Mermaid's own
// search for styles ("style…:…#…;") could take for itself is written so.
//
// Mermaid 11 reads labels as Markdown, and entities do not keep it from that
// in a label of several lines. A back quote, a star and a backslash are
// replaced by their likes, and a text that begins as a list, a heading or a
// rule does has a space of no width in front: Mermaid would show "Unsupported
// markdown".
func mermaidText(s string) string {
	var b strings.Builder
	if markdownBlock.MatchString(s) {
		b.WriteRune('\u200B')
	}
	for _, r := range s {
		switch r {
		case '"':
			b.WriteString("#quot;")
		case '\n':
			b.WriteString("<br/>")
		case '`':
			b.WriteRune('ˋ')
		case '*':
			b.WriteRune('∗')
		case '\\':
			b.WriteRune('∖')
		case '#', '&', '<', '>', ':', ';', '%', '_', '[', ']', '{', '}', '|', '$', '~':
			b.WriteString("#" + strconv.Itoa(int(r)) + ";")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// markdownBlock is a begin that Markdown takes for a list, a heading, a quote
// or a rule.
var markdownBlock = regexp.MustCompile(`^(\d+[.)]|[-+*>]|#+)(\s|$)|^([-_=*] ?){3,}$`)

// yamlString is s as a double-quoted string of YAML.
func yamlString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
