package store

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"papergraph/graph"
)

// The codes are on disk, and their order is that of the domain, so that keys
// sort as ids and edges do.
func TestCodesFollowTheDomain(t *testing.T) {
	for i, k := range graph.Kinds() {
		if kindCodes[k] != byte(i+1) {
			t.Errorf("code of %s is %d, want %d: a new order of kinds is a new format", k, kindCodes[k], i+1)
		}
	}
	for i, r := range graph.Relations() {
		if relationCodes[r.Relation] != byte(i+1) {
			t.Errorf("code of %s is %d, want %d: a new order of relations is a new format", r.Relation, relationCodes[r.Relation], i+1)
		}
	}
	if len(kindCodes) != maxKind || len(graph.Kinds()) != maxKind || len(graph.Relations()) != len(relationCodes) || len(relationCodes) >= 32 {
		t.Errorf("%d kinds, %d relations", len(kindCodes), len(relationCodes))
	}
}

var (
	anyID = rapid.Custom(func(t *rapid.T) graph.ID {
		kind := rapid.SampledFrom(graph.Kinds()).Draw(t, "kind")
		return graph.ID(string(kind) + ":" + rapid.StringMatching(`[a-z0-9-]{1,20}`).Draw(t, "slug"))
	})
	// Strings with the bytes that the encoding of strings is about.
	anyString = rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xfe, 0xff, 'a', 'b'}), 0, 12).Draw(t, "bytes"))
	})
	anyRelation = rapid.ByteRange(1, byte(len(relationCodes)))
)

func TestKeysSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.Uint64().Draw(t, "version")
		if got, err := parseSnapshotKey(snapshotKey(version)); err != nil || got != version {
			t.Errorf("snapshot %d: %d, %v", version, got, err)
		}
		id := anyID.Draw(t, "id")
		for _, tag := range []byte{tagUID, tagNode} {
			if got, err := parseIDKey(tag, idKey(tag, id)); err != nil || got != id {
				t.Errorf("id %s: %s, %v", id, got, err)
			}
		}
		s, uid := anyString.Draw(t, "string"), rapid.Uint32().Draw(t, "uid")
		for _, tag := range []byte{tagName, tagOutside} {
			if got, u, err := parseNameKey(tag, nameKey(tag, s, uid)); err != nil || got != s || u != uid {
				t.Errorf("name %q %d: %q %d, %v", s, uid, got, u, err)
			}
		}
		if got, u, err := parseTermKey(termKey(s, uid)); err != nil || got != s || u != uid {
			t.Errorf("term %q %d: %q %d, %v", s, uid, got, u, err)
		}
		direction, relation, high := rapid.ByteRange(0, 1).Draw(t, "direction"), anyRelation.Draw(t, "relation"), rapid.Uint16().Draw(t, "high")
		key := adjacentKey(uid, direction, relation, high)
		if u, d, r, h, err := parseAdjacentKey(key); err != nil || u != uid || d != direction || r != relation || h != high || !bytes.HasPrefix(key, adjacentPrefix(uid)) {
			t.Errorf("adjacency %d %d %d %d: %d %d %d %d, %v", uid, direction, relation, high, u, d, r, h, err)
		}
		for _, tag := range []byte{tagLabel, tagBlock, tagCurated, tagColumns} {
			if u, err := parseUIDKey(tag, uidKey(tag, uid)); err != nil || u != uid {
				t.Errorf("uid %d: %d, %v", uid, u, err)
			}
		}
		e := edgeUIDs{from: uid, relation: relation, to: rapid.Uint32().Draw(t, "to")}
		if got, err := parseAssertersKey(assertersKey(e)); err != nil || got != e {
			t.Errorf("edge %v: %v, %v", e, got, err)
		}
		hash := [factsHashSize]byte(rapid.SliceOfN(rapid.Byte(), factsHashSize, factsHashSize).Draw(t, "hash"))
		if title, h, in, err := parseFactsBodyKey(factsBodyKey(s, hash, s)); err != nil || title != s || h != hash || in != s {
			t.Errorf("facts %q: %q, %q, %v", s, title, in, err)
		}
		name := "n" + s
		if got, err := parseMetaKey(metaKey(name)); err != nil || got != name {
			t.Errorf("meta %q: %q, %v", name, got, err)
		}
		if got, err := parseFactsKeyKey(factsKeyKey(name)); err != nil || got != name {
			t.Errorf("facts key %q: %q, %v", name, got, err)
		}
	})
}

// Keys sort as what they hold does.
func TestKeysSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyID.Draw(t, "a"), anyID.Draw(t, "b")
		if got, want := bytes.Compare(idKey(tagNode, a), idKey(tagNode, b)), graph.CompareIDs(a, b); got != want {
			t.Errorf("keys of %s and %s compare %d, ids %d", a, b, got, want)
		}
		s, u := anyString.Draw(t, "s"), anyString.Draw(t, "u")
		if got, want := bytes.Compare(nameKey(tagName, s, 7), nameKey(tagName, u, 7)), strings.Compare(s, u); got != want {
			t.Errorf("keys of %q and %q compare %d, strings %d", s, u, got, want)
		}
		if s != u && bytes.HasPrefix(nameKey(tagName, u, 7), namePrefix(tagName, s)) {
			t.Errorf("a scan for %q finds %q", s, u)
		}
		edge := rapid.Custom(func(t *rapid.T) edgeUIDs {
			return edgeUIDs{from: rapid.Uint32Range(0, 300).Draw(t, "from"), relation: anyRelation.Draw(t, "relation"), to: rapid.Uint32Range(0, 300).Draw(t, "to")}
		})
		e, f := edge.Draw(t, "e"), edge.Draw(t, "f")
		if got, want := bytes.Compare(assertersKey(e), assertersKey(f)), e.compare(f); got != want {
			t.Errorf("keys of %v and %v compare %d, edges %d", e, f, got, want)
		}
		v, w := rapid.Uint64().Draw(t, "v"), rapid.Uint64().Draw(t, "w")
		if (bytes.Compare(snapshotKey(v), snapshotKey(w)) < 0) != (v < w) {
			t.Errorf("keys of versions %d and %d are out of order", v, w)
		}
	})
}

func TestLongNamesStayApart(t *testing.T) {
	long := strings.Repeat("é", 200)
	a, b := boundName(long+"a"), boundName(long+"b")
	if a == b || len(a) > maxName || boundName(long[:100]) != long[:100] {
		t.Errorf("%q and %q", a, b)
	}
	if !strings.HasPrefix(a, long[:maxName-18]) {
		t.Errorf("%q does not begin as the name does", a)
	}
}

// Each parser refuses what no encoder writes, and what it takes is written
// again to the same bytes.
func FuzzKeys(f *testing.F) {
	for _, key := range [][]byte{
		snapshotKey(1), metaKey("uid"), idKey(tagUID, "method:lora"), idKey(tagNode, "paper:x"), nameKey(tagName, "a\x00b", 3),
		nameKey(tagOutside, "doi:1", 3), adjacentKey(1, 1, 2, 3), uidKey(tagBlock, 1), uidKey(tagCurated, 2), uidKey(tagLabel, 2), uidKey(tagColumns, 3),
		assertersKey(edgeUIDs{1, 2, 3}), termKey("word", 1), factsKeyKey("doi:1"), factsBodyKey("title", [16]byte{1}, ""),
	} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key []byte) {
		if len(key) == 0 {
			return
		}
		var again []byte
		var err error
		switch tag := key[0]; tag {
		case tagSnapshot:
			var v uint64
			v, err = parseSnapshotKey(key)
			again = snapshotKey(v)
		case tagMeta:
			var s string
			s, err = parseMetaKey(key)
			again = metaKey(s)
		case tagUID, tagNode:
			var id graph.ID
			if id, err = parseIDKey(tag, key); err == nil {
				again = idKey(tag, id)
			}
		case tagName, tagOutside, tagTerm:
			var s string
			var uid uint32
			s, uid, err = parseNameKey(tag, key)
			again = nameKey(tag, s, uid)
			if len(s) > maxName {
				return // cut by the encoder
			}
		case tagAdjacent:
			var uid uint32
			var d, r byte
			var h uint16
			uid, d, r, h, err = parseAdjacentKey(key)
			again = adjacentKey(uid, d, r, h)
		case tagLabel, tagBlock, tagCurated, tagColumns:
			var uid uint32
			uid, err = parseUIDKey(tag, key)
			again = uidKey(tag, uid)
		case tagAsserters:
			var e edgeUIDs
			e, err = parseAssertersKey(key)
			again = assertersKey(e)
		case tagFactsKey:
			var s string
			s, err = parseFactsKeyKey(key)
			again = factsKeyKey(s)
		case tagFacts:
			var s, in string
			var h [factsHashSize]byte
			s, h, in, err = parseFactsBodyKey(key)
			again = factsBodyKey(s, h, in)
		default:
			return
		}
		switch {
		case err != nil && !errors.Is(err, ErrDamaged):
			t.Errorf("%q: %v", key, err)
		case err == nil && !bytes.Equal(key, again):
			t.Errorf("%q is written again as %q", key, again)
		}
	})
}

func TestParsersRefuseOtherTables(t *testing.T) {
	keys := [][]byte{
		snapshotKey(1), metaKey("uid"), idKey(tagUID, "method:lora"), nameKey(tagName, "a", 3), adjacentKey(1, 1, 2, 3),
		uidKey(tagBlock, 1), assertersKey(edgeUIDs{1, 2, 3}), termKey("word", 1), factsKeyKey("doi:1"), factsBodyKey("title", [16]byte{1}, ""),
	}
	parsers := []func([]byte) error{
		func(k []byte) error { _, err := parseSnapshotKey(k); return err },
		func(k []byte) error { _, err := parseMetaKey(k); return err },
		func(k []byte) error { _, err := parseIDKey(tagUID, k); return err },
		func(k []byte) error { _, _, err := parseNameKey(tagName, k); return err },
		func(k []byte) error { _, _, _, _, err := parseAdjacentKey(k); return err },
		func(k []byte) error { _, err := parseUIDKey(tagBlock, k); return err },
		func(k []byte) error { _, err := parseAssertersKey(k); return err },
		func(k []byte) error { _, _, err := parseTermKey(k); return err },
		func(k []byte) error { _, err := parseFactsKeyKey(k); return err },
		func(k []byte) error { _, _, _, err := parseFactsBodyKey(k); return err },
	}
	for i, parse := range parsers {
		for j, key := range keys {
			if err := parse(key); (err == nil) != (i == j) {
				t.Errorf("parser %d of key %q: %v", i, key, err)
			}
			if err := parse(key[:len(key)-1]); i != 1 && i != 2 && i != 8 && !errors.Is(err, ErrDamaged) {
				t.Errorf("parser %d of cut key %q: %v", i, key, err)
			}
		}
		if err := parse(nil); !errors.Is(err, ErrDamaged) {
			t.Errorf("parser %d of nothing: %v", i, err)
		}
	}
}

func TestNodeNames(t *testing.T) {
	n := &graph.Node{ID: "paper:x", Name: "The X", Aliases: []string{"x", "Xs", "!"}, Paper: &graph.Document{Title: "The X",
		OutsideIDs: []graph.OutsideID{{Scheme: "doi", Value: "10.1/A"}}}}
	want := [][]byte{nameKey(tagName, "x", 5), nameKey(tagName, "xs", 5), nameKey(tagOutside, "10.1/a", 5), nameKey(tagOutside, "doi:10.1/a", 5)}
	slices.SortFunc(want, bytes.Compare)
	if diff := cmp.Diff(want, nodeNames(n, 5)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := nodeNames(&graph.Node{ID: "result:x", Name: "x"}, 5); got != nil {
		t.Errorf("a result has names: %q", got)
	}
}
