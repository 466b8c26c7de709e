package source

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

func newInput(text string) *input {
	return &input{r: bufio.NewReaderSize(strings.NewReader(text), headSize), line: 1}
}

func checkDocument(t *testing.T, d graph.Document) {
	t.Helper()
	if err := d.Check(); err != nil {
		t.Fatalf("yielded: %v", err)
	}
	if Clean(d.Title) != d.Title || Clean(d.Abstract) != d.Abstract {
		t.Fatalf("yielded text that is not clean: %q, %q", d.Title, d.Abstract)
	}
}

func TestReadJSONForms(t *testing.T) {
	tests := []struct {
		name, text string
		titles     []string
		lines      []int
		problems   []string
	}{
		{name: "object", text: `{"title":"A"}`, titles: []string{"A"}, lines: []int{1}},
		{name: "array", text: "[\n{\"title\":\"A\"},\n\n{\"title\":\"B\"}\n]", titles: []string{"A", "B"}, lines: []int{2, 4}},
		{name: "array laid out", text: "[\n {\n  \"title\": \"A\"\n },\n {\n  \"title\": \"B\"\n }\n]", titles: []string{"A", "B"}, lines: []int{2, 5}},
		{name: "array on a line", text: `[{"title":"A"},{"title":"B"}]`, titles: []string{"A", "B"}, lines: []int{1, 1}},
		{name: "wrapped", text: "{\"total\":2,\n\"papers\":[{\"title\":\"A\"},\n{\"title\":\"B\"}],\"next\":{\"x\":[1]}}", titles: []string{"A", "B"}, lines: []int{2, 3}},
		{name: "wrapped twice", text: `{"status":"ok","message":{"total":1,"items":[{"title":"A"}]}}`, titles: []string{"A"}, lines: []int{1}},
		{name: "an object with a wrapper's name inside", text: `{"title":"A","data":[{"title":"not a paper"}]}`, titles: []string{"A"}, lines: []int{1}},
		{name: "the same before the title", text: `{"data":[],"title":"A"}`, titles: []string{"A"}, lines: []int{1}},
		{name: "nulls", text: `[null,{"title":"A"},null]`, titles: []string{"A"}, lines: []int{1}},
		{name: "objects in a row", text: "{\n\"title\":\"A\"\n}\n{\n\"title\":\"B\"\n}", titles: []string{"A", "B"}, lines: []int{1, 4}},
		{name: "lines", text: "{\"title\":\"A\"}\n\n  {\"title\":\"B\"}  \r\n", titles: []string{"A", "B"}, lines: []int{1, 3}},
		{name: "lines with commas", text: "{\"title\":\"A\"},\n{\"title\":\"B\"},\n", titles: []string{"A", "B"}, lines: []int{1, 2}},

		{
			name:     "broken line 7",
			text:     lines(6) + "{\"title\":\"broken\",,}\n" + lines(3),
			titles:   []string{"P0", "P1", "P2", "P3", "P4", "P5", "P0", "P1", "P2"},
			lines:    []int{1, 2, 3, 4, 5, 6, 8, 9, 10},
			problems: []string{"stdin:7: record 7: bad record: not valid JSON: "},
		},
		{
			name:     "broken first line",
			text:     "{\"title\":\"broken\"\n" + lines(2),
			titles:   []string{"P0", "P1"},
			lines:    []int{2, 3},
			problems: []string{"stdin:1: record 1: bad record: not valid JSON: a bracket or a quote is not closed"},
		},
		{
			name:     "broken last line",
			text:     lines(2) + `{"title":"bro`,
			titles:   []string{"P0", "P1"},
			lines:    []int{1, 2},
			problems: []string{"stdin:3: record 3: bad record: not valid JSON: a bracket or a quote is not closed"},
		},
		{
			name:     "broken element",
			text:     "[{\"title\":\"A\"},\n{\"title\":\n\"B\" \"C\"},\n{\"title\":\"D\"}]",
			titles:   []string{"A", "D"},
			lines:    []int{1, 4},
			problems: []string{"stdin:3: record 2: bad record: not valid JSON"},
		},
		{
			name:     "a quote missing in an element",
			text:     "[{\"title\":\"A},\n{\"title\":\"B\"}]",
			problems: []string{"stdin:1: record 1: bad record: not valid JSON", "stdin:2: bad record: the text ends inside a JSON value"},
		},
		{
			name:     "a document cut short",
			text:     `[{"title":"A"},{"title":"B","x":[1,2`,
			titles:   []string{"A"},
			lines:    []int{1},
			problems: []string{"stdin:1: bad record: the text ends inside a JSON value; what stands before is read"},
		},
		{
			name:     "wrong types",
			text:     "[1,\"x\",[{\"title\":\"no\"}],true,{\"title\":5},{\"title\":\"A\",\"abstract\":{\"x\":1}},{\"abstract\":\"a\"},{\"title\":\" \"},{\"title\":\"B\"}]",
			titles:   []string{"B"},
			lines:    []int{1},
			problems: []string{"record 1: bad record: a number stands where a paper should be", "a string stands", "a list stands", "true or false stands", `record 5: bad record: "title" is a number, text was expected`, `"abstract" is an object`, "no title", "no title"},
		},
		{
			name:     "lines of other types",
			text:     lines(1) + "[{\"title\":\"no\"}]\n\"x\"\nnonsense\n" + lines(1),
			titles:   []string{"P0", "P0"},
			lines:    []int{1, 5},
			problems: []string{"stdin:2: record 2: bad record: a list stands", "stdin:3: record 3: bad record: a string stands", "stdin:4: record 4: bad record"},
		},
		{
			name:     "invalid UTF-8",
			text:     lines(1) + "{\"title\":\"tr\xe8s\"}\n" + lines(1),
			titles:   []string{"P0", "P0"},
			lines:    []int{1, 3},
			problems: []string{"stdin:2: record 2: bad record: text is not valid UTF-8; convert the file"},
		},
		{
			name:     "more after the array",
			text:     `[{"title":"A"}] x`,
			titles:   []string{"A"},
			lines:    []int{1},
			problems: []string{`stdin:1: bad record: 'x' stands where a JSON object or array should begin`},
		},
		{name: "no records", text: `[]`, problems: []string{"stdin: nothing in it: no records"}},
		{name: "a wrapper of nothing", text: `{"message":{"total":0}}`, problems: []string{"stdin: nothing in it: no records"}},
		{name: "an object of something else", text: `{"name":"x","version":1}`, problems: []string{"stdin:1: record 1: bad record: no title"}},
		{
			name:     "a title of a megabyte",
			text:     lines(1) + `{"title":"` + strings.Repeat("x", 1<<20) + "\"}\n" + lines(1),
			titles:   []string{"P0", "P0"},
			lines:    []int{1, 3},
			problems: []string{"stdin:2: bad record: unusable document: title of 1048576 bytes"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, problems := readText(t, tt.text)
			var at []int
			for _, d := range docs {
				at = append(at, d.Origin.Line)
			}
			if d := cmp.Diff(tt.titles, titles(docs)); d != "" {
				t.Errorf("titles (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.lines, at); d != "" {
				t.Errorf("lines (-want +got):\n%s", d)
			}
			checkProblems(t, problems, tt.problems...)
		})
	}
}

// lines is n records, a line each.
func lines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{\"title\":\"P%d\"}\n", i)
	}
	return b.String()
}

// endless is a source of 'x' that takes no memory.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// A record that is too long, even of 50 MB, is refused with its place, the
// next is read, and memory stays bounded.
func TestReadJSONTooLong(t *testing.T) {
	for name, text := range map[string][3]string{
		"line":           {lines(2) + `{"title":"`, "\"}\n", lines(2)},
		"first line":     {"{\"title\":\"", "\"}\n", lines(2)},
		"element":        {"[{\"title\":\"A\"},\n\n{\"title\":\"", "\"},\n", "{\"title\":\"B\"}]"},
		"wrapped":        {"{\"papers\":[{\"title\":\"A\"},{\"abstract\":[\"", "\"]},", "{\"title\":\"B\"}]}"},
		"never ending":   {"[{\"title\":\"A\"},{\"title\":\"", "", ""},
		"no record":      {"[{\"title\":\"A\"},\"", "\",", "{\"title\":\"B\"}]"},
		"no JSON at all": {"{", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			size := int64(maxRecord + 1)
			if name == "line" || name == "element" {
				size = 50 << 20
			}
			var problems []string
			docs := 0
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			in := io.MultiReader(strings.NewReader(text[0]), io.LimitReader(endless{}, size), strings.NewReader(text[1]+text[2]))
			for _, err := range Read(context.Background(), []string{"-"}, Options{Stdin: in, OnProblem: func(p Problem) { problems = append(problems, p.Error()) }}) {
				if err != nil {
					t.Fatal(err)
				}
				docs++
			}
			runtime.ReadMemStats(&after)
			if len(problems) != 1 {
				t.Fatalf("problems: %.200q", problems)
			}
			t.Logf("%d papers; %.100s", docs, problems[0])
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 200<<20 {
				t.Errorf("%d MiB were allocated", grown>>20)
			}
		})
	}
}

func TestRecordFields(t *testing.T) {
	tests := []struct {
		name, text string
		want       graph.Document // but for title and origin
		problems   []string
	}{
		{"nothing else", `{"title":"T"}`, graph.Document{}, nil},
		{"nulls and empty strings", `{"title":"T","abstract":null,"year":null,"authors":null,"doi":"","url":null,"code":"","keywords":[]}`, graph.Document{}, nil},
		{"abstract before summary", `{"title":"T","summary":"S","abstract":"A","description":"D"}`, graph.Document{Abstract: "A"}, nil},
		{"summary", `{"Title":"T","summary":"S\n s"}`, graph.Document{Abstract: "S s"}, nil},
		{"abstract in parts", `{"title":["T"],"abstract":["A.",{"text":"B."}]}`, graph.Document{Abstract: "A. B."}, nil},
		{"year", `{"title":"T","year":2021,"date":"1999"}`, graph.Document{Year: 2021}, nil},
		{"year as text", `{"title":"T","year":"2021"}`, graph.Document{Year: 2021}, nil},
		{"date", `{"title":"T","published":"2021-06-17T17:37:18Z"}`, graph.Document{Year: 2021}, nil},
		{"date in words", `{"title":"T","date":"17 June 2021"}`, graph.Document{Year: 2021}, nil},
		{"no year", `{"title":"T","year":"in press"}`, graph.Document{}, []string{`bad field: "year": "in press" is not a year or a date`}},
		{"half a year", `{"title":"T","year":20.5}`, graph.Document{}, []string{`bad field: "year": 20.5`}},
		{"venue", `{"title":"T","venue":"NeurIPS","journal":"J"}`, graph.Document{Venue: "NeurIPS"}, nil},
		{"booktitle", `{"title":"T","booktitle":"Proc.\u00a0of \\& X"}`, graph.Document{Venue: "Proc. of & X"}, nil},
		{"journal object", `{"title":"T","journal":{"name":"J","volume":"1"}}`, graph.Document{Venue: "J"}, nil},
		{"venue of no use", `{"title":"T","venue":7}`, graph.Document{}, []string{`bad field: "venue": 7 is not a name`}},

		{"author list", `{"title":"T","authors":["Ada Lovelace"," Erd\\H{o}s, Paul ","Ada Lovelace","King, Jr.",""]}`, graph.Document{Authors: []string{"Ada Lovelace", "Paul Erdős", "King Jr."}}, nil},
		{"author objects", `{"title":"T","authors":[{"name":"A B","authorId":"1"},{"given":"C","family":"D"},{"first":"E","middle":["F."],"last":"G","suffix":""},{"author":{"display_name":"H I"}}]}`, graph.Document{Authors: []string{"A B", "C D", "E F. G", "H I"}}, nil},
		{"author semicolons", `{"title":"T","authors":"Lovelace, Ada; Charles Babbage ;"}`, graph.Document{Authors: []string{"Ada Lovelace", "Charles Babbage"}}, nil},
		{"author commas", `{"title":"T","authors":"Ada Lovelace, Charles Babbage and Luigi Menabrea"}`, graph.Document{Authors: []string{"Ada Lovelace", "Charles Babbage", "Luigi Menabrea"}}, nil},
		{"author commas with an Oxford one", `{"title":"T","authors":"A B, C D, and E F, Jr."}`, graph.Document{Authors: []string{"A B", "C D", "E F Jr."}}, nil},
		{"BibTeX authors", `{"title":"T","author":"Lovelace, Ada and von Neumann, John and\n Babbage, Charles"}`, graph.Document{Authors: []string{"Ada Lovelace", "John von Neumann", "Charles Babbage"}}, nil},
		{"one author", `{"title":"T","author":"Ada Lovelace"}`, graph.Document{Authors: []string{"Ada Lovelace"}}, nil},
		{"Anderson is one name", `{"title":"T","author":"Pamela Anderson"}`, graph.Document{Authors: []string{"Pamela Anderson"}}, nil},
		{"authors of no use", `{"title":"T","authors":[{"x":1},"A B"]}`, graph.Document{Authors: []string{"A B"}}, []string{`bad field: "authors": a list is not a list of names`}},

		{"keywords", `{"title":"T","keywords":["a b","c","a b"]}`, graph.Document{Keywords: []string{"a b", "c"}}, nil},
		{"keyword string", `{"title":"T","keywords":"a b; c, d"}`, graph.Document{Keywords: []string{"a b", "c, d"}}, nil},
		{"keyword commas", `{"title":"T","keywords":"a b, c"}`, graph.Document{Keywords: []string{"a b", "c"}}, nil},
		{"keyword objects", `{"title":"T","keywords":[{"display_name":"a"},{"keyword":"b"}]}`, graph.Document{Keywords: []string{"a", "b"}}, nil},

		{"ids", `{"title":"T","doi":"https://doi.org/10.1000/ABC","arxiv_id":"arXiv:2106.09685v2","acl_id":"2021.acl-long.24","openalex":"https://openalex.org/W123456","corpusId":215416146,"paperId":"649def34f8be52c8b66281af98ae884c09aef38b"}`, graph.Document{OutsideIDs: []graph.OutsideID{
			{Scheme: "acl", Value: "2021.acl-long.24"}, {Scheme: "arxiv", Value: "2106.09685"}, {Scheme: "doi", Value: "10.1000/abc"}, {Scheme: "openalex", Value: "W123456"},
			{Scheme: "s2", Value: "215416146"}, {Scheme: "s2", Value: "649def34f8be52c8b66281af98ae884c09aef38b"},
		}}, nil},
		{"ids in addresses", `{"title":"T","url":["https://arxiv.org/pdf/2106.09685v1.pdf","https://aclanthology.org/P19-1007/","https://example.org/x"],"id":"https://openalex.org/W99999"}`, graph.Document{OutsideIDs: []graph.OutsideID{
			{Scheme: "acl", Value: "P19-1007"}, {Scheme: "arxiv", Value: "2106.09685"}, {Scheme: "openalex", Value: "W99999"}, {Scheme: "url", Value: "https://example.org/x"},
		}}, nil},
		{"external ids", `{"title":"T","externalIds":{"DOI":"10.1000/x","ArXiv":"2106.09685","CorpusId":7,"MAG":"1","ACL":null}}`, graph.Document{OutsideIDs: []graph.OutsideID{
			{Scheme: "arxiv", Value: "2106.09685"}, {Scheme: "doi", Value: "10.1000/x"}, {Scheme: "s2", Value: "7"},
		}}, nil},
		{"old arXiv id", `{"title":"T","eprint":"hep-th/9901001"}`, graph.Document{OutsideIDs: []graph.OutsideID{{Scheme: "arxiv", Value: "hep-th/9901001"}}}, nil},
		{"ids of other systems", `{"title":"T","id":"paper-7","paperId":"X9","eprint":"1999/001"}`, graph.Document{}, nil},
		{"ids that are not there", `{"title":"T","doi":"N/A","arxiv":"none"}`, graph.Document{}, nil},
		{"bad ids", `{"title":"T","doi":"see below","arxiv":2106.09685}`, graph.Document{}, []string{`bad field: "doi": "see below" is not a DOI`, `bad field: "arxiv": 2106.09685 is not an arXiv id`}},

		{"links", `{"title":"T","github":"github.com/a/b","code":"https://github.com/a/b","project":"https: //x.org/p","demo":"http://d.org."}`, graph.Document{Links: []graph.Link{
			{Kind: graph.LinkCode, URL: "https://github.com/a/b"}, {Kind: graph.LinkProject, URL: "https://x.org/p"}, {Kind: graph.LinkDemo, URL: "http://d.org"},
		}}, nil},
		{"links in Markdown and lists", `{"title":"T","code":["[![github](/images/icon.svg)](https://github.com/a/b)","a.org/x; b.org/y"]}`, graph.Document{Links: []graph.Link{
			{Kind: graph.LinkCode, URL: "https://github.com/a/b"}, {Kind: graph.LinkCode, URL: "https://a.org/x"}, {Kind: graph.LinkCode, URL: "https://b.org/y"},
		}}, nil},
		{"bad link", `{"title":"T","code":"this URL"}`, graph.Document{}, []string{`bad field: "code": "this URL" is not a web address`}},
		{"duplicate names", `{"title":"T","year":2020,"year":2021}`, graph.Document{Year: 2021}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, problems := readText(t, tt.text)
			checkProblems(t, problems, tt.problems...)
			tt.want.Title, tt.want.Origin = "T", graph.Origin{Source: "stdin", Line: 1}
			if d := cmp.Diff([]graph.Document{tt.want}, docs); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// Whatever the JSON, a reader ends, and yields only documents that a graph can
// take, the same each time.
func FuzzJSON(f *testing.F) {
	f.Add(`[{"title":"A","authors":"B, C and D","year":"2020"},{]},null,3]`)
	f.Add("{\"title\":\"A\"}\n{\"title\":\n{\"title\":\"B\",\"externalIds\":{\"DOI\":\"10.1000/1\"}}\n")
	f.Add(`{"total":1,"message":{"items":[{"title":["A"],"abstract":"<jats:p>x</jats:p>"}]}}`)
	f.Add(`{"title":"\ud83d","code":"[x](https://a.org)","doi":1e300}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, reader := range []func(*sink, *input) bool{readJSON, readJSONLines} {
			var got [2][]graph.Document
			for i := range got {
				s := &sink{ctx: context.Background(), yield: func(d graph.Document, err error) bool {
					if err == nil {
						checkDocument(t, d)
						got[i] = append(got[i], d)
					}
					return true
				}}
				reader(s, newInput(text))
			}
			if d := cmp.Diff(got[0], got[1]); d != "" {
				t.Fatalf("read twice (-first +second):\n%s", d)
			}
		}
	})
}

// Whatever the bytes, reading ends and yields only documents that a graph can
// take.
func FuzzRead(f *testing.F) {
	f.Add([]byte(gzipped(f, lines(3))))
	f.Add([]byte("\xff\xfe{\x00}\x00"))
	f.Add([]byte("\x28\xb5\x2f\xfd\x00"))
	f.Add([]byte("BZh91AY&SY"))
	f.Add([]byte("A\n\n" + abstract))
	f.Fuzz(func(t *testing.T, data []byte) {
		for d, err := range Read(context.Background(), []string{"-"}, Options{Stdin: strings.NewReader(string(data))}) {
			if err != nil {
				t.Fatal(err)
			}
			checkDocument(t, d)
		}
	})
}
