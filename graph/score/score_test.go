package score

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

func TestNormalise(t *testing.T) {
	tests := []struct{ name, want string }{
		{"LoRA", "lora"},
		{"the LoRA framework", "lora"},
		{"our framework", "framework"},
		{"framework", "framework"},
		{"3D Gaussian Splats", "3dgaussiansplat"},
		{"3D-Gaussian_Splat", "3dgaussiansplat"},
		{"Low-Rank Adaptation (LoRA)", "lowrankadaptation"},
		{"(LoRA)", "lora"},
		{"M\\'elange", "melange"},
		{"M\\'{e}lange", "melange"},
		{"Mélange", "melange"},
		{"ﬁne-tuning", "finetuning"},
		{"GNU C++.", "gnuc++"},
		{"batteries", "battery"},
		{"gas", "gas"},
		{"loss", "loss"},
		{"UCI data sets", "uci"},
		{"a system", "system"},
		{"!?", ""},
		{"", ""},
		{"ΟΔΟΣ", "οδος"},
		{"CO₂", "co2"},
	}
	for _, tt := range tests {
		if got := normalise(tt.name); got != tt.want {
			t.Errorf("normalise(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	tests := []struct{ value, want string }{
		{"2.7", "2.7"}, {"2.70", "2.7"}, {"1,234", "1234"}, {"10~20", "10-20"}, {"10 to 20", "10-20"}, {"1..2", "1-2"},
		{"-3", "3"}, {"1234567", "1.23457e+06"}, {"0.00001", "1e-05"}, {"many", ""}, {"5.", "5"}, {"٣", "3"},
		{strings.Repeat("9", 400), "inf"},
	}
	for _, tt := range tests {
		if got := numbers(tt.value); got != tt.want {
			t.Errorf("numbers(%q) = %q, want %q", tt.value, got, tt.want)
		}
	}
}

func TestUnit(t *testing.T) {
	for in, want := range map[string]string{
		"times": "x", " × ": "x", "Percentage Points": "%", "points": "%", "None": "", "": "", "GB memory": "gb", "dB": "db",
	} {
		if got := unit(in); got != want {
			t.Errorf("unit(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"https: //github.com/A/b.git": "github.com/a/b",
		"http://www.example.org/x/).": "example.org/x",
		"example.org":                 "example.org",
	} {
		if got := address(in); got != want {
			t.Errorf("address(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestScore(t *testing.T) {
	entity := func(names ...string) Entity { return Entity{Name: names[0], Aliases: names[1:]} }
	gold := []Paper{
		{
			ID: "g1", Title: "FastNet: Quick Nets",
			Introduces: Introduced{Methods: []Entity{entity("FastNet")}},
			Uses:       Methods{[]Entity{entity("ResNet"), entity("Adam optimizer", "Adam")}},
			Tasks:      []Entity{entity("image classification")},
			Results:    []Result{{Value: "2.7", Unit: "times"}, {Value: "91", Unit: "%"}},
			Links:      []Link{{URL: "https://github.com/a/b"}},
		},
		{ID: "g2", Title: "Never Predicted", Concepts: []Entity{entity("pruning")}},
	}
	predicted := []Paper{
		{Title: "fastnet  quick net's", Tasks: []Entity{entity("other")}},
		{
			Title:      "FASTNET - quick nets",
			Introduces: Introduced{Methods: []Entity{entity("the FastNet model"), entity("FastNet")}},
			Uses:       Methods{[]Entity{entity("adam")}},
			Compares:   Methods{[]Entity{entity("ResNets")}},
			Concepts:   []Entity{entity("Image Classification")},
			Results:    []Result{{Value: "2.70", Unit: "x faster"}, {Value: "91.0", Unit: "percent"}},
			Links:      []Link{{URL: "http://www.github.com/A/b.git"}},
		},
		{Title: "Not In Gold", Tasks: []Entity{entity("x")}},
	}
	rows, errs := Score(gold, predicted)
	type counts struct{ Gold, Predicted, Hits int }
	got := map[string]counts{}
	for _, r := range rows {
		if c := (counts{r.Gold, r.Predicted, r.Hits}); c != (counts{}) {
			got[r.Field] = c
		}
	}
	want := map[string]counts{
		"introduces.methods":    {1, 2, 1},
		"uses.methods":          {2, 1, 1},
		"compares.methods":      {0, 1, 0},
		"tasks":                 {1, 0, 0},
		"concepts":              {1, 1, 0},
		"results":               {2, 2, 2},
		"links":                 {1, 1, 1},
		"methods (any role)":    {3, 3, 3},
		"topics (task+concept)": {2, 1, 1},
		"all":                   {8, 8, 5},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("counts (-want +got):\n%s", d)
	}
	if all := rows[len(rows)-1]; all.Precision != 5.0/8 || all.Recall != 5.0/8 || all.F1 != 5.0/8 {
		t.Errorf("all = %+v", all)
	}
	wantErr := FieldError{Field: "uses.methods", ID: "g1", Missed: [][]string{{"resnet"}}, Extra: [][]string{}}
	if !slices.ContainsFunc(errs, func(e FieldError) bool { return cmp.Equal(e, wantErr) }) {
		t.Errorf("errors lack %+v:\n%+v", wantErr, errs)
	}
}

func TestReadPapers(t *testing.T) {
	papers, err := ReadPapers(strings.NewReader(`{"title":"A","tasks":["x",{"name":"y"}],"links":["http://a"],"results":[{"value":2.50,"unit":null}]}` + "\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Paper{{
		Title: "A", Tasks: []Entity{{Name: "x"}, {Name: "y"}}, Links: []Link{{URL: "http://a"}}, Results: []Result{{Value: "2.5"}},
	}}
	if d := cmp.Diff(want, papers); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	_, err = ReadPapers(strings.NewReader("{}\n{]\n"))
	if err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("broken line 2: error %v", err)
	}
}

func TestFromFacts(t *testing.T) {
	mention := func(r graph.Relation, k graph.Kind, name string, confidence float64, aliases ...string) graph.Mention {
		return graph.Mention{Relation: r, Kind: k, Name: name, Aliases: aliases, Confidence: confidence}
	}
	f := &graph.Facts{
		Document: graph.Document{Title: "Fast Nets"},
		Mentions: []graph.Mention{
			mention(graph.Introduces, graph.KindMethod, "FastNet", .9, "FN"),
			mention(graph.Introduces, graph.KindDataset, "FastSet", .9),
			mention(graph.Uses, graph.KindMethod, "ResNet", .9),
			mention(graph.Uses, graph.KindMethod, "doubtful", .1),
			mention(graph.ComparesWith, graph.KindMethod, "SlowNet", .9),
			mention(graph.EvaluatesOn, graph.KindDataset, "ImageNet", .9),
			mention(graph.Addresses, graph.KindTask, "image classification", .9),
			mention(graph.Measures, graph.KindMetric, "accuracy", .9),
			mention(graph.Concerns, graph.KindConcept, "efficiency of nets", .9),
		},
		Results: []graph.Result{
			{Value: "2", Unit: "x", Comparison: graph.Ratio, Metric: "speed", Evidence: graph.Evidence{Quote: "twice as fast"}, Confidence: .8},
			{Value: "3", Comparison: graph.Absolute, Confidence: .1},
			{Value: "4", Comparison: graph.Absolute, Confidence: .2, Candidate: true},
		},
		Links: []graph.Link{{Kind: graph.LinkCode, URL: "https://github.com/a/b"}},
	}
	got, err := json.Marshal(FromFacts(f, .5))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"fast-nets","title":"Fast Nets",` +
		`"introduces":{"methods":[{"name":"FastNet","aliases":["FN"]}],"datasets":[{"name":"FastSet","aliases":[]}]},` +
		`"uses":{"methods":[{"name":"ResNet","aliases":[]}]},"compares":{"methods":[{"name":"SlowNet","aliases":[]}]},` +
		`"evaluates_on":{"datasets":[{"name":"ImageNet","aliases":[]}]},` +
		`"tasks":[{"name":"image classification","aliases":[]}],"metrics":[{"name":"accuracy","aliases":[]}],"concepts":[{"name":"efficiency of nets","aliases":[]}],` +
		`"results":[{"method":null,"dataset":null,"metric":"speed","value":"2","unit":"x","comparison":"ratio","baseline":null,"evidence":"twice as fast"}],` +
		`"links":[{"kind":"code","url":"https://github.com/a/b"}]}`
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for min, want := range map[float64]int{0: 2, .05: 3, .15: 2, .5: 1} {
		if p := FromFacts(f, min); len(p.Results) != want {
			t.Errorf("from %v on there are %d results, want %d", min, len(p.Results), want)
		}
	}
	empty, err := json.Marshal(FromFacts(&graph.Facts{Document: graph.Document{Title: "T"}}, 0))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(empty), "null") {
		t.Errorf("empty lists are not []: %s", empty)
	}
}

// The figures equal those of the Python program that scores the format, on the
// gold annotation and a prediction made of it by dropping, renaming, moving
// and adding.
func TestScoreEqualsPython(t *testing.T) {
	program := sharedFile(t, "eval", "score.py")
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	for _, goldFile := range []string{"gold-train.jsonl", "gold-dev.jsonl"} {
		t.Run(goldFile, func(t *testing.T) {
			goldPath := sharedFile(t, "eval", goldFile)
			gold := readFile(t, goldPath)
			predictedPath := filepath.Join(t.TempDir(), "predicted.jsonl")
			var b bytes.Buffer
			for _, p := range perturbed(readFile(t, goldPath)) {
				line, err := json.Marshal(p)
				if err != nil {
					t.Fatal(err)
				}
				b.Write(append(line, '\n'))
			}
			if err := os.WriteFile(predictedPath, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(python, program, goldPath, predictedPath, "--json").Output()
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]Row{}
			if err := json.Unmarshal(out, &want); err != nil {
				t.Fatal(err)
			}
			rows, _ := Score(gold, readFile(t, predictedPath))
			got := map[string]Row{}
			for _, r := range rows {
				name := r.Field
				r.Field = ""
				got[name] = r
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-python +go):\n%s", d)
			}
			table, err := exec.Command(python, program, goldPath, predictedPath).Output()
			if err != nil {
				t.Fatal(err)
			}
			var ours bytes.Buffer
			if err := WriteTable(&ours, rows); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(table), ours.String()); d != "" {
				t.Errorf("table (-python +go):\n%s", d)
			}
		})
	}
}

// perturbed changes papers in a way that is the same in every run.
func perturbed(papers []Paper) []Paper {
	r := rand.New(rand.NewPCG(1, 2))
	one := func(n int) bool { return r.IntN(n) == 0 }
	renames := []func(string) string{
		strings.ToUpper,
		func(s string) string { return "The " + s + " framework" },
		func(s string) string { return s + "s" },
		func(s string) string { return s + " (variant)" },
		func(s string) string { return strings.ReplaceAll(s, "e", `\'{e}`) },
		func(s string) string { return strings.ReplaceAll(s, "o", "ö") },
		func(s string) string { return strings.ReplaceAll(s, " ", " – ") },
		func(s string) string { return s + " of ΛΟΓΟΣ İß №½²" },
		func(s string) string { return "a\u00a0" + s + ".\x1c" },
	}
	entities := func(in []Entity) []Entity {
		out := []Entity{}
		for _, e := range in {
			switch {
			case one(6):
				continue
			case one(2):
				e.Name = renames[r.IntN(len(renames))](e.Name)
			}
			if one(3) {
				e.Aliases = nil
			}
			out = append(out, e)
			if one(9) {
				out = append(out, Entity{Name: "extra " + e.Name})
			}
		}
		if one(2) {
			slices.Reverse(out)
		}
		return out
	}
	var out []Paper
	for _, p := range papers {
		if one(12) {
			continue
		}
		if one(3) {
			p.Title = strings.ToUpper(strings.ReplaceAll(p.Title, ":", " - "))
		}
		p.Introduces.Methods, p.Introduces.Datasets = entities(p.Introduces.Methods), entities(p.Introduces.Datasets)
		p.Uses.Methods, p.Compares.Methods = entities(p.Uses.Methods), entities(p.Compares.Methods)
		p.EvaluatesOn.Datasets = entities(p.EvaluatesOn.Datasets)
		p.Tasks, p.Metrics, p.Concepts = entities(p.Tasks), entities(p.Metrics), entities(p.Concepts)
		if one(4) {
			p.Uses, p.Compares = p.Compares, p.Uses
			p.Tasks, p.Concepts = p.Concepts, p.Tasks
		}
		for i := range p.Results {
			switch v := &p.Results[i]; r.IntN(6) {
			case 0:
				v.Value = "~" + v.Value + " to 1,000.50"
			case 1:
				v.Value += "0000001"
			case 2:
				v.Unit = "Percentage points"
			case 3:
				v.Unit += " more"
			}
		}
		for i := range p.Links {
			if one(2) {
				p.Links[i].URL = strings.ToUpper(p.Links[i].URL) + " .git/)."
			}
		}
		out = append(out, p)
		if one(20) {
			out = append(out, Paper{Title: p.Title})
		}
		if one(20) {
			out = append(out, Paper{ID: "new", Title: "Not in the gold " + p.Title, Tasks: []Entity{{Name: "x"}}})
		}
	}
	return out
}

func BenchmarkScorePrepared(b *testing.B) {
	papers := readFile(b, sharedFile(b, "eval", "gold-train.jsonl"))
	gold, predicted := PrepareAll(papers), PrepareAll(perturbed(papers))
	b.ReportAllocs()
	for b.Loop() {
		ScorePrepared(gold, predicted)
	}
}

func BenchmarkPrepareAll(b *testing.B) {
	papers := readFile(b, sharedFile(b, "eval", "gold-train.jsonl"))
	b.ReportAllocs()
	for b.Loop() {
		PrepareAll(papers)
	}
}

func readFile(t testing.TB, path string) []Paper {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	papers, err := ReadPapers(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return papers
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
