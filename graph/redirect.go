package graph

import (
	"slices"
	"strings"
)

// MayMove says whether nodes of a kind may have another id in another build:
// entities that papers name, and no others.
func MayMove(k Kind) bool {
	switch k {
	case KindMethod, KindDataset, KindTask, KindMetric, KindConcept:
		return true
	}
	return false
}

// MayHaveBeen says whether id could have been the node's in another build: made
// of one of its names, for its kind or one that papers or people took it for,
// alone or with another of its names that told it from a namesake
// ("mos-mixture-of-shards"). It goes by the node alone, so that a graph answers
// for its former ids alike however it came about. Only entities that papers
// name have former ids.
func (n *Node) MayHaveBeen(id ID) bool {
	kind, slug, err := ParseID(string(id))
	if err != nil || id == n.ID || !n.hadKind(kind) {
		return false
	}
	if slug == n.ID.Slug() {
		return true
	}
	names := append([]string{n.Name}, n.Aliases...)
	slugs := make([]string, len(names))
	for i, name := range names {
		slugs[i] = Slug(name)
	}
	if slices.Contains(slugs, slug) {
		return true
	}
	for _, s := range slugs {
		rest, ok := strings.CutPrefix(slug, s+"-")
		if !ok {
			continue
		}
		bare := strings.ReplaceAll(rest, "-", "")
		for i, long := range slugs {
			if long == rest || NameKey(names[i]) == bare {
				return true
			}
		}
	}
	return false
}

// hadKind says whether the node is, or was taken for, something of a kind.
func (n *Node) hadKind(k Kind) bool {
	own := n.Kind()
	switch {
	case !MayMove(own) || !MayMove(k):
		return false
	case k == own || k == own.Rival():
		return true
	}
	return slices.ContainsFunc(n.Decisions, func(d Decision) bool { return d.Kind == k })
}

// Rival is the kind that a name may be mistaken for although a thing is only
// one of the two; empty if there is none.
func (k Kind) Rival() Kind {
	switch k {
	case KindMethod:
		return KindDataset
	case KindDataset:
		return KindMethod
	case KindTask:
		return KindConcept
	case KindConcept:
		return KindTask
	}
	return ""
}
