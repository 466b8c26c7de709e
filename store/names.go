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
	add(tagName, graph.NameKey(n.Name))
	for _, a := range n.Aliases {
		add(tagName, graph.NameKey(a))
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
