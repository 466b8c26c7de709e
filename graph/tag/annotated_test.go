package tag

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadCoNLL(t *testing.T) {
	const in = `-DOCSTART- NN O O

We NN O O
rank NN O O
papers NN O I-Material
citations NN O B-Material
-LRB- NN O O
CR NN O I-Method
-RRB- NN O O

Fine O
`
	want := []Sentence{
		{Words: []string{"We", "rank", "papers", "citations", "(", "CR", ")"}, Spans: []Span{{First: 2, Last: 3, Type: Material}, {First: 3, Last: 4, Type: Material}, {First: 5, Last: 6, Type: Method}}},
		{Words: []string{"Fine"}},
	}
	got, err := ReadCoNLL(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sentences (-want +got):\n%s", diff)
	}
	for _, in := range []string{"word\n", "word X-Task\n"} {
		if _, err := ReadCoNLL(strings.NewReader(in)); !errors.Is(err, ErrData) {
			t.Errorf("%q: %v, want ErrData", in, err)
		}
	}
}

func TestReadSciREX(t *testing.T) {
	const in = `{"words": ["document", ":", "Ranking", "Papers", "We", "use", "Citation", "-", "Rank", ".", "Later"],
		"sections": [[0, 10], [10, 11]], "sentences": [[0, 4], [4, 10], [10, 11]], "ner": [[2, 4, "Task"], [6, 9, "Method"], [10, 11, "Task"]]}`
	want := []Sentence{
		{Words: []string{"Ranking", "Papers"}, Spans: []Span{{First: 0, Last: 2, Type: Task}}},
		{Words: []string{"We", "use", "Citation", "-", "Rank", "."}, Spans: []Span{{First: 2, Last: 5, Type: Method}}},
	}
	got, err := ReadSciREX(strings.NewReader(strings.ReplaceAll(in, "\n", " ")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sentences (-want +got):\n%s", diff)
	}
	for _, in := range []string{
		`{`, `{}`, `{"sections": [[0, 1]], "words": ["a"], "sentences": [[0, 2]]}`,
		`{"sections": [[0, 1]], "words": ["a"], "ner": [[0, 2, "Task"]]}`, `{"sections": [[0, 1]], "words": ["a"], "ner": [["Task"]]}`,
	} {
		if _, err := ReadSciREX(strings.NewReader(in)); !errors.Is(err, ErrData) {
			t.Errorf("%s: %v, want ErrData", in, err)
		}
	}
}

// TestAlign moves spans to the words of running text and back.
func TestAlign(t *testing.T) {
	for _, tc := range []struct {
		name, source string // words of the annotators
		glue         bool
		spans        []Span
		text         string
		want, back   []Span
	}{
		{"alike", "We rank papers .", false, []Span{{First: 2, Last: 3, Type: Task}}, "We rank papers .", []Span{{First: 2, Last: 3, Type: Task}}, []Span{{First: 2, Last: 3, Type: Task}}},
		{"finer", "the parser/tagger works", false, []Span{{First: 1, Last: 2, Type: Method}}, "the parser / tagger works", []Span{{First: 1, Last: 4, Type: Method}}, []Span{{First: 1, Last: 2, Type: Method}}},
		{"coarser", "a graph - based rank - er", true, []Span{{First: 1, Last: 2, Type: Task}, {First: 4, Last: 7, Type: Method}}, "a graph-based rank-er", []Span{{First: 1, Last: 2, Type: Task}, {First: 2, Last: 3, Type: Method}}, []Span{{First: 1, Last: 4, Type: Task}, {First: 4, Last: 7, Type: Method}}},
		{"a dash is no hyphen", "ranks - ( all )", true, nil, "ranks - ( all )", nil, nil},
		{"two in one word", "graph - based", true, []Span{{First: 0, Last: 1, Type: Task}, {First: 2, Last: 3, Type: Method}}, "graph-based", []Span{{First: 0, Last: 1, Type: Task}}, []Span{{First: 0, Last: 3, Type: Task}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := align(strings.Fields(tc.source), tc.glue)
			if diff := cmp.Diff(tc.text, strings.Join(a.words, " ")); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
			got := a.toText(tc.spans)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.back, a.toSource(got)); diff != "" {
				t.Errorf("spans moved back (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLabels writes spans as labels and reads them again.
func TestLabels(t *testing.T) {
	spans := []Span{{First: 0, Last: 1, Type: Method}, {First: 1, Last: 3, Type: Method}, {First: 4, Last: 5, Type: Task}}
	labels := labelsOf(SciREX, spans, 6)
	if diff := cmp.Diff([]uint8{3, 3, 4, 0, 7, 0}, labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(spans, spansOf(SciREX, labels)); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	for i := 1; i < len(labels); i++ {
		if !follows(int(labels[i-1]), int(labels[i])) {
			t.Errorf("label %d after %d is forbidden", labels[i], labels[i-1])
		}
	}
}
