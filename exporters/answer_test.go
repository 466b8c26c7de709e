package exporters

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

func TestAnswer(t *testing.T) {
	for _, tt := range []struct {
		name, data, csv, jsonl string
	}{
		{"one object", `{"paper":{"title":"A, b","year":2021,"open":true,"doi":null}}`,
			"title,year,open,doi\n\"A, b\",2021,true,\n",
			`{"title":"A, b","year":2021,"open":true,"doi":null}` + "\n"},
		{"two fields", `{"stats":{"papers":3},"node":{"id":"method:lora"}}`,
			"stats.papers,id\n3,method:lora\n",
			`{"stats.papers":3,"id":"method:lora"}` + "\n"},
		{"a connection", `{"papers":{"totalCount":2,"nodes":[{"title":"A"},{"title":"B"}]}}`,
			"totalCount,title\n2,A\n2,B\n",
			`{"totalCount":2,"title":"A"}` + "\n" + `{"totalCount":2,"title":"B"}` + "\n"},
		{"lists in a list", `{"papers":{"nodes":[{"title":"A","by":{"nodes":[{"name":"x"},{"name":"y"}]}},{"title":"B","by":{"nodes":[]}}]}}`,
			"title,by.name\nA,x\nA,y\nB,\n",
			`{"title":"A","by.name":"x"}` + "\n" + `{"title":"A","by.name":"y"}` + "\n" + `{"title":"B"}` + "\n"},
		{"lists beside each other", `{"paper":{"title":"A","uses":{"nodes":[{"name":"x"},{"name":"y"}]},"on":{"nodes":[{"name":"z"}]},"year":1}}`,
			"title,uses.name,on.name,year\nA,x,,1\nA,y,,1\nA,,z,1\n",
			`{"title":"A","uses.name":"x","year":1}` + "\n" + `{"title":"A","uses.name":"y","year":1}` + "\n" + `{"title":"A","on.name":"z","year":1}` + "\n"},
		{"edges and nodes with one name", `{"m":{"usedBy":{"edges":[{"confidence":0.5,"node":{"confidence":1,"name":"x"}}]}}}`,
			"m.usedBy.edges.confidence,m.usedBy.edges.node.confidence,usedBy.name\n0.5,1,x\n",
			`{"m.usedBy.edges.confidence":0.5,"m.usedBy.edges.node.confidence":1,"usedBy.name":"x"}` + "\n"},
		{"names that cannot be told apart otherwise", `{"r":{"b":1,"nodes":[{"b":2}],"r":{"b":3}}}`,
			"r.b,r.nodes.b,r.r.b\n1,2,3\n",
			`{"r.b":1,"r.nodes.b":2,"r.r.b":3}` + "\n"},
		{"null for an object", `{"papers":[{"venue":null,"year":1},{"venue":{"name":"ICLR"},"year":2},null]}`,
			"venue.name,year\n,1\nICLR,2\n",
			`{"year":1}` + "\n" + `{"venue.name":"ICLR","year":2}` + "\n"},
		{"null alone", `{"papers":[{"year":null}]}`, "year\n\"\"\n", `{"year":null}` + "\n"},
		{"lists of words", `{"paper":{"keywords":["a","b; c"],"none":[],"numbers":[1,null]}}`,
			"keywords,none,numbers\na; b; c,,1; null\n",
			`{"keywords":["a","b; c"],"none":[],"numbers":[1,null]}` + "\n"},
		{"what a spreadsheet would run", `{"paper":{"title":"=1+1","value":"-3.5","other":"-1-cmd","n":-7}}`,
			"title,value,other,n\n'=1+1,-3.5,'-1-cmd,-7\n",
			`{"title":"=1+1","value":"-3.5","other":"-1-cmd","n":-7}` + "\n"},
		{"escapes", `{"paper":{"title":"\u003cb\u003e \"q\""}}`, "title\n\"<b> \"\"q\"\"\"\n", `{"title":"\u003cb\u003e \"q\""}` + "\n"},
		{"nothing", `{"paper":null}`, "paper\n\"\"\n", `{"paper":null}` + "\n"},
		{"an empty list", `{"papers":{"nodes":[]}}`, "nodes\n\"\"\n", `{"nodes":[]}` + "\n"},
		{"no field", `{}`, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := ParseAnswer([]byte(tt.data))
			if err != nil {
				t.Fatal(err)
			}
			for _, form := range []struct {
				name, want string
				write      func(io.Writer) error
			}{{"CSV", tt.csv, a.CSV}, {"JSONL", tt.jsonl, a.JSONL}} {
				var b bytes.Buffer
				if err := form.write(&b); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(form.want, b.String()); diff != "" {
					t.Errorf("%s (-want +got):\n%s", form.name, diff)
				}
			}
		})
	}
}

func TestParseAnswerRefuses(t *testing.T) {
	for _, data := range []string{``, `[]`, `null`, `{`, `{"a":1}{}`, `{"a":1,"a":2}`, `{"a":[1,}`, "{\"a\":\"\xff\"}"} {
		if _, err := ParseAnswer([]byte(data)); err == nil {
			t.Errorf("%q is taken for an answer", data)
		}
	}
}

func TestAnswerIDs(t *testing.T) {
	a, err := ParseAnswer([]byte(`{"id":"method:b","x":[{"id":"method:a"},{"id":"paper:p","title":"method:c","to":{"id":"method:b"}}],"y":{"id":"not an id"},"z":{"id":null}}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]graph.ID{"method:b", "method:a", "paper:p"}, a.IDs()); diff != "" {
		t.Error(diff)
	}
}

func TestAnswerStopsWithTheWriter(t *testing.T) {
	a, err := ParseAnswer([]byte(`{"papers":[` + strings.Repeat(`{"title":"A"},`, 5000) + `{"title":"B"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, write := range []func(io.Writer) error{a.CSV, a.JSONL} {
		f := failingWriter{room: 4096}
		if err := write(&f); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("error %v", err)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		`{"papers":{"nodes":[{"title":"A","by":{"nodes":[{"name":"x"}]}},{"title":null}]}}`,
		`{"a":{"edges":[{"c":1,"node":{"c":2}}]},"b":[[1],[{"x":1}]]}`,
		`{"a":[{"":1},{"":{"":[]}},null,3]}`, `{"a.b":1,"a":{"b":2}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		a, err := ParseAnswer([]byte(data))
		if err != nil {
			return
		}
		objects := strings.Count(data, "{")
		var table, lines bytes.Buffer
		if err := a.CSV(&table); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&table).ReadAll() // which wants as many cells in each
		if err != nil {
			t.Fatalf("%v:\n%s", err, table.String())
		}
		if len(rows) > objects+1 {
			t.Errorf("%d rows of %d objects", len(rows)-1, objects)
		}
		if err := a.JSONL(&lines); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(lines.String(), "\n"); len(rows) > 0 && n != len(rows)-1 {
			t.Errorf("%d lines and %d rows", n, len(rows)-1)
		}
		for line := range strings.Lines(lines.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("line %q is no JSON", line)
			}
		}
		a.IDs()
	})
}
