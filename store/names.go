package store

import (
	"slices"
	"strings"

	"papergraph/graph"
)

// nodeNames lists the keys of tables K and X that lead to a node: every name
// and alias as [graph.NameKey] compares them, and every outside id with and
// without its scheme. Results are found through their papers and have none.
func nodeNames(n *graph.Node, uid uint32) [][]byte {
	if n.ID.Kind() == graph.KindResult {
		return nil
	}
	var keys [][]byte
	add := func(tag byte, name string) {
		if name != "" {
			keys = append(keys, nameKey(tag, name, uid))
		}
	}
	for _, name := range append([]string{n.Name}, n.Aliases...) {
		key, slug := graph.NameKey(name), graph.Slug(name)
		add(tagName, key)
		if graph.NameKey(slug) != key && n.Paper == nil {
			add(tagName, slugName(slug))
		}
	}
	if n.Paper != nil {
		for _, o := range n.Paper.OutsideIDs {
			add(tagOutside, strings.ToLower(o.String()))
			add(tagOutside, strings.ToLower(o.Value))
		}
	}
	slices.SortFunc(keys, slices.Compare)
	return slices.CompactFunc(keys, slices.Equal)
}

// resolvers are what outside ids are often pasted with.
var resolvers = []struct{ prefix, scheme string }{
	{"doi.org/", "doi:"},
	{"dx.doi.org/", "doi:"},
	{"arxiv.org/abs/", "arxiv:"},
	{"arxiv.org/pdf/", "arxiv:"},
	{"aclanthology.org/", "acl:"},
	{"openalex.org/", "openalex:"},
}

// outsideForms lists the forms of a reference under which table X may have it:
// as given, and without the address of a resolver.
func outsideForms(ref string) []string {
	ref = strings.ToLower(strings.TrimSpace(ref))
	if ref == "" {
		return nil
	}
	forms := []string{ref}
	rest := strings.TrimPrefix(strings.TrimPrefix(ref, "https://"), "http://")
	for _, r := range resolvers {
		if v, ok := strings.CutPrefix(rest, r.prefix); ok && v != "" {
			forms = append(forms, r.scheme+strings.TrimSuffix(strings.TrimSuffix(v, ".pdf"), "/"))
		}
	}
	return forms
}

// slugName is what table K has for a name that the slug in an id does not lead
// to: "gpt-3-5" is not written as "GPT-3.5" is. No [graph.NameKey] has a colon.
func slugName(slug string) string { return ":" + slug }
