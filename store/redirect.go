package store

import (
	"encoding/binary"
	"slices"

	"papergraph/graph"
)

// Bounds of what is looked at to find what an id was: ids come from outside,
// and one of thousands of words is nobody's.
const (
	maxNamesakes   = 256  // nodes
	maxFormerID    = 1024 // bytes
	maxFormerWords = 24   // words of the slug that a name may begin at
)

// Redirect finds what an id stands for that a node had in another snapshot: it
// was merged, renamed or took another kind since. That is the node that has the
// id, if there is one; else those that [graph.Node.MayHaveBeen] says it of, of
// the id's own kind unless all are of others, by number of papers, largest
// first, then by id. Several are choices that the caller cannot make. It is
// empty where nothing had the id.
func (r *Snapshot) Redirect(id graph.ID) ([]graph.ID, error) {
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	if _, ok := r.columns.uid(id); ok {
		return []graph.ID{id}, nil
	}
	uids, err := q.former(r.columns, id)
	if err != nil {
		return nil, err
	}
	return r.columns.ids(uids), nil
}

// former is Redirect for an id that no node has.
func (q *reader) former(c *columns, id graph.ID) ([]uint32, error) {
	slug := id.Slug()
	if len(slug) > maxFormerID || !graph.MayMove(id.Kind()) {
		return nil, nil
	}
	// What was told from a namesake by a long form is found by that: it is all
	// of the slug, or what follows a hyphen.
	names := []string{slugName(slug)}
	for rest, more := slug, true; more && len(names) <= maxFormerWords; {
		if key := graph.NameKey(rest); key != "" {
			names = append(names, key)
		}
		rest, more = cutWord(rest)
	}
	var found []uint32
	looked := make(map[uint32]bool)
	for _, name := range names {
		p := namePrefix(tagName, name)
		var uids []uint32
		err := q.scanKeys(p, func(key []byte) error {
			if len(key) != len(p)+4 {
				return damagedKey(key)
			}
			if uid := binary.BigEndian.Uint32(key[len(p):]); c.has(uid) && !looked[uid] && len(looked) < maxNamesakes {
				looked[uid] = true
				uids = append(uids, uid)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, uid := range uids {
			n, err := q.node(c.id(uid))
			if err != nil {
				return nil, err
			}
			if n.MayHaveBeen(id) {
				found = append(found, uid)
			}
		}
	}
	own := slices.DeleteFunc(slices.Clone(found), func(uid uint32) bool { return kindByCode[c.kinds[uid]] != id.Kind() })
	if len(own) > 0 {
		found = own
	}
	slices.SortFunc(found, c.compareSupport)
	return found, nil
}

// cutWord is a slug without its first word; ok is false where it has no other.
func cutWord(slug string) (rest string, ok bool) {
	for i := range len(slug) {
		if slug[i] == '-' {
			return slug[i+1:], true
		}
	}
	return "", false
}
