package source

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

func TestReadListing(t *testing.T) {
	paper := func(title string, line int, text string) graph.Document {
		return graph.Document{Title: title, Abstract: text, Origin: graph.Origin{Source: "stdin", Line: line}}
	}
	second := strings.Replace(abstract, "one thing", "another thing", 1)
	long := strings.Repeat("Towards a Very General Theory of Everything and ", 6) + "More"
	wrapped := strings.Join([]string{
		"We describe a method that does one thing and does it well. It is tried on three",
		"tasks and compared with what was known before. It is faster on all of them, and",
		"the code is there for everybody to try.",
	}, "\n")
	tests := []struct {
		name, text string
		want       []graph.Document
		problems   []string
	}{
		{
			name: "page chrome above, between and below",
			text: "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nbyAK and the research community\n\nMar 14\n\nFirst Paper\n\n" + abstract +
				"\n\n12\n\n3 days ago\n\nSecond Paper\n\nby Jane Doe\n\nMarch 15th, 2025\n\n· 5 authors\n\nGitHub\n\n2025-03-15\n\nhttps://example.org\n\n" + second + "\n\n1.2k\n\nNext\n",
			want: []graph.Document{paper("First Paper", 11, abstract), paper("Second Paper", 19, second)},
		},
		{
			name: "no white space at the end, runs of empty lines, CRLF",
			text: strings.ReplaceAll("First Paper\n\n\n"+abstract+"\n \n\nSecond Paper\n\n"+second, "\n", "\r\n"),
			want: []graph.Document{paper("First Paper", 1, abstract), paper("Second Paper", 7, second)},
		},
		{
			name: "an abstract broken into lines",
			text: "First Paper\n\n" + wrapped + "\n\nSecond Paper\n\n" + wrapped,
			want: []graph.Document{paper("First Paper", 1, abstract), paper("Second Paper", 7, abstract)},
		},
		{
			name: "a title broken into lines",
			text: "First Paper of Them All: With a\nLong Title\n\n" + abstract,
			want: []graph.Document{paper("First Paper of Them All: With a Long Title", 1, abstract)},
		},
		{
			name: "an abstract right under its title",
			text: "First Paper\n\n" + abstract + "\n\nSecond Paper\n" + second,
			want: []graph.Document{paper("First Paper", 1, abstract), paper("Second Paper", 5, second)},
		},
		{
			name: "an abstract in two parts",
			text: "First Paper\n\n" + abstract + "\n\n" + second + "\n\nSecond Paper\n\n" + second,
			want: []graph.Document{paper("First Paper", 1, abstract+" "+second), paper("Second Paper", 7, second)},
		},
		{
			name: "a very long title",
			text: "First Paper\n\n" + abstract + "\n\n" + long + "\n\n" + second,
			want: []graph.Document{paper("First Paper", 1, abstract), paper(long, 5, second)},
		},
		{
			name: "titles like chrome",
			text: "New Frontiers\n\n" + abstract + "\n\nByT5: Models of Bytes\n\n" + second + "\n\nMarch of the Models\n\n" + abstract + "\n\n3D Models\n\n" + second,
			want: []graph.Document{paper("New Frontiers", 1, abstract), paper("ByT5: Models of Bytes", 5, second), paper("March of the Models", 9, abstract), paper("3D Models", 13, second)},
		},
		{
			name:     "a title without an abstract",
			text:     "First Paper\n\n" + abstract + "\n\nA Paper That Nobody Summed Up\n\nSecond Paper\n\n" + second,
			want:     []graph.Document{paper("First Paper", 1, abstract), paper("Second Paper", 7, second)},
			problems: []string{`stdin:5: bad record: a title without an abstract under it: "A Paper That Nobody Summed Up"`},
		},
		{
			name:     "an abstract without a title",
			text:     "First Paper\n\n" + abstract + "\n\nMar 14\n\n" + second,
			want:     []graph.Document{paper("First Paper", 1, abstract)},
			problems: []string{"stdin:7: bad record: an abstract without a title"},
		},
		{
			name:     "another encoding",
			text:     "First Paper\n\n" + abstract + "\n\nSecond Paper\n\n" + strings.Replace(second, "well", "tr\xe8s bien", 1) + "\n\nThird Paper\n\n" + second,
			want:     []graph.Document{paper("First Paper", 1, abstract), paper("Third Paper", 9, second)},
			problems: []string{"stdin:7: bad record: text is not valid UTF-8; convert the file"},
		},
		{
			name:     "a line without end",
			text:     "First Paper\n\n" + abstract + "\n\nSecond Paper\n\n" + strings.Repeat(second, 10_000) + "\n\nThird Paper\n\n" + second,
			want:     []graph.Document{paper("First Paper", 1, abstract), paper("Third Paper", 9, second)},
			problems: []string{"stdin:7: record too long: a line of more than 1 MiB"},
		},
		{
			name: "residue",
			text: "M\\'elange\n\n" + strings.Replace(abstract, "faster", "48times faster", 1),
			want: []graph.Document{paper("Mélange", 1, strings.Replace(abstract, "faster", "48× faster", 1))},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, problems := readText(t, tt.text)
			if d := cmp.Diff(tt.want, docs); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			checkProblems(t, problems, tt.problems...)
		})
	}
}

// Whatever the listing, a reader yields only documents that a graph can take.
func FuzzListing(f *testing.F) {
	f.Add("new\n\nA Title\n\n" + abstract + "\n\nB\n" + abstract)
	f.Add("A\r\n\r\n" + abstract + "\n\n\xff\n\n" + abstract)
	f.Fuzz(func(t *testing.T, text string) {
		s := &sink{ctx: context.Background(), yield: func(d graph.Document, err error) bool {
			if err == nil {
				checkDocument(t, d)
			}
			return true
		}}
		readListing(s, newInput(text))
	})
}
