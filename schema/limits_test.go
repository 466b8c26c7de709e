package schema

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"papergraph/store"
)

// The attacks that this engine is known to be open to by itself, each with the
// work that it may cause: how many fields are resolved, how much is read, and
// how large the answer is.
func TestAttacks(t *testing.T) {
	// A tenth of what is allowed by default where work is counted, and no
	// deadline, so that the counts decide and not the clock.
	s := schemaOf(t, synthetic(100), Options{Limits: Limits{Nodes: 2_000, Fields: 10_000, Text: 1 << 20, Deadline: time.Hour}})
	doubling := func(levels int) string {
		var b strings.Builder
		b.WriteString("{papers(first:1){nodes{...F0}}}")
		for i := range levels {
			fmt.Fprintf(&b, " fragment F%d on Paper{...F%d ...F%d}", i, i+1, i+1)
		}
		fmt.Fprintf(&b, " fragment F%d on Paper{title}", levels)
		return b.String()
	}
	nested := "title"
	for range 12 {
		nested = "citedBy{nodes{" + nested + "}}"
	}
	aliases := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format+" ", i)
		}
		return "{" + b.String() + "}"
	}
	fan := "title"
	for range 3 {
		fan = "uses(first:200){nodes{usedBy(first:200){nodes{" + fan + "}}}}"
	}
	for _, tt := range []struct {
		name, query string
		code        Code
		contains    string // in the first error
		maxFields   int
		maxNodes    int
	}{
		{"one field 2,000 times", "{stats{" + strings.Repeat("papers ", 2000) + "}}", CodeValidation, "10000", 0, 0},
		{"a list 2,000 times", "{" + strings.Repeat("papers{totalCount} ", 1500) + "}", CodeValidation, "10000", 0, 0},
		{"too long", "{stats{papers}}" + strings.Repeat(" ", 32<<10), CodeValidation, "32768 bytes", 0, 0},
		{"too deep", "{papers{nodes{" + nested + "}}}", CodeValidation, "max depth 15", 0, 0},
		{"fragments that double 13 times", doubling(13), CodeValidation, "", 0, 0},
		{"fragments that double 11 times", doubling(11), CodeValidation, "", 0, 0},
		{"a cycle of fragments", "{papers{nodes{...A}}} fragment A on Paper{title cites{nodes{...B}}} fragment B on Paper{cites{nodes{...A}}}", CodeValidation, "", 0, 0},
		{"a fragment in itself", "{papers{nodes{...A}}} fragment A on Paper{title ...A}", CodeValidation, "", 0, 0},
		{"1,500 unknown fields", "{" + strings.Repeat("unknown ", 1500) + "}", CodeValidation, "", 0, 0},
		{"2,000 unknown directives", "{stats{papers " + strings.Repeat("@a ", 2000) + "}}", CodeValidation, "", 0, 0},
		{"wide and deep", "{papers(first:200){nodes{" + fan + "}}}", CodeBudget, "at most 2000", 10_000, 10_000},
		{"100 lists", aliases(100, "a%d:papers(first:200){nodes{id}}"), CodeBudget, "at most 2000", 10_000, 12_000},
		{"100 searches", aliases(100, `a%d:search(text:"paper number"){hits{score}}`), CodeBudget, "at most 2000", 10_000, 12_000},
		{"100 connections of 100 papers", "{papers(first:200){nodes" + aliases(100, "a%d:uses(last:%[1]d){totalCount}") + "}}", CodeBudget, "at most 2000", 12_000, 12_000},
		{"100 subgraphs", aliases(100, "a%d:subgraph(maxNodes:500){title}"), CodeBudget, "at most 2000", 100, 100*2500 + 1},
		{"100 paths", aliases(100, `a%d:path(from:"Method 0" to:"Method 1" maxLength:6){complete}`), CodeBudget, "at most 2000", 10_000, 110_000},
		{"200 abstracts of 100 papers", "{papers(first:200){nodes" + aliases(200, "a%d:abstract") + "}}", CodeBudget, "bytes of text", 21_000, 250},
		{"200 ids of 100 papers", "{papers(first:200){nodes" + aliases(200, "a%d:id") + "}}", CodeBudget, "too many fields", 21_000, 250},
		{"introspection of everything by way of everything", "{__schema{types{" + strings.Repeat("possibleTypes{interfaces{", 5) + "fields{name}" + strings.Repeat("}}", 5) + "}}}", CodeBudget, "too many fields", 100_000, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := s.Exec(context.Background(), Request{Query: tt.query})
			if len(r.Errors) == 0 {
				t.Fatalf("no error; %d fields", r.Fields)
			}
			first := r.Errors[0]
			if first.Extensions.Code != tt.code || !strings.Contains(first.Message, tt.contains) {
				t.Errorf("first of %d errors: %s %q, want %s with %q", len(r.Errors), first.Extensions.Code, first.Message, tt.code, tt.contains)
			}
			if n := r.Fields; n > tt.maxFields {
				t.Errorf("%d fields were resolved, at most %d may be", n, tt.maxFields)
			}
			if r.Nodes > tt.maxNodes {
				t.Errorf("%d nodes, at most %d may be", r.Nodes, tt.maxNodes)
			}
			b, err := r.JSON()
			if err != nil {
				t.Fatal(err)
			}
			if limit := 20*1000 + len(r.Data); len(r.Errors) > 20 || len(b) > limit {
				t.Errorf("%d errors in %d bytes, at most 20 in %d", len(r.Errors), len(b), limit)
			}
			t.Logf("%d fields, %d spent, %d bytes, %d errors + %d, first: %s", r.Fields, r.Nodes, len(b), len(r.Errors), r.ErrorsOmitted, first.Message)
		})
	}
}

// A schema that is closed tells nothing about itself.
func TestNoIntrospection(t *testing.T) {
	open, closed := schemaOf(t, small(t), Options{}), schemaOf(t, small(t), Options{NoIntrospection: true})
	for _, tt := range []struct{ query, told string }{
		{"{__schema{types{name}}}", `"Paper"`},
		{`{__type(name:"Paper"){fields{name}}}`, `"title"`},
		{"{stats{paper}}", "papers"},
		{"{paperz{totalCount}}", "papers"},
		{`{papers(where:{nam:{eq:"x"}}){totalCount}}`, "name"},
		{"{stats}", "selection of subfields"},
	} {
		told, err := open.Exec(t.Context(), Request{Query: tt.query}).JSON()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(told), tt.told) {
			t.Errorf("%s: %s", tt.query, told)
		}
		refused, err := closed.Exec(t.Context(), Request{Query: tt.query}).JSON()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(refused), "Did you mean") || strings.Contains(string(refused), `"Paper"`) || strings.Contains(string(refused), `"title"`) {
			t.Errorf("%s: %s", tt.query, refused)
		}
	}
	if r := closed.Exec(t.Context(), Request{Query: "{__typename stats{papers __typename}}"}); r.Err() != nil {
		t.Error(r.Err())
	}
}

// Queries that people write are well inside the limits.
func TestLargeHonestQueries(t *testing.T) {
	s := schemaOf(t, synthetic(300), Options{})
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, "a%d: paper(id: \"Paper number %d\") { title year uses(first: 5) { nodes { name } } } ", i, i)
	}
	for _, query := range []string{
		"{" + b.String() + "}",
		"{papers(first:200){nodes{title year uses{edges{confidence evidence{quote} node{name}}} authoredBy{nodes{name papers(first:5){nodes{title}}}}}}}",
	} {
		r := s.Exec(context.Background(), Request{Query: query})
		if err := r.Err(); err != nil {
			t.Errorf("%.100s: %v", query, err)
		}
		t.Logf("%.60s: %d of the budget", query, r.Nodes)
	}
}

// A level that goes beyond the budget fails, what was read before stays.
func TestBudget(t *testing.T) {
	s := schemaOf(t, synthetic(100), Options{Limits: Limits{Nodes: 80}})
	r := s.Exec(context.Background(), Request{Query: "{papers(first:20){totalCount nodes{id uses{nodes{id}}}}}"})
	if len(r.Errors) != 20 || r.ErrorsOmitted != 0 || r.Errors[0].Extensions.Code != CodeBudget || !strings.Contains(r.Errors[0].Message, "at most 80 are allowed") {
		t.Errorf("%d errors: %v", len(r.Errors), r.Err())
	}
	if !strings.HasPrefix(string(r.Data), `{"papers":{"totalCount":100,"nodes":[{"id":"paper:paper-number-24","uses":null},`) {
		t.Errorf("data %s", r.Data)
	}
}

// What a query is charged is what it hands out.
func TestCharges(t *testing.T) {
	s := schemaOf(t, synthetic(100), Options{})
	// One list, its 20 papers and a connection of each, what these lead to, and
	// a connection wherever a method is handed out. All but the last are reads.
	snap, release, err := s.source.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ids, err := snap.List("paper", "", 20)
	if err != nil {
		t.Fatal(err)
	}
	edges := 0
	for _, id := range ids {
		ns, err := snap.Neighbors(context.Background(), id, out("uses"))
		if err != nil {
			t.Fatal(err)
		}
		edges += len(ns)
	}
	r := s.Exec(context.Background(), Request{Query: "{papers(first:20){nodes{uses{nodes{usedBy(first:0){totalCount}}}}}}"})
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	if want := 1 + 20 + 20 + edges + edges; r.Nodes != want {
		t.Errorf("%d nodes, want %d: %d edges", r.Nodes, want, edges)
	}
}

func TestDeadlineAndCancellation(t *testing.T) {
	s := schemaOf(t, small(t), Options{Limits: Limits{Deadline: time.Nanosecond}})
	r := s.Exec(context.Background(), Request{Query: "{stats{papers}}"})
	if len(r.Errors) != 1 || r.Errors[0].Extensions.Code != CodeTimeout || r.Data != nil || !strings.Contains(r.Errors[0].Message, "1ns") {
		t.Errorf("deadline: %v, %s", r.Err(), r.Data)
	}
	got, body := call(t, NewHandler(s, HandlerOptions{}), "GET", "/?query={stats{papers}}", "")
	if got.StatusCode != 503 || !strings.Contains(body, "TIMEOUT") {
		t.Errorf("deadline over HTTP: %d %s", got.StatusCode, body)
	}
	s = schemaOf(t, small(t), Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r = s.Exec(ctx, Request{Query: "{stats{papers}}"})
	if len(r.Errors) != 1 || r.Errors[0].Extensions.Code != CodeCancelled {
		t.Errorf("cancelled: %v", r.Err())
	}
}

// broken is a source whose list of snapshots fails or panics.
type broken struct {
	Source
	err error // nil panics
}

func (b broken) Snapshots() ([]store.Info, error) {
	if b.err == nil {
		panic("a bug")
	}
	return nil, b.err
}

// What goes wrong inside is in the log, under the id that the answer has, and
// nowhere else.
func TestInternalErrors(t *testing.T) {
	st := openStore(t)
	publish(t, st, small(t))
	secret := errors.New("/secret/path is damaged")
	for _, tt := range []struct {
		name string
		err  error
		in   string
	}{
		{"error", secret, "/secret/path is damaged"},
		{"panic", nil, "panic: a bug"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log strings.Builder
			s, err := New(broken{FromStore(st), tt.err}, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			_, body := call(t, NewHandler(s, HandlerOptions{}), "POST", "/", `{"query":"{stats{papers} snapshots{id}}"}`, "Content-Type", "application/json", headerRequestID, "the-request")
			want := `{"errors":[{"message":"internal error; the log has its cause under the-request","path":["snapshots"],"extensions":{"code":"INTERNAL","id":"the-request"}}],"data":{"stats":{"papers":3},"snapshots":null}}` + "\n"
			if body != want {
				t.Errorf("%s\nwant %s", body, want)
			}
			if got := log.String(); !strings.Contains(got, tt.in) || !strings.Contains(got, "request=the-request") || !strings.Contains(got, "snapshots") ||
				strings.Contains(got, "stack=") != (tt.err == nil) {
				t.Errorf("log: %s", got)
			}
		})
	}
}

// A read that panics is an error for the sibling that did it and for those that
// waited.
func TestSharedReadThatPanics(t *testing.T) {
	var l loads
	func() {
		defer func() { _ = recover() }()
		_, _ = shared(&l, 1, func() (int, error) { panic("a bug") })
	}()
	if _, err := shared(&l, 1, func() (int, error) { return 1, nil }); !errors.Is(err, errUnfinished) {
		t.Errorf("the second gets %v", err)
	}
	if n, err := shared(&l, 2, func() (int, error) { return 2, nil }); n != 2 || err != nil {
		t.Errorf("another read gives %d, %v", n, err)
	}
}

// Searches take memory for every node of the graph, so that however many fields
// and requests ask for one, as many go on as there is room for; those that wait
// end with their request.
func TestSweepsWaitForRoom(t *testing.T) {
	s := schemaOf(t, synthetic(20), Options{Limits: Limits{Deadline: 50 * time.Millisecond}})
	for range cap(s.sweeps) {
		s.sweeps <- struct{}{}
	}
	queries := []string{
		`{search(text:"method"){hits{score}}}`,
		`{papers(matching:"paper"){totalCount}}`,
		`{papers(yearFrom:2000){totalCount}}`,
		`{subgraph(search:"method"){nodes{id}}}`,
		`{path(from:"Method 0" to:"Method 1"){complete}}`,
		`{related(id:"Method 0"){score}}`,
		`{bridges(from:"Method 0" to:"Method 1"){complete}}`,
		`{leaderboard{totalCount}}`,
		`{gaps{oneNeighbour{totalCount}}}`,
		`{suggest(prefix:"meth"){id}}`,
	}
	for _, q := range queries {
		got := s.Exec(t.Context(), Request{Query: q})
		if len(got.Errors) != 1 || got.Errors[0].Extensions.Code != CodeTimeout {
			t.Errorf("%s without room: errors %v, want one with code %s", q, got.Errors, CodeTimeout)
		}
	}
	for range cap(s.sweeps) {
		<-s.sweeps
	}
	s.limits.Deadline = time.Hour
	for _, q := range queries {
		if err := s.Exec(t.Context(), Request{Query: q}).Err(); err != nil {
			t.Errorf("%s with room: %v", q, err)
		}
	}
	if n := len(s.sweeps); n != 0 {
		t.Errorf("%d places are taken after all requests have ended", n)
	}
}
