package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"papergraph/graph"
)

// Suggestion is a node that may be meant by what was typed so far.
type Suggestion struct {
	ID     graph.ID
	Name   string
	Papers int // as [Snapshot.Degree]
}

// maxSuggestRead bounds the names that are gone through for a prefix: one or
// two milliseconds.
const maxSuggestRead = 1 << 12

// Suggest completes what was typed so far of a name, an alias or a title: nodes
// of the given kinds, of all but results where there are none, that have a name
// that begins so as [graph.NameKey] compares names. Those with that very name
// come first, then those of the most papers, equal ones by id; at most limit of
// them.
//
// Where no name begins so, it is those whose name begins with something at one
// edit from it, if it has four letters, or two, if it has eight.
//
// A prefix that thousands of names begin with, one of a letter or two, is
// completed from ids, which are made from names but not from aliases: to find
// the most frequent of them nothing needs to be read. Else the names that begin
// so are read, without values.
func (r *Snapshot) Suggest(ctx context.Context, prefix string, kinds []graph.Kind, limit int) ([]Suggestion, error) {
	return r.suggest(ctx, prefix, kinds, limit, maxSuggestRead)
}

func (r *Snapshot) suggest(ctx context.Context, prefix string, kinds []graph.Kind, limit, maxRead int) ([]Suggestion, error) {
	mask, err := maskOf(kinds)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	c := r.columns
	key := beginningKey(prefix)
	if key == "" || limit <= 0 {
		return nil, nil
	}
	found := make(map[uint32]bool) // whether it is the very name
	if name := graph.NameKey(prefix); name != "" {
		if err := q.eachNamed(c, name, func(uid uint32) { found[uid] = true }); err != nil {
			return nil, err
		}
	}
	read, err := q.beginning(c, key, maxRead, found)
	if err != nil {
		return nil, err
	}
	if read > maxRead {
		c.beginning(graph.Slug(prefix), mask, limit, found)
	}
	if len(found) == 0 {
		near, err := q.nearest(tagName, key, true)
		if err != nil {
			return nil, err
		}
		left := maxRead
		for _, key := range near {
			if read, err = q.beginning(c, key, left, found); err != nil {
				return nil, err
			}
			if read > left {
				c.beginning(graph.Slug(key), mask, limit, found)
			}
			left = max(left-read, 0)
		}
	}
	uids := make([]uint32, 0, len(found))
	for uid := range found {
		if mask.has(c.kinds[uid]) {
			uids = append(uids, uid)
		}
	}
	uids = topK(uids, limit, func(a, b uint32) int {
		if found[a] != found[b] {
			if found[a] {
				return -1
			}
			return 1
		}
		return c.compareSupport(a, b)
	})
	names, err := q.names(c, uids)
	if err != nil {
		return nil, err
	}
	out := make([]Suggestion, len(uids))
	for i, uid := range uids {
		out[i] = Suggestion{ID: c.id(uid), Name: names[i], Papers: int(c.papers[uid])}
	}
	return out, nil
}

// beginningKey is what [graph.NameKey] makes of the beginning of a name: its
// last word may go on, so that it is no plural and no article yet.
func beginningKey(prefix string) string {
	const on = "q" // no ending of a word has it
	key := strings.TrimSuffix(graph.NameKey(prefix+on), on)
	if cut := boundCut(key); cut < len(key) {
		return key[:cut] // a longer name has no more of itself in its key
	}
	return key
}

// beginning adds to found the nodes with a name in table K that begins so, and
// returns how many names do. It adds nothing where they are more than maxRead.
func (q *reader) beginning(c *columns, key string, maxRead int, found map[uint32]bool) (read int, err error) {
	var uids []uint32
	err = q.scan(append([]byte{tagName}, key...), func(k, _ []byte) error {
		if read++; read > maxRead {
			return errStop
		}
		if len(k) < 4 {
			return damagedKey(k)
		}
		uid := binary.BigEndian.Uint32(k[len(k)-4:])
		if !c.has(uid) {
			return damaged("name of a node", fmt.Sprintf("uid %d is no node's", uid))
		}
		uids = append(uids, uid)
		return nil
	})
	if err == nil && read <= maxRead {
		addBeginning(found, uids)
	}
	return read, err
}

// beginning adds to found, for each kind, the limit nodes of the most papers
// whose id begins so.
func (c *columns) beginning(slug string, mask kindMask, limit int, found map[uint32]bool) {
	for code := byte(1); code <= maxKind; code++ {
		if !mask.has(code) || code == kindCodes[graph.KindResult] {
			continue
		}
		prefix := string(kindByCode[code]) + ":" + slug
		uids := c.uids[c.first[code]:c.first[code+1]]
		from, _ := slices.BinarySearchFunc(uids, prefix, func(u uint32, p string) int { return strings.Compare(string(c.id(u)), p) })
		n, _ := slices.BinarySearchFunc(uids[from:], prefix, func(u uint32, p string) int {
			if strings.HasPrefix(string(c.id(u)), p) {
				return -1 // the first that does not is looked for
			}
			return 1
		})
		addBeginning(found, topK(uids[from:from+n], limit, c.compareSupport))
	}
}

// addBeginning adds to found what is not there.
func addBeginning(found map[uint32]bool, uids []uint32) {
	for _, uid := range uids {
		if _, ok := found[uid]; !ok {
			found[uid] = false
		}
	}
}
