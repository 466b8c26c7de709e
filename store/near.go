package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"papergraph/graph"
)

// Near is an entity with a name like another's that is not the other.
type Near struct {
	ID     graph.ID
	Name   string // its name that is like the other's, as table K compares it
	Reason NearReason
}

// NearReason is how a name is like another.
type NearReason string

// The reasons.
const (
	NearNamesake NearReason = "namesake" // the same name of another entity
	NearVersion  NearReason = "version"  // another number, or one more
	NearLonger   NearReason = "longer"   // it goes on
)

// maxNearRead bounds how many names are looked at for those near one.
const maxNearRead = 4096

// Near finds entities that have names like a given one and were kept apart from
// the one with the given id: those with the very name, then those whose name
// differs in a number ("GPT-4" of "GPT-3"), then those whose name goes on
// ("S4D" of "S4"); of each by number of papers, largest first, then by id. They
// are of the id's kind or its rival.
func (r *Snapshot) Near(ctx context.Context, id graph.ID, name string, limit int) ([]Near, error) {
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	key := graph.NameKey(name)
	if key == "" || limit <= 0 {
		return nil, nil
	}
	base := withoutNumber(key)
	type candidate struct {
		uid  uint32
		near Near
	}
	best := make(map[uint32]candidate)
	n := 0
	err = q.scanKeys(append([]byte{tagName}, base...), func(k []byte) error {
		if n++; n > maxNearRead {
			return errStop
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		other, uid, err := parseNameKey(tagName, k)
		if err != nil || !r.columns.has(uid) {
			return err
		}
		near := Near{ID: r.columns.id(uid), Name: other}
		if near.ID == id || near.ID.Kind() != id.Kind() && near.ID.Kind() != id.Kind().Rival() {
			return nil
		}
		switch {
		case other == key:
			near.Reason = NearNamesake
		case withoutNumber(other) == base && base != "":
			near.Reason = NearVersion
		case strings.HasPrefix(other, key):
			near.Reason = NearLonger
		default:
			return nil
		}
		if old, ok := best[uid]; !ok || rankNear(near) < rankNear(old.near) {
			best[uid] = candidate{uid, near}
		}
		return nil
	})
	if err != nil && err != errStop {
		return nil, err
	}
	list := make([]candidate, 0, len(best))
	for _, c := range best {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(rankNear(a.near), rankNear(b.near)), r.columns.compareSupport(a.uid, b.uid))
	})
	var out []Near
	for _, c := range list[:min(len(list), limit)] {
		out = append(out, c.near)
	}
	return out, nil
}

func rankNear(n Near) int {
	return slices.Index([]NearReason{NearNamesake, NearVersion, NearLonger}, n.Reason)
}

// withoutNumber is a name's key without the number at its end, or the key where
// nothing else is left: "gpt" of "gpt3.5", "dino" of "dinov2".
func withoutNumber(key string) string {
	base := strings.TrimRight(key, "0123456789.")
	if base == key {
		return key
	}
	if v := strings.TrimSuffix(base, "v"); v != "" {
		base = v
	}
	if base == "" {
		return key
	}
	return base
}
