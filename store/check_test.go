package store

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"papergraph/graph"
)

// problems checks a store and returns what is wrong.
func problemsOf(t testing.TB, s *Store, id string) []Problem {
	t.Helper()
	var found []Problem
	r, err := s.Check(context.Background(), id, CheckOptions{OnProblem: func(p Problem) { found = append(found, p) }})
	if err != nil {
		t.Fatal(err)
	}
	if r.Problems != len(found) || len(r.Snapshots) != 1 {
		t.Errorf("report %+v of %d problems", r, len(found))
	}
	return found
}

func requireSound(t testing.TB, s *Store) {
	t.Helper()
	r, err := s.CheckAll(context.Background(), CheckOptions{OnProblem: func(p Problem) { t.Error(p) }})
	if err != nil || r.Problems > 0 {
		t.Fatalf("%+v, %v", r, err)
	}
}

// What is built is sound, however it came about: fresh, by increments,
// compacted, restored.
func TestCheckFindsNothing(t *testing.T) {
	s := open(t)
	if _, err := s.Check(t.Context(), "", CheckOptions{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("of an empty store: %v", err)
	}
	publish(t, s, small(t), nil)
	requireSound(t, s)
	none := without(small(t), func(int) bool { return true })
	publish(t, s, none, nil)
	requireSound(t, s)

	dir := filepath.Join(t.TempDir(), "store")
	infos, _ := history(t, dir, 4)
	s = openAt(t, dir, Options{ReadOnly: true})
	tables := make(map[string]bool)
	r, err := s.CheckAll(t.Context(), CheckOptions{OnProgress: func(table string, _ int) { tables[table] = true }})
	if err != nil || r.Problems > 0 || len(r.Snapshots) != len(infos) || len(tables) < 8 {
		t.Errorf("%+v, %v, tables %v", r, err, tables)
	}
	whole := backup(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Compact(t.Context(), dir, Retention{Snapshots: 2}, Options{}); err != nil {
		t.Fatal(err)
	}
	requireSound(t, openAt(t, dir, Options{}))
	restored := filepath.Join(t.TempDir(), "restored")
	if _, err := Restore(t.Context(), strings.NewReader(string(whole)), restored, Options{}, nil); err != nil {
		t.Fatal(err)
	}
	requireSound(t, openAt(t, restored, Options{}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := openAt(t, filepath.Join(t.TempDir(), "x"), Options{}).Check(ctx, "", CheckOptions{}); err == nil {
		t.Error("cancelled, it found nothing")
	}
	if _, err := s.Check(t.Context(), "", CheckOptions{}); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// damage writes a value, nil to delete, as if it were a snapshot's.
func damage(t *testing.T, s *Store, version uint64, key, value []byte) {
	t.Helper()
	txn := s.db.NewTransactionAt(version, true)
	defer txn.Discard()
	err := txn.Delete(key)
	if value != nil {
		err = txn.SetEntry(badger.NewEntry(key, value))
	}
	if err == nil {
		err = txn.CommitAt(version, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Whatever table is wrong, that is found and named.
func TestCheckNamesDamage(t *testing.T) {
	c := small(t)
	s := open(t)
	info := publish(t, s, c, nil)
	var side *side
	uid := func(id graph.ID) uint32 {
		t.Helper()
		u, err := side.uid(id)
		if u == 0 || err != nil {
			t.Fatalf("uid of %s: %d, %v", id, u, err)
		}
		return u
	}
	get := func(key []byte) []byte {
		t.Helper()
		v, err := side.q.get(key)
		if v == nil || err != nil {
			t.Fatalf("%q: %v", key, err)
		}
		return v
	}
	lora, qlora := c.nodes[0].ID, c.nodes[1].ID
	encoded := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	flip := func(b []byte, i int) []byte {
		b[(i+len(b))%len(b)] ^= 1
		return b
	}
	basedOn := func() edgeUIDs {
		return edgeUIDs{from: uid("method:lora"), relation: relationCodes[graph.BasedOn], to: uid("method:sgd")}
	}
	for _, tt := range []struct {
		name   string
		damage func() (key, value []byte)
		want   string // of one of the problems
	}{
		{"another table", func() (k, v []byte) { return []byte("Zoo"), []byte("x") }, `table 'Z', key "Zoo": there is no such table`},
		{"unknown counter", func() (k, v []byte) { return metaKey("cows"), []byte{1} }, "table M (counters), key \"Mcows\": there is no such counter"},
		{"next uid too small", func() (k, v []byte) { return metaKey(metaNextUID), []byte{0, 0, 0, 3} }, "was never given out"},
		{"next uid too large", func() (k, v []byte) { return metaKey(metaNextUID), []byte{255, 0, 0, 3} }, "does not come to"},
		{"next uid malformed", func() (k, v []byte) { return metaKey(metaNextUID), []byte{1} }, "1 bytes, not 4"},
		{"uid missing", func() (k, v []byte) { return idKey(tagUID, "method:lora"), nil }, "table U (ids), key \"U\\x02lora\": a node has no uid"},
		{"uid of another", func() (k, v []byte) { return idKey(tagUID, "method:lora"), get(idKey(tagUID, "method:sgd")) }, "is another node's too"},
		{"uid malformed", func() (k, v []byte) { return idKey(tagUID, "method:lora"), []byte{1} }, "a uid of 1 bytes"},
		{"id malformed", func() (k, v []byte) { return []byte{tagUID, 77, 'x'}, []byte{0, 0, 0, 1} }, "table U (ids)"},
		{"uid without node", func() (k, v []byte) { return idKey(tagNode, "method:lora"), nil }, "table N (nodes), key \"N\\x02lora\", method:lora: its record is missing"},
		{"label missing", func() (k, v []byte) { return uidKey(tagLabel, uid("method:lora")), nil }, "method:lora: it is \"\", that of the node is"},
		{"label of another name", func() (k, v []byte) {
			return uidKey(tagLabel, uid("method:lora")), encodeLabel(&graph.Node{ID: "method:lora", Name: "Laura"})
		}, `method:lora: it is "\x02\x04loraLaura", that of the node is "\x02\x04loraLoRA"`},
		{"label of no node", func() (k, v []byte) { return uidKey(tagLabel, 9999), encodeLabel(&c.nodes[3]) }, "no node has uid 9999"},
		{"node unreadable", func() (k, v []byte) { return idKey(tagNode, "method:lora"), []byte("what?") }, "table N (nodes), key \"N\\x02lora\", method:lora: store is damaged"},
		{"node changed", func() (k, v []byte) {
			n := c.nodes[2]
			n.Aliases = []string{"Laura"}
			return idKey(tagNode, n.ID), encoded(encodeNode(&n))
		}, "its content sum is"},
		{"merged name that leads nowhere", func() (k, v []byte) {
			n := c.nodes[2]
			n.Aliases = nil
			return idKey(tagNode, n.ID), encoded(encodeNode(&n))
		}, "method:low-rank-adaptation was merged into it and does not lead to it"},
		{"name missing", func() (k, v []byte) { return nameKey(tagName, graph.NameKey("LoRA"), uid("method:lora")), nil }, "table K (names), key \"Klora\\x00\\x01\\x00\\x00\\x00\\"},
		{"name too many", func() (k, v []byte) { return nameKey(tagName, "laura", uid("method:lora")), []byte{} }, "it leads to a node that does not bear the name"},
		{"name of nobody", func() (k, v []byte) { return nameKey(tagName, "laura", 9999), []byte{} }, "it leads to uid 9999, which no node has"},
		{"outside id missing", func() (k, v []byte) { return nameKey(tagOutside, "doi:10.1/abc", uid(lora)), nil }, "table X (outside ids)"},
		{"outside id of another", func() (k, v []byte) { return nameKey(tagOutside, "doi:10.1/abc", uid(qlora)), []byte{} }, "does not bear the name"},
		{"name with a value", func() (k, v []byte) {
			return nameKey(tagName, graph.NameKey("LoRA"), uid("method:lora")), []byte("x")
		}, "a value of 1 bytes"},
		{"result of no paper", func() (k, v []byte) {
			n := c.nodes[11]
			r := *n.Result
			r.Paper = qlora
			n.Result = &r
			return idKey(tagNode, n.ID), encoded(encodeNode(&n))
		}, "does not report it"},
		{"result of what is not there", func() (k, v []byte) {
			n := c.nodes[11]
			r := *n.Result
			r.Metric = "metric:none"
			n.Result = &r
			return idKey(tagNode, n.ID), encoded(encodeNode(&n))
		}, "it is about metric:none, which is not in the graph"},
		{"posting missing", func() (k, v []byte) {
			e := basedOn()
			return adjacentKey(e.from, directionOut, e.relation, 0), nil
		}, "table A (posting lists), key \"A\\x00\\x00\\x00"},
		{"posting missing, named", func() (k, v []byte) {
			e := basedOn()
			return adjacentKey(e.to, directionIn, e.relation, 0), nil
		}, "method:sgd: method:lora basedOn method:sgd is stated and not in it"},
		{"posting too many", func() (k, v []byte) {
			return adjacentKey(uid(lora), directionOut, relationCodes[graph.Uses], 0), encodeContainer(appendLows(nil, []uint32{min(uid("method:sgd"), uid("method:qlora")), max(uid("method:sgd"), uid("method:qlora"))}))
		}, "nobody states that " + string(lora) + " uses method:qlora"},
		{"posting list of nobody", func() (k, v []byte) { return adjacentKey(9999, 0, 1, 0), encodeContainer([]uint16{1}) }, "no node has uid 9999"},
		{"posting list unreadable", func() (k, v []byte) {
			e := basedOn()
			return adjacentKey(e.from, directionOut, e.relation, 0), []byte{9, 9}
		}, "unknown form 9"},
		{"statements missing", func() (k, v []byte) { return uidKey(tagBlock, uid(qlora)), nil }, "nobody states that " + string(qlora)},
		{"statements unreadable", func() (k, v []byte) {
			return uidKey(tagBlock, uid(qlora)), get(uidKey(tagBlock, uid(qlora)))[:40]
		}, "table S (statements)"},
		{"statements of no paper", func() (k, v []byte) {
			return uidKey(tagBlock, uid("method:sgd")), get(uidKey(tagBlock, uid(qlora)))
		}, "method:sgd: it is not a paper and states nothing"},
		{"statements with another sum", func() (k, v []byte) {
			return uidKey(tagBlock, uid(qlora)), flip(get(uidKey(tagBlock, uid(qlora))), 5)
		}, "its content sum is not that of its statements"},
		{"statements of another paper", func() (k, v []byte) {
			return uidKey(tagBlock, uid(qlora)), get(uidKey(tagBlock, uid(lora)))
		}, "table S (statements)"},
		{"text of a paper that its quotes are not in", func() (k, v []byte) {
			n := c.nodes[1]
			d := *n.Paper
			d.Abstract = "Short."
			n.Paper = &d
			return idKey(tagNode, n.ID), encoded(encodeNode(&n))
		}, "outside its text"},
		{"asserters missing", func() (k, v []byte) { return assertersKey(basedOn()), nil }, "it states method:lora basedOn method:sgd and is not named"},
		{"asserters too many", func() (k, v []byte) {
			return assertersKey(edgeUIDs{from: uid("method:sgd"), relation: relationCodes[graph.Broader], to: uid("concept:optimisation")}),
				encodeUIDs([]uint32{min(uid(lora), uid(qlora)), max(uid(lora), uid(qlora))})
		}, string(lora) + ": it does not state method:sgd broader concept:optimisation"},
		{"asserters of nothing", func() (k, v []byte) { return assertersKey(basedOn()), []byte{} }, "table E (papers that state an edge)"},
		{"curated missing", func() (k, v []byte) { return uidKey(tagCurated, uid("concept:optimisation")), nil },
			"nobody states that concept:optimisation broader concept:machine-learning"},
		{"curated from elsewhere", func() (k, v []byte) {
			return uidKey(tagCurated, uid("method:lora")), get(uidKey(tagCurated, uid("concept:optimisation")))
		}, "method:lora: concept:optimisation broader concept:machine-learning begins elsewhere"},
		{"statements among the curated", func() (k, v []byte) { return uidKey(tagCurated, uid(qlora)), get(uidKey(tagBlock, uid(qlora))) }, "table C (curated edges)"},
		{"word missing", func() (k, v []byte) { return termKey("quantiz", 0), nil }, string(qlora) + `: uid`},
		{"word counted wrongly", func() (k, v []byte) {
			return termKey("quantiz", 0), encodePostings([]posting{{uid(qlora), 9}})
		}, string(qlora) + `: it counts "quantiz" 9 times`},
		{"word of another", func() (k, v []byte) {
			return termKey("quantiz", 0), encodePostings([]posting{{uid("method:sgd"), 1}})
		}, `method:sgd: it counts "quantiz" 1 times`},
		{"word unreadable", func() (k, v []byte) { return termKey("quantiz", 0), []byte{0} }, "table T (words)"},
		{"numbers wrong", func() (k, v []byte) { return uidKey(tagColumns, 0), flip(get(uidKey(tagColumns, 0)), 15) }, "table V (numbers of nodes)"},
		{"numbers missing", func() (k, v []byte) { return uidKey(tagColumns, 0), nil }, "the tables have 2021, "},
		{"numbers of nobody", func() (k, v []byte) { return uidKey(tagColumns, 99), make([]byte, 10) }, "where uids end at"},
		{"facts missing", func() (k, v []byte) {
			var e *factsEntry
			e, err := side.q.factsEntry(FactsKey(&c.facts[0].Document))
			if err != nil {
				t.Fatal(err)
			}
			return e.bodyKey(), nil
		}, "its facts are missing"},
		{"facts of another", func() (k, v []byte) {
			return factsKeyKey(FactsKey(&c.facts[0].Document)), get(factsKeyKey(FactsKey(&c.facts[1].Document)))
		}, "its facts are of a paper with the key"},
		{"facts entry unreadable", func() (k, v []byte) { return factsKeyKey(FactsKey(&c.facts[0].Document)), []byte{1} }, "table F (facts keys)"},
		{"facts exchanged", func() (k, v []byte) {
			e, err := side.q.factsEntry(FactsKey(&c.facts[0].Document))
			if err != nil {
				t.Fatal(err)
			}
			return e.bodyKey(), encoded(encodeFacts(&c.facts[1]))
		}, "they are of another document"},
		{"facts unreadable", func() (k, v []byte) {
			e, err := side.q.factsEntry(FactsKey(&c.facts[0].Document))
			if err != nil {
				t.Fatal(err)
			}
			return e.bodyKey(), []byte{1, 2}
		}, "table B (facts)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			side = newSide(s, info)
			key, value := tt.damage()
			before, err := side.q.get(key)
			if err != nil {
				t.Fatal(err)
			}
			side.close()
			damage(t, s, info.Version, key, value)
			defer damage(t, s, info.Version, key, before)
			found := problemsOf(t, s, info.ID[:8])
			named := false
			for _, p := range found {
				named = named || strings.Contains(p.String(), tt.want)
			}
			if !named {
				t.Errorf("found %v, want one with %q", found, tt.want)
			}
			if len(found) > 40 {
				t.Errorf("%d problems of one damage: %v …", len(found), found[:5])
			}
		})
	}

	requireSound(t, s) // all of it was undone
	t.Run("record of the snapshot", func(t *testing.T) {
		for _, change := range []func(*Info){
			func(i *Info) { i.NodesByKind[graph.KindMethod]++ },
			func(i *Info) { i.EdgesByRelation[graph.Uses]-- },
			func(i *Info) { i.Edges++ },
			func(i *Info) { i.Statements-- },
			func(i *Info) { i.ContentSum[3]++ },
			func(i *Info) { i.ID = strings.Repeat("ab", idBytes) },
		} {
			dir := t.TempDir()
			s, err := Open(dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			info := publish(t, s, c, nil)
			change(&info)
			record, err := encodeInfo(&info)
			if err != nil {
				t.Fatal(err)
			}
			damage(t, s, info.Version, snapshotKey(info.Version), record)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			found := problemsOf(t, openAt(t, dir, Options{}), "")
			if len(found) == 0 || !strings.Contains(found[len(found)-1].String(), "table P (snapshots)") {
				t.Errorf("found %v", found)
			}
		}
	})

	t.Run("more than is told", func(t *testing.T) {
		s := open(t)
		info := publish(t, s, synthetic(60), nil)
		side := newSide(s, info)
		var keys [][]byte
		if err := side.q.scanKeys([]byte{tagTerm}, func(key []byte) error { keys = append(keys, append([]byte(nil), key...)); return nil }); err != nil {
			t.Fatal(err)
		}
		side.close()
		for _, k := range keys {
			damage(t, s, info.Version, k, binary.AppendUvarint(nil, 1<<40))
		}
		n := 0
		r, err := s.Check(t.Context(), "", CheckOptions{Max: 7, OnProblem: func(Problem) { n++ }})
		if err != nil || n != 7 || !r.GivenUp || r.Problems != 7 {
			t.Errorf("%+v after %d problems, %v", r, n, err)
		}
	})
}

// Bytes that changed on disk are an error of the whole store.
func TestCheckOfDamagedTable(t *testing.T) {
	dir, tables := closedTables(t)
	b, err := os.ReadFile(tables[0])
	if err != nil {
		t.Fatal(err)
	}
	for at := 50; at < len(b)*9/10; at += len(b) / 7 {
		changed := append([]byte(nil), b...)
		changed[at] ^= 4
		if err := os.WriteFile(tables[0], changed, 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := Open(dir, Options{ReadOnly: true})
		if err == nil {
			_, err = s.CheckAll(t.Context(), CheckOptions{})
			if _, e := s.Backup(t.Context(), os.Stderr, nil); !errors.Is(e, ErrDamaged) {
				t.Errorf("backup of what changed at %d: %v", at, e)
			}
			if closing := s.Close(); closing != nil {
				t.Fatal(closing)
			}
		}
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("changed at %d of %d: %v", at, len(b), err)
		}
		if _, err := Compact(t.Context(), dir, Retention{}, Options{}); !errors.Is(err, ErrDamaged) {
			t.Errorf("compaction of what changed at %d: %v", at, err)
		}
	}
}
