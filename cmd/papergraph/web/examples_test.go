package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph/build"
	"papergraph/graph/extract"
	"papergraph/graph/lexicon"
	"papergraph/graph/source"
	"papergraph/store"
)

// address is what answers an example in a format.
func (e example) address(format string) string {
	return "/q?" + url.Values{"query": {e.Query}, "variables": {e.Variables}, "format": {format}}.Encode()
}

// Ensure that every example is a valid query that says what it is about, and
// has no errors in a graph in which there is nothing that it names.
func TestExamples(t *testing.T) {
	st := openStore(t)
	publish(t, st, small(t))
	s := newServer(t, st, Options{})
	if len(s.examples) < 20 {
		t.Errorf("%d examples", len(s.examples))
	}
	for _, e := range s.examples {
		t.Run(e.Name, func(t *testing.T) {
			if e.Title == "" || e.About == "" || strings.Contains(e.About, "#") {
				t.Errorf("title %q, about %q", e.Title, e.About)
			}
			got := ask(t, s, "GET", e.address("json"), "Accept", "*/*")
			var answer struct {
				Errors []any
				Data   map[string]any
			}
			if err := json.Unmarshal([]byte(got.body), &answer); err != nil || got.status != 200 || len(answer.Errors) > 0 || len(answer.Data) == 0 {
				t.Errorf("status %d, %v: %s", got.status, err, got.body)
			}
		})
	}
}

const shippedCorpus = "../../../testdata/corpus"

// buildCorpus builds the shipped corpus without its last paper, then all of it,
// so that something has changed.
func buildCorpus(t *testing.T) *store.Store {
	t.Helper()
	lex, err := lexicon.Default()
	if err != nil {
		t.Fatal(err)
	}
	x, err := extract.New(lex, extract.Options{})
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	for d, err := range source.Read(t.Context(), []string{shippedCorpus}, source.Options{Strict: true}) {
		if err != nil {
			t.Fatal(err)
		}
		last = d.Title
	}
	text, err := os.ReadFile(filepath.Join(shippedCorpus, "listing.txt"))
	if err != nil {
		t.Fatal(err)
	}
	before, _, ok := bytes.Cut(text, []byte(last))
	if !ok {
		t.Fatalf("%q is not in the listing", last)
	}
	part := filepath.Join(t.TempDir(), "listing.txt")
	if err := os.WriteFile(part, before, 0o666); err != nil {
		t.Fatal(err)
	}
	st := openStore(t)
	for _, path := range []string{part, shippedCorpus} {
		if _, err := build.Run(context.Background(), build.Options{Store: st, Paths: []string{path}, Lexicon: lex, Extractor: x, Strict: true}); err != nil {
			t.Fatal(err)
		}
	}
	return st
}

// Ensure that the examples answer about the shipped corpus what was checked
// against its text, and the last of the questions in other formats too.
func TestExampleAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the shipped corpus")
	}
	s := newServer(t, buildCorpus(t), Options{})
	clock := regexp.MustCompile(`"time": "[^"]*"`)
	for _, e := range s.examples {
		formats := []string{"json"}
		if e.Name == "20-drawing" {
			formats = append(formats, "csv", "dot", "mermaid")
		}
		for _, format := range formats {
			t.Run(e.Name+"/"+format, func(t *testing.T) {
				got := ask(t, s, "GET", e.address(format), "Accept", "*/*")
				if got.status != 200 {
					t.Fatalf("status %d: %s", got.status, got.body)
				}
				answer := []byte(got.body)
				if format == "json" {
					var b bytes.Buffer
					if err := json.Indent(&b, answer, "", "  "); err != nil {
						t.Fatal(err)
					}
					answer = clock.ReplaceAll(b.Bytes(), []byte(`"time": "(some time)"`))
				}
				golden := filepath.Join("testdata", "examples", e.Name+"."+format)
				if *update {
					if err := os.WriteFile(golden, answer, 0o666); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), string(answer)); diff != "" {
					t.Errorf("%s (-want +got); go test -run TestExampleAnswers -update writes it anew: check it against the papers\n%s", golden, diff)
				}
			})
		}
	}
}
