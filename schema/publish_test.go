package schema

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"papergraph/store"
)

// Requests of all kinds go on while snapshots are published and dropped: each
// sees one snapshot whole, those that name one see that, and the newest is seen
// from the moment that it is published. This is above all for the race
// detector.
func TestQueriesWhilePublishing(t *testing.T) {
	st, err := store.Open(t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	base := small(t)
	first := publish(t, st, base)
	// What a snapshot has is told by its number of papers: one more in each.
	var mu sync.Mutex
	papers := map[string]int{first.ID: first.Papers}
	var newest atomic.Int64
	newest.Store(int64(first.Papers))
	s, err := New(FromStore(st), Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := NewHandler(s, HandlerOptions{Queries: openQueries(t, t.TempDir(), QueryLimits{}), Admission: NewAdmission(AdmissionLimits{Running: 3, PerClient: 100}), Observe: func(context.Context, Outcome) {}})
	mux := http.NewServeMux()
	mux.Handle("/graphql", h)
	mux.Handle("/q", served(h))
	server := httptest.NewServer(mux)
	defer server.Close()

	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(done)
		extra := synthetic(rounds)
		for i := range rounds {
			c := &corpus{nodes: slices.Clone(base.nodes), papers: base.papers, curated: base.curated}
			added := 0
			for _, n := range extra.nodes {
				if n.Paper != nil && added <= i {
					c.nodes = append(c.nodes, n)
					added++
				}
			}
			info := publish(t, st, c)
			mu.Lock()
			papers[info.ID] = info.Papers
			mu.Unlock()
			newest.Store(int64(info.Papers))
		}
	})
	get := func(target string) (string, string, bool) {
		response, err := server.Client().Get(server.URL + target)
		if err != nil {
			t.Error(err)
			return "", "", false
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("GET %.80s: %s, %v: %.300s", target, response.Status, err, body)
			return "", "", false
		}
		return string(body), response.Header.Get(headerSnapshot), true
	}
	asking := func(ask func()) {
		wg.Go(func() {
			for {
				ask()
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	seen := make(chan string, 1000)
	asking(func() { // counts by three ways agree, and none goes back
		before := newest.Load()
		body, snapshot, ok := get("/graphql?query={stats{papers,snapshot{id}}papers(first:200){totalCount,nodes{id,uses{nodes{id}}}}}")
		if !ok {
			return
		}
		var answer struct {
			Data struct {
				Stats  struct{ Papers int }
				Papers struct {
					TotalCount int
					Nodes      []any
				}
			}
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Error(err)
			return
		}
		n := answer.Data.Stats.Papers
		if answer.Data.Papers.TotalCount != n || len(answer.Data.Papers.Nodes) != n || int64(n) < before || !strings.Contains(body, snapshot) {
			t.Errorf("%d papers, %d counted, %d listed, %d published before", n, answer.Data.Papers.TotalCount, len(answer.Data.Papers.Nodes), before)
		}
		select {
		case seen <- snapshot:
		default:
		}
	})
	asking(func() { // as of the first
		if body, snapshot, ok := get("/graphql?asOf=" + first.ID + "&query={stats{papers}}"); ok && (body != fmt.Sprintf(`{"data":{"stats":{"papers":%d}}}`+"\n", first.Papers) || snapshot != first.ID) {
			t.Errorf("as of the first: %s %s", snapshot, body)
		}
	})
	asking(func() { // a table
		if body, _, ok := get("/q?format=csv&query={papers(first:200){nodes{id,title}}}"); ok && int64(strings.Count(body, "paper:")) < int64(first.Papers) {
			t.Errorf("a table of %s", body)
		}
	})
	asking(func() { // two snapshots in one request
		if body, _, ok := get(`/graphql?query={now:stats{papers}then:stats(asOf:"` + first.ID + `"){papers}snapshots{id}}`); ok && !strings.Contains(body, fmt.Sprintf(`"then":{"papers":%d}`, first.Papers)) {
			t.Errorf("two snapshots: %s", body)
		}
	})
	wg.Wait()
	close(seen)
	mu.Lock()
	defer mu.Unlock()
	for id := range seen {
		if papers[id] == 0 {
			t.Errorf("snapshot %s was never published", id)
		}
	}
}
