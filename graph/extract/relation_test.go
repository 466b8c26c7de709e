package extract

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"papergraph/graph"
)

// marked takes a sentence apart in which names stand in brackets, the paper's
// own with a star, "[TideNet*] outperforms [LoRA]".
func marked(tb testing.TB, s string) (*text, map[int]placedName, []string, subjects) {
	tb.Helper()
	var plain strings.Builder
	var names []string
	ends := map[int][2]int{} // start to end and candidate, in code points
	about := subjects{own: -1, it: -1, words: map[string]bool{}, introduced: map[int]bool{}}
	for i, part := range strings.Split(s, "[") {
		if i == 0 {
			plain.WriteString(part)
			continue
		}
		name, rest, ok := strings.Cut(part, "]")
		if !ok {
			tb.Fatalf("a bracket is not closed in %q", s)
		}
		own := strings.HasSuffix(name, "*")
		name = strings.TrimSuffix(name, "*")
		n := slices.Index(names, name)
		if n < 0 {
			n = len(names)
			names = append(names, name)
		}
		if own {
			about.own, about.it = n, n
			about.introduced[n] = true
		}
		start := len([]rune(plain.String()))
		ends[start] = [2]int{start + len([]rune(name)), n}
		plain.WriteString(name + rest)
	}
	t := newText(graph.FieldAbstract, plain.String())
	newExtractor(tb).mark(t)
	at := map[int]placedName{}
	for i, tok := range t.tokens {
		e, ok := ends[tok.start]
		if !ok {
			continue
		}
		last := i
		for last < len(t.tokens) && t.tokens[last].end < e[0] {
			last++
		}
		at[i] = placedName{last + 1, e[1]}
	}
	if len(at) != len(ends) {
		tb.Fatalf("%d of %d names of %q begin with a token", len(at), len(ends), s)
	}
	return t, at, names, about
}

// read lists what the grammar reads of a marked text, without repeats.
func read(tb testing.TB, s string) []string {
	t, at, names, about := marked(tb, s)
	var out []string
	for _, sentence := range t.sentences {
		r := newReading(t, sentence, at, about)
		for _, st := range r.stated(relationGrammar) {
			line := fmt.Sprintf("%s %s %s", names[st.from], frames[st.frame].relation, names[st.to])
			if !slices.Contains(out, line) {
				out = append(out, line)
			}
		}
	}
	slices.Sort(out)
	return out
}

func TestRelationGrammar(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want []string
	}{
		// outperforms
		{"[TideNet] outperforms [LoRA].", []string{"TideNet outperforms LoRA"}},
		{"We show that [TideNet] consistently and significantly outperforms [LoRA], [AdaLoRA] and [DoRA].",
			[]string{"TideNet outperforms AdaLoRA", "TideNet outperforms DoRA", "TideNet outperforms LoRA"}},
		{"[TideNet*] is fast. It surpasses strong baselines such as [LoRA] and [DoRA] by 3%.",
			[]string{"TideNet outperforms DoRA", "TideNet outperforms LoRA"}},
		{"With [TideNet*] at hand, our method surpasses strong baselines such as [LoRA] and [DoRA] by 3%.",
			[]string{"TideNet outperforms DoRA", "TideNet outperforms LoRA"}},
		{"[TideNet], a scheduler for ranks, outperforms [LoRA].", []string{"TideNet outperforms LoRA"}},
		{"[TideNet], which needs no labels, outperforms [LoRA].", []string{"TideNet outperforms LoRA"}},
		{"[TideNet] needs no labels and outperforms [LoRA].", []string{"TideNet outperforms LoRA"}},
		{"[TideNet] needs no labels, outperforming [LoRA].", []string{"TideNet outperforms LoRA"}},
		{"[TideNet] is superior to [LoRA].", []string{"TideNet outperforms LoRA"}},
		{"[LoRA] is outperformed by [TideNet].", []string{"TideNet outperforms LoRA"}},
		{"[TideNet] has been shown to outperform [LoRA].", []string{"TideNet outperforms LoRA"}},
		{"[TideNet] achieves higher accuracy than [LoRA].", []string{"TideNet outperforms LoRA"}},
		{"[TideNet] is two times faster than [LoRA].", []string{"TideNet outperforms LoRA"}},
		{"[TideNet] has a lower error than [LoRA].", []string{"TideNet outperforms LoRA"}},
		{"[TideNet] yields gains of 3 points over [LoRA].", []string{"TideNet outperforms LoRA"}},
		{"Compared to [LoRA], [TideNet] achieves better results.", []string{"TideNet outperforms LoRA"}},
		{"[TideNet] outperforms not only [LoRA] but also [DoRA].", []string{"TideNet outperforms DoRA", "TideNet outperforms LoRA"}},
		{"[TideNet] outperforms [LoRA], while [DoRA] fails.", []string{"TideNet outperforms LoRA"}},
		// what is denied, hoped for, worse, or of something else
		{"[TideNet] does not outperform [LoRA].", nil},
		{"[TideNet] fails to outperform [LoRA].", nil},
		{"[TideNet] aims to outperform [LoRA].", nil},
		{"[TideNet] may outperform [LoRA].", nil},
		{"[TideNet] has a higher error than [LoRA].", nil},
		{"[TideNet] has lower accuracy than [LoRA].", nil},
		{"[TideNet] is slower than [LoRA].", nil},
		{"[TideNet] outperforms [LoRA] based methods.", nil},
		{"[TideNet] outperforms [LoRA] adapter stacks.", nil},
		{"[LoRA] and [DoRA] outperform [TideNet].", []string{"DoRA outperforms TideNet", "LoRA outperforms TideNet"}},
		{"[TideNet] outperforms [LoRA] and [DoRA] needs labels.", []string{"TideNet outperforms LoRA"}},
		{"[TideNet] outperforms all methods; [LoRA] is one of them.", nil},

		// basedOn
		{"[TideNet] builds on [LoRA].", []string{"TideNet basedOn LoRA"}},
		{"Our fast training system, [TideNet], builds on [LoRA] with care.", []string{"TideNet basedOn LoRA"}},
		{"[TideNet] is based on [LoRA].", []string{"TideNet basedOn LoRA"}},
		{"[TideNet] extends [LoRA] to many tasks.", []string{"TideNet basedOn LoRA"}},
		{"We propose [TideNet*], a variant of [LoRA].", []string{"TideNet basedOn LoRA"}},
		{"We propose [TideNet*], a novel framework based on [LoRA].", []string{"TideNet basedOn LoRA"}},
		{"[TideNet] is an extension of [LoRA].", []string{"TideNet basedOn LoRA"}},
		{"Based on [LoRA], we propose [TideNet*].", []string{"TideNet basedOn LoRA"}},
		{"Building upon [LoRA], we introduce [TideNet*].", []string{"TideNet basedOn LoRA"}},
		{"[TideNet] is fine-tuned from [Mistral].", []string{"TideNet basedOn Mistral"}},
		{"[TideNet] is not based on [LoRA].", nil},
		{"[TideNet] outperforms tests based on [LoRA].", nil},

		// partOf
		{"[TideNet] consists of [TideCell] and [TideGate].", []string{"TideCell partOf TideNet", "TideGate partOf TideNet"}},
		{"[TideNet] combines [LoRA] with [MoE].", []string{"LoRA partOf TideNet", "MoE partOf TideNet"}},
		{"We propose [TideNet*], a framework that integrates [LoRA] and [MoE].", []string{"LoRA partOf TideNet", "MoE partOf TideNet"}},
		{"[TideGate] is a key component of [TideNet].", []string{"TideGate partOf TideNet"}},
		{"[TideNet] is a combination of [LoRA] and [MoE].", []string{"LoRA partOf TideNet", "MoE partOf TideNet"}},
		{"[TideNet] consists of training [LoRA].", nil},

		// usedFor
		{"We propose [TideNet*] for [image segmentation].", []string{"TideNet usedFor image segmentation"}},
		{"[TideNet*], a scheduler for [image segmentation] and [object detection], is fast.",
			[]string{"TideNet usedFor image segmentation", "TideNet usedFor object detection"}},
		{"[TideNet] addresses [image segmentation].", []string{"TideNet usedFor image segmentation"}},
		{"[TideNet] is widely used for [image segmentation].", []string{"TideNet usedFor image segmentation"}},
		{"We study [image segmentation] via [TideNet*].", []string{"TideNet usedFor image segmentation"}},
		{"We introduce [TideNet*] to tackle [image segmentation].", []string{"TideNet usedFor image segmentation"}},

		// evaluatedOn
		{"We evaluate [TideNet*] on [GLUE] and [SuperGLUE].", []string{"TideNet evaluatedOn GLUE", "TideNet evaluatedOn SuperGLUE"}},
		{"[TideNet] is evaluated on [GLUE].", []string{"TideNet evaluatedOn GLUE"}},
		{"[TideNet] reaches 91% accuracy on [GLUE].", []string{"TideNet evaluatedOn GLUE"}},
		{"On the [GLUE] benchmark, [TideNet] achieves 91%.", []string{"TideNet evaluatedOn GLUE"}},

		// broader
		{"[dimensionality reduction] techniques such as [PCA] and [t-SNE] are popular.",
			[]string{"PCA broader dimensionality reduction", "t-SNE broader dimensionality reduction"}},
		{"[PCA] is a popular [dimensionality reduction] technique.", []string{"PCA broader dimensionality reduction"}},
		{"[PCA], a [dimensionality reduction] technique, is popular.", []string{"PCA broader dimensionality reduction"}},
		{"[PCA] is a kind of [dimensionality reduction].", []string{"PCA broader dimensionality reduction"}},
		{"[PCA], [t-SNE] and other [dimensionality reduction] methods are popular.",
			[]string{"PCA broader dimensionality reduction", "t-SNE broader dimensionality reduction"}},
		{"It has [a camera], a [laser scanner] and a [gyroscope].", nil},
		{"[PCA] is a [point cloud] generator.", nil},
	} {
		t.Run(tc.in, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, read(t, tc.in), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("relations (-want +got):\n%s", diff)
			}
		})
	}
}

// shared is the path of a file beside the repository, which not everybody has.
func sharedFile(tb testing.TB, name ...string) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "shared", "DESIGN.md")); err == nil {
			p := filepath.Join(append([]string{dir, "shared"}, name...)...)
			if _, err := os.Stat(p); errors.Is(err, fs.ErrNotExist) {
				tb.Skipf("%s is not there", p)
			}
			return p
		}
		if dir == filepath.Dir(dir) {
			tb.Skip("no folder shared beside the repository")
		}
	}
}

// annotatedSentence is a sentence of SciERC (Luan et al., "Multi-Task
// Identification of Entities, Relations, and Coreference for Scientific
// Knowledge Graph Construction", EMNLP 2018) with its entities and relations.
type annotatedSentence struct {
	tokens   []string
	entities [][2]int // first and last token
	gold     map[string]map[[4]int]bool
}

// readSciERC reads entities from the sequence file and relations from the
// other, which gives a line for each.
func readSciERC(tb testing.TB, split string) []*annotatedSentence {
	tb.Helper()
	raw, err := os.ReadFile(sharedFile(tb, "data", "scierc", "ner-"+split+".conll"))
	if err != nil {
		tb.Fatal(err)
	}
	byText := map[string]*annotatedSentence{}
	var out []*annotatedSentence
	for block := range strings.SplitSeq(string(raw), "\n\n") {
		s := &annotatedSentence{gold: map[string]map[[4]int]bool{}}
		before := "O"
		for line := range strings.SplitSeq(block, "\n") {
			cols := strings.Fields(line)
			if len(cols) < 4 || cols[0] == "-DOCSTART-" {
				continue
			}
			n, tag := len(s.tokens), cols[3]
			s.tokens = append(s.tokens, cols[0])
			if tag != "O" {
				if strings.HasPrefix(tag, "B-") || before == "O" || before[2:] != tag[2:] {
					s.entities = append(s.entities, [2]int{n, n})
				}
				s.entities[len(s.entities)-1][1] = n
			}
			before = tag
		}
		if len(s.tokens) > 0 {
			byText[strings.Join(s.tokens, " ")] = s
			out = append(out, s)
		}
	}
	f, err := os.Open(sharedFile(tb, "data", "scierc", "relations-"+split+".jsonl"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var line struct {
			Text     string `json:"text"`
			Label    string `json:"label"`
			Metadata [4]int `json:"metadata"`
		}
		if err := json.Unmarshal(sc.Bytes(), &line); err != nil {
			tb.Fatal(err)
		}
		tokens := slices.DeleteFunc(strings.Fields(line.Text), func(w string) bool { return w == "[[" || w == "]]" || w == "<<" || w == ">>" })
		s := byText[strings.Join(tokens, " ")]
		if s == nil {
			tb.Fatalf("no entities for %q", line.Text)
		}
		if s.gold[line.Label] == nil {
			s.gold[line.Label] = map[[4]int]bool{}
		}
		s.gold[line.Label][line.Metadata] = true
		for _, e := range [][2]int{{line.Metadata[0], line.Metadata[1]}, {line.Metadata[2], line.Metadata[3]}} {
			if !slices.Contains(s.entities, e) {
				s.entities = append(s.entities, e)
			}
		}
	}
	return out
}

// read applies the grammar to a sentence with the annotators' entities. An
// entity inside another is left out.
func (s *annotatedSentence) read(x *Extractor) []stated {
	starts, ends := map[int]int{}, map[int]int{} // code points to tokens
	pos := 0
	for i, w := range s.tokens {
		starts[pos] = i
		pos += len([]rune(w))
		ends[pos] = i
		pos++
	}
	t := newText(graph.FieldTitle, strings.Join(s.tokens, " "))
	x.mark(t)
	slices.SortStableFunc(s.entities, func(a, b [2]int) int { return (b[1] - b[0]) - (a[1] - a[0]) })
	at := map[int]placedName{}
	taken := make([]bool, len(t.tokens))
	for n, e := range s.entities {
		first, last := -1, -1
		for i, tok := range t.tokens {
			if w, ok := starts[tok.start]; ok && w == e[0] {
				first = i
			}
			if w, ok := ends[tok.end]; ok && w == e[1] {
				last = i + 1
			}
		}
		if first < 0 || last <= first || slices.Contains(taken[first:last], true) {
			continue
		}
		for i := first; i < last; i++ {
			taken[i] = true
		}
		at[first] = placedName{last, n}
	}
	var out []stated
	for _, sentence := range t.sentences {
		out = append(out, newReading(t, sentence, at, subjects{own: -1, it: -1}).stated(relationGrammar)...)
	}
	return out
}

// The grammar, given the entities of SciERC, agrees with its annotators as
// often as it did. Their guidelines differ from ours (a use is any use, a
// comparison has no winner), and what they left out counts against the
// grammar, so the floors say only that a change did no harm.
func TestRelationsAgainstSciERC(t *testing.T) {
	x := newExtractor(t)
	labels := map[graph.Relation]string{graph.UsedFor: "USED-FOR", graph.BasedOn: "USED-FOR", graph.Broader: "HYPONYM-OF",
		graph.PartOf: "PART-OF", graph.Outperforms: "COMPARE"}
	floors := map[graph.Relation]float64{graph.UsedFor: .55, graph.BasedOn: .65, graph.Broader: .7, graph.PartOf: .5, graph.Outperforms: .8}
	for _, split := range []string{"train", "dev"} {
		read, right, gold, found := map[graph.Relation]int{}, map[graph.Relation]int{}, map[string]int{}, map[string]int{}
		for _, s := range readSciERC(t, split) {
			for label, pairs := range s.gold {
				gold[label] += len(pairs)
			}
			seen := map[string]bool{}
			for _, st := range s.read(x) {
				rel := frames[st.frame].relation
				label, ok := labels[rel]
				from, to := s.entities[st.from], s.entities[st.to]
				id := fmt.Sprint(rel, from, to)
				if !ok || seen[id] {
					continue
				}
				seen[id] = true
				there, back := [4]int{from[0], from[1], to[0], to[1]}, [4]int{to[0], to[1], from[0], from[1]}
				hit := s.gold[label][there]
				switch rel {
				case graph.BasedOn: // what X is based on is used for X
					hit = s.gold[label][back]
				case graph.Outperforms:
					hit = hit || s.gold[label][back]
				}
				read[rel]++
				if hit {
					right[rel]++
					found[label]++
				}
			}
		}
		for rel, label := range labels {
			p := float64(right[rel]) / float64(max(read[rel], 1))
			t.Logf("%s %s: precision %.2f of %d read; %s recall %.2f of %d", split, rel, p, read[rel], label, float64(found[label])/float64(max(gold[label], 1)), gold[label])
			if split == "train" && p < floors[rel] {
				t.Errorf("%s: precision %.3f, expected at least %.2f", rel, p, floors[rel])
			}
		}
	}
}

// Claims go from entity to entity that the facts mention, in kinds that the
// relation table has, and mark the words that state them.
func TestExtractRelations(t *testing.T) {
	f := newExtractor(t).Extract(paper)
	var got []string
	for _, c := range f.Relations {
		got = append(got, fmt.Sprintf("%s %s %s", c.From, c.Relation, c.To))
		for _, end := range []struct {
			kind graph.Kind
			name string
		}{{c.FromKind, c.From}, {c.ToKind, c.To}} {
			if !slices.ContainsFunc(f.Mentions, func(m graph.Mention) bool { return m.Kind == end.kind && m.Name == end.name }) {
				t.Errorf("%s %s %s: no mention of the %s %q", c.From, c.Relation, c.To, end.kind, end.name)
			}
		}
		for _, e := range c.Evidence {
			if e.MarkStart == e.MarkEnd {
				t.Errorf("%s %s %s: nothing is marked", c.From, c.Relation, c.To)
			}
		}
	}
	for _, want := range []string{"TideLoRA basedOn LoRA", "TideLoRA outperforms AdaLoRA"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not among %q", want, got)
		}
	}
}
