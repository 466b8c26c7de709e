package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"papergraph/graph"
)

// abstract is long enough to be taken for one.
const abstract = "We describe a method that does one thing and does it well. It is tried on three tasks and compared with what was known before. It is faster on all of them, and the code is there for everybody to try."

// read is all that Read yields, with the problems as text.
func read(t testing.TB, o Options, paths ...string) (docs []graph.Document, problems []string) {
	t.Helper()
	o.OnProblem = func(p Problem) { problems = append(problems, p.Error()) }
	for d, err := range Read(context.Background(), paths, o) {
		if err != nil {
			problems = append(problems, "END "+err.Error())
			continue
		}
		docs = append(docs, d)
	}
	return docs, problems
}

// readText is what Read makes of text on standard input.
func readText(t testing.TB, text string) ([]graph.Document, []string) {
	t.Helper()
	return read(t, Options{Stdin: strings.NewReader(text)}, "-")
}

func titles(docs []graph.Document) []string {
	var out []string
	for _, d := range docs {
		out = append(out, d.Title)
	}
	return out
}

func write(t testing.TB, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// checkProblems compares problems by a part of each, in order.
func checkProblems(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d problems, want %d: %q", len(got), len(want), got)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("problem %d is %q, want %q in it", i, got[i], want[i])
		}
	}
}

func gzipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReadPacked(t *testing.T) {
	text := `{"title":"One"}` + "\n" + `{"title":"Two"}` + "\n"
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := map[string]string{
		"plain": text,
		"gzip":  gzipped(t, text),
		"zstd":  string(encoder.EncodeAll([]byte(text), nil)),
		"CRLF":  strings.ReplaceAll(text, "\n", "\r\n"),
		"BOM":   "\ufeff" + text,
	}
	for name, order := range map[string]func(rune) []byte{
		"UTF-16LE": func(r rune) []byte { return []byte{byte(r), byte(r >> 8)} },
		"UTF-16BE": func(r rune) []byte { return []byte{byte(r >> 8), byte(r)} },
	} {
		var b bytes.Buffer
		for _, r := range "\ufeff" + text {
			b.Write(order(r))
		}
		packed[name] = b.String()
	}
	if bzip2, err := exec.LookPath("bzip2"); err == nil {
		cmd := exec.Command(bzip2, "-c")
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		packed["bzip2"] = string(out)
	}
	for name, content := range packed {
		t.Run(name, func(t *testing.T) {
			docs, problems := readText(t, content)
			checkProblems(t, problems)
			want := []graph.Document{
				{Title: "One", Origin: graph.Origin{Source: "stdin", Line: 1}},
				{Title: "Two", Origin: graph.Origin{Source: "stdin", Line: 2}},
			}
			if d := cmp.Diff(want, docs); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// Of packed data that end early or are damaged, what stands before is read.
func TestReadDamaged(t *testing.T) {
	var lines strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&lines, "{\"title\":\"Paper %d\",\"abstract\":\"%x\"}\n", i, i*i*7919)
	}
	whole := gzipped(t, lines.String())
	docs, problems := readText(t, whole[:len(whole)/2])
	if len(docs) < 100 || len(docs) >= 5000 {
		t.Errorf("%d papers were read of half the file", len(docs))
	}
	checkProblems(t, problems, "the compressed data end early")

	damaged := []byte(whole)
	damaged[len(damaged)-6]++ // in the checksum
	docs, problems = readText(t, string(damaged))
	if len(docs) != 5000 {
		t.Errorf("%d papers were read before the checksum", len(docs))
	}
	checkProblems(t, problems, "the compressed data are damaged")

	_, problems = readText(t, "\x1f\x8b\x08")
	checkProblems(t, problems, "stdin: the compressed data end early")
	_, problems = readText(t, "\x1f\x8bnot gzip at all")
	checkProblems(t, problems, "stdin: the compressed data are damaged")
	_, problems = readText(t, "\x28\xb5\x2f\xfdnot zstd")
	if len(problems) != 1 {
		t.Errorf("damaged zstd: %q", problems)
	}
	_, problems = readText(t, "BZh9not bzip2")
	checkProblems(t, problems, "stdin: the compressed data are damaged")
}

func TestReadFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "b.json"), `{"title":"B"}`)
	write(t, filepath.Join(dir, "a", "z.json"), `{"title":"A"}`)
	write(t, filepath.Join(dir, ".hidden.json"), `{"title":"H"}`)
	write(t, filepath.Join(dir, ".git", "x.json"), `{"title":"H"}`)
	write(t, filepath.Join(dir, "c.pdf"), "%PDF-1.5 and so on")
	write(t, filepath.Join(dir, "d.txt"), "")
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	docs, problems := read(t, Options{}, dir, filepath.Join(dir, "missing"), filepath.Join(dir, "empty"))
	if d := cmp.Diff([]string{"A", "B"}, titles(docs)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if want := filepath.Join(dir, "a", "z.json"); docs[0].Origin.Source != want {
		t.Errorf("source is %q, want %q", docs[0].Origin.Source, want)
	}
	checkProblems(t, problems,
		filepath.Join(dir, "c.pdf")+": unreadable format: this is a PDF file",
		filepath.Join(dir, "d.txt")+": nothing in it: the file is empty",
		filepath.Join(dir, "missing")+": no such file or directory",
		filepath.Join(dir, "empty")+": nothing in it: no files in this folder")
}

// Where paths lead changes nothing in the names of what is read.
func TestReadLocate(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in", "a.json"), `{"title":"A"}`)
	write(t, filepath.Join(dir, "in", "below", "b.json"), `{"title":"B"}`)
	write(t, filepath.Join(dir, "in", "c.pdf"), "%PDF-1.5 and so on")
	write(t, filepath.Join(dir, "d.json"), `{"title":"D"}`)
	if err := os.Symlink("in", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "e.json")
	write(t, elsewhere, `{"title":"E"}`)
	paths := []string{"in", "./in/", "d.json", "missing", elsewhere, "link/", ".", "in/../d.json", "link"}
	locate := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return dir + "/" + path
	}
	docs, problems := read(t, Options{Locate: locate}, paths...)
	size := Size(locate, paths[:3])
	t.Chdir(dir)
	wantDocs, wantProblems := read(t, Options{}, paths...)
	if d := cmp.Diff(wantDocs, docs); d != "" {
		t.Errorf("documents (-there +from elsewhere):\n%s", d)
	}
	if d := cmp.Diff(wantProblems, problems); d != "" {
		t.Errorf("problems (-there +from elsewhere):\n%s", d)
	}
	if want := Size(nil, paths[:3]); size != want || size == 0 {
		t.Errorf("size %d, want %d", size, want)
	}
}

func TestReadStrict(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want error
		docs int
	}{
		"record": {"{\"title\":\"A\"}\n{]\n{\"title\":\"B\"}\n", ErrRecord, 1},
		"field":  {`[{"title":"A","year":"soon"},{"title":"B"}]`, ErrField, 0},
		"format": {"%PDF-1.4", ErrFormat, 0},
		"empty":  {" \n", ErrEmpty, 0},
	} {
		t.Run(name, func(t *testing.T) {
			docs := 0
			var end error
			for _, err := range Read(context.Background(), []string{"-", "-"}, Options{Strict: true, Stdin: strings.NewReader(tt.text)}) {
				if err != nil {
					end = err
					continue
				}
				docs++
			}
			var p Problem
			if !errors.Is(end, tt.want) || !errors.As(end, &p) || docs != tt.docs {
				t.Errorf("%d papers, then %v; want %d, then %v", docs, end, tt.docs, tt.want)
			}
		})
	}
	_, problems := read(t, Options{Strict: true}, "missing", "missing too")
	checkProblems(t, problems, "END missing: ")
	for _, err := range Read(context.Background(), []string{"missing"}, Options{Strict: true}) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a missing path is %v", err)
		}
	}
}

func TestReadCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	docs := 0
	var end error
	for _, err := range Read(ctx, []string{"-"}, Options{Stdin: strings.NewReader(strings.Repeat("{\"title\":\"A\"}\n", 100))}) {
		if end = err; err == nil {
			docs++
		}
		cancel()
	}
	if docs != 1 || !errors.Is(end, context.Canceled) {
		t.Errorf("%d papers, then %v", docs, end)
	}
}

func TestReadStopped(t *testing.T) {
	for range Read(context.Background(), []string{"-", "-"}, Options{Stdin: strings.NewReader("{\"title\":\"A\"}\n{\"title\":\"B\"}\n")}) {
		break // what is yielded after this panics
	}
}

func TestRecognise(t *testing.T) {
	listing := "new\n\nSubscribe\n\nA Title of a Paper\n\n" + abstract + "\n"
	tests := []struct {
		name, head string
		want       Format
	}{
		{"listing", listing, FormatListing},
		{"listing with CRLF", strings.ReplaceAll(listing, "\n", "\r\n"), FormatListing},
		{"object", `{"title":"A"}`, FormatJSON},
		{"object laid out", "{\n \"title\": \"A\"\n}", FormatJSON},
		{"array", ` [{"title":"A"}]`, FormatJSON},
		{"wrapped", "{\"papers\":[\n{\"title\":\"A\"},\n{\"title\":\"B\"}]}", FormatJSON},
		{"lines", "{\"title\":\"A\"}\n{\"title\":\"B\"}", FormatJSONLines},
		{"lines, second broken", "{\"title\":\"A\"}\n{]", FormatJSONLines},
		{"lines, first broken", "{\"title\":\"A\"\n{\"title\":\"B\"}", FormatJSONLines},
		{"lines, first cut", `{"title":"` + strings.Repeat("a", 100), FormatJSON},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := Recognise([]byte(tt.head)); got != tt.want || err != nil {
				t.Errorf("%v, %v; want %v", got, err, tt.want)
			}
		})
	}
	refused := []struct {
		head, want string
		is         error
	}{
		{"", "empty", ErrEmpty},
		{" \r\n\t", "empty", ErrEmpty},
		{"%PDF-1.7\n", "a PDF file", ErrFormat},
		{"PK\x03\x04....", "a ZIP archive", ErrFormat},
		{"\x1f\x8b\x08....", "compressed twice", ErrFormat},
		{"\xfd7zXZ\x00", "compressed with xz", ErrFormat},
		{"\x89PNG\r\n", "a picture", ErrFormat},
		{"\x7fELF\x02", "a program", ErrFormat},
		{"SQLite format 3\x00", "an SQLite database", ErrFormat},
		{strings.Repeat("x", 257) + "ustar\x0000" + strings.Repeat("x", 300), "a tar archive", ErrFormat},
		{"<!-- saved -->\n<!DOCTYPE html><html>", "an HTML page", ErrFormat},
		{"<HTML>", "an HTML page", ErrFormat},
		{"<?xml version='1.0'?><feed/>", "XML", ErrFormat},
		{"<collection>\n", "XML", ErrFormat},
		{"% refs\n@article{a, title={B}}", "BibTeX", ErrFormat},
		{"TY  - JOUR\nTI  - A\n", "RIS", ErrFormat},
		{"\\documentclass{article}", "a LaTeX document", ErrFormat},
		{"# Heading\n\n" + abstract, "Markdown", ErrFormat},
		{"title,abstract,year\n" + `"A","` + abstract + `",2020`, "a table", ErrFormat},
		{"a\x00b\x01c", "binary data", ErrFormat},
		{strings.Repeat("\xfe\x81 ", 50), "binary data", ErrFormat},
		{"just a line\n\nand another\n", "neither JSON nor", ErrFormat},
		{abstract, "neither JSON nor", ErrFormat},
	}
	for _, tt := range refused {
		t.Run("refused "+tt.want, func(t *testing.T) {
			_, err := Recognise([]byte(tt.head))
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Recognise(%.30q) = %v, want %q", tt.head, err, tt.want)
			}
		})
	}
}

func TestReadUTF32(t *testing.T) {
	_, problems := readText(t, "\xff\xfe\x00\x00{\x00\x00\x00")
	checkProblems(t, problems, "UTF-32")
}

// The real listing has 83 papers. None is lost, none is invented, and none
// keeps residue.
func TestReadRealListing(t *testing.T) {
	docs, problems := read(t, Options{}, sharedFile(t, "seed"))
	checkProblems(t, problems)
	if len(docs) != 83 {
		t.Errorf("%d papers, want 83", len(docs))
	}
	urls := 0
	for _, d := range docs {
		if len(d.Abstract) < 500 {
			t.Errorf("%q has an abstract of %d bytes", d.Title, len(d.Abstract))
		}
		if n := len(d.Title); n < 20 || n > 150 || isChrome([]byte(d.Title)) {
			t.Errorf("%q is no title", d.Title)
		}
		for _, residue := range []string{"\\", "``", "times3", "sim1", "sim2", "sim7", ": //", "  "} {
			if strings.Contains(d.Abstract, residue) {
				t.Errorf("%q keeps %q", d.Title, residue)
			}
		}
		urls += len(urlInText().FindAllString(d.Abstract, -1))
	}
	if urls != 29 {
		t.Errorf("%d web addresses, want 29", urls)
	}
}

// The corpus that comes with the program is a listing of the same papers.
func TestReadCorpus(t *testing.T) {
	docs, problems := read(t, Options{}, filepath.Join("..", "..", "testdata", "corpus"))
	checkProblems(t, problems)
	if len(docs) != 83 {
		t.Errorf("%d papers, want 83", len(docs))
	}
	want, _ := read(t, Options{}, sharedFile(t, "seed"))
	if d := cmp.Diff(titles(want), titles(docs)); d != "" {
		t.Errorf("titles (-listing +corpus):\n%s", d)
	}
}

// Every record of the conference corpus is read; only some fields are no use.
func TestReadConferencePapers(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 110 MB")
	}
	path := sharedFile(t, "data", "conference-papers.jsonl.gz")
	docs, fields := 0, 0
	for d, err := range Read(context.Background(), []string{path}, Options{OnProblem: func(p Problem) {
		if !errors.Is(p, ErrField) {
			t.Errorf("refused: %v", p)
		}
		fields++
	}}) {
		if err != nil {
			t.Fatal(err)
		}
		docs++
		if again := Clean(d.Abstract); again != d.Abstract {
			t.Errorf("%q: cleaning again changes the abstract", d.Title)
		}
	}
	if docs != 85374 {
		t.Errorf("%d papers, want 85374", docs)
	}
	if fields > 40 {
		t.Errorf("%d fields could not be used", fields)
	}
}

// The formats of other systems that are JSON are read as far as their names
// are usual.
func TestReadRealJSON(t *testing.T) {
	for _, tt := range []struct {
		path []string
		docs int
	}{
		{[]string{"arxiv-kaggle", "arxiv-metadata-oai-snapshot-0001-0120.json"}, 120},
		{[]string{"openalex", "works_api_sample5.json"}, 5},
		{[]string{"semantic-scholar", "graph_paper_search.json"}, 5},
		{[]string{"semantic-scholar", "graph_paper_search_bulk.json"}, 1000},
		{[]string{"s2orc", "s2orc_metadata_sample_0001-0250.jsonl"}, 250},
		{[]string{"s2orc", "s2_open_corpus_lines_01-60.jsonl"}, 60},
	} {
		t.Run(tt.path[1], func(t *testing.T) {
			docs, problems := read(t, Options{}, sharedFile(t, append([]string{"data", "formats"}, tt.path...)...))
			if len(docs) != tt.docs {
				t.Errorf("%d papers, want %d; problems: %.5q", len(docs), tt.docs, problems)
			}
		})
	}
}

func BenchmarkReadJSONLines(b *testing.B) {
	// About as much residue as conference abstracts have.
	var lines bytes.Buffer
	for i := range 2000 {
		text := abstract + " " + abstract + " " + abstract + " The code is at https://github.com/a/b."
		switch i % 20 {
		case 0:
			text = strings.ReplaceAll(text, "method", `\emph{method} with $O(n\log n)$ steps`)
		case 1:
			text = strings.ReplaceAll(text, "method", "“method”")
		case 2:
			text = strings.ReplaceAll(text, "faster", "48times faster")
		}
		line, err := json.Marshal(map[string]any{"title": fmt.Sprint("A Paper of Some Length with Number ", i), "abstract": text,
			"authors": []string{"Ada Lovelace", "Charles Babbage"}, "year": 2024, "venue": "Conf", "url": "https://example.org/1"})
		if err != nil {
			b.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	b.SetBytes(int64(lines.Len()))
	b.ReportAllocs()
	docs := 0
	for b.Loop() {
		for _, err := range Read(context.Background(), []string{"-"}, Options{Stdin: bytes.NewReader(lines.Bytes())}) {
			if err != nil {
				b.Fatal(err)
			}
			docs++
		}
	}
	b.ReportMetric(float64(docs)/b.Elapsed().Seconds(), "docs/s")
}

func BenchmarkReadConferencePapers(b *testing.B) {
	path := sharedFile(b, "data", "conference-papers.jsonl.gz")
	b.SetBytes(112_632_842) // unpacked
	b.ReportAllocs()
	docs := 0
	for b.Loop() {
		for _, err := range Read(context.Background(), []string{path}, Options{}) {
			if err != nil {
				b.Fatal(err)
			}
			docs++
		}
	}
	b.ReportMetric(float64(docs)/b.Elapsed().Seconds(), "docs/s")
}

func BenchmarkClean(b *testing.B) {
	for _, text := range []struct{ name, text string }{
		{"plain", abstract + strings.Repeat(" "+abstract, 5)},
		{"residue", strings.Repeat(`We show that $k$-means needs $O(n\log n)$ steps, 48times fewer than \emph{before} in M\'elange. `, 12)},
	} {
		b.Run(text.name, func(b *testing.B) {
			b.SetBytes(int64(len(text.text)))
			b.ReportAllocs()
			for b.Loop() {
				Clean(text.text)
			}
		})
	}
}

// sharedFile finds a file of the data that lies beside the repository, in the
// folder "shared"; the test is skipped where there is none.
func sharedFile(t testing.TB, path ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		shared := filepath.Join(dir, "shared")
		if _, err := os.Stat(filepath.Join(shared, "DESIGN.md")); err == nil {
			file := filepath.Join(append([]string{shared}, path...)...)
			if _, err := os.Stat(file); err != nil {
				t.Skipf("the shared data has no %s", filepath.Join(path...))
			}
			return file
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no folder with shared/DESIGN.md above the test: the shared data is not here")
		}
	}
}
