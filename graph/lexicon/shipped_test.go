package lexicon

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"papergraph/graph"
)

func shipped(t *testing.T) *Lexicon {
	t.Helper()
	l, err := Default()
	if err != nil {
		t.Fatalf("the shipped lexicon does not load: %v", err)
	}
	return l
}

func TestShippedSize(t *testing.T) {
	got := map[graph.Kind]int{}
	for _, e := range shipped(t).Entries() {
		got[e.Kind]++
	}
	for kind, least := range map[graph.Kind]int{graph.KindDataset: 300, graph.KindMethod: 600, graph.KindTask: 200, graph.KindMetric: 80, graph.KindConcept: 400} {
		if got[kind] < least {
			t.Errorf("%d %s, want at least %d", got[kind], kind.Plural(), least)
		}
	}
	t.Log(got)
}

// shared lists the forms that two entries of one kind share knowingly, by kind
// and key. The first form to match wins; see the package's doc.
var shared = map[string]bool{
	"dataset mose": true, // MOSE, MOSES: told apart by casing
	"method dcnv2": true, // deformable convolution; deep and cross network
	"method vit":   true, // ViT, VITS: told apart by casing
}

// Ensure that no form is of two entries of one kind by oversight.
func TestShippedForms(t *testing.T) {
	l := shipped(t)
	for _, key := range slices.Sorted(maps.Keys(l.forms)) {
		of := map[graph.Kind]*Entry{}
		for _, f := range l.forms[key] {
			kind := f.entry.Kind
			if o := of[kind]; o != nil && o != f.entry && !shared[fmt.Sprintf("%s %s", kind, key)] {
				t.Errorf("%s: %q and %q share the form %s", kind, o.Name, f.entry.Name, key)
			}
			of[kind] = f.entry
		}
	}
	for _, e := range l.Entries() {
		for i, form := range append([]string{e.Name}, e.Aliases...) {
			got := l.Lookup(form)
			at := slices.IndexFunc(got, func(o *Entry) bool { return o.Kind == e.Kind })
			switch {
			case at < 0:
				t.Errorf("%s %q: form %q finds nothing of its kind", e.Kind, e.Name, form)
			case got[at] != e && (i == 0 || !shared[fmt.Sprintf("%s %s", e.Kind, graph.NameKey(form))]):
				t.Errorf("%s %q: form %q finds %q", e.Kind, e.Name, form, got[at].Name)
			}
		}
	}
}

func TestShippedHierarchy(t *testing.T) {
	l := shipped(t)
	for _, e := range l.Entries() {
		for _, task := range e.Tasks {
			if l.Entry(graph.KindTask, task) == nil {
				t.Errorf("dataset %q: task %q is no entry", e.Name, task)
			}
		}
	}
	// Every method of the shipped lexicon lies under a concept, so that no
	// name of the field is alone in a graph.
	methods, loose := 0, 0
	for _, e := range l.Entries() {
		if e.Kind == graph.KindMethod {
			methods++
			if len(e.Broader) == 0 {
				loose++
			}
		}
	}
	if loose*10 > methods {
		t.Errorf("%d of %d methods are under no concept", loose, methods)
	}
}

// fields are the concepts that nothing is broader than: fields of study.
var fields = []string{
	"applied mathematics", "artificial intelligence", "cognitive science", "computational economics", "computer graphics", "computer security",
	"computer systems", "computer vision", "control theory", "data mining", "game theory", "human-computer interaction", "information retrieval",
	"information theory", "machine learning", "mathematical optimization", "natural language processing", "neuroscience", "quantum computing",
	"robotics", "signal processing", "speech and audio processing", "statistics", "theory of computation",
}

// Ensure that every concept lies under a field and none says nothing.
func TestShippedConcepts(t *testing.T) {
	l := shipped(t)
	for _, e := range l.Entries() {
		if e.Kind == graph.KindConcept && len(e.Broader) == 0 && !slices.Contains(fields, e.Name) {
			t.Errorf("concept %q is no field and has nothing broader", e.Name)
		}
	}
	for _, word := range []string{
		"framework", "performance", "approach", "method", "model", "system", "algorithm", "technique", "results", "problem", "analysis", "application",
		"evaluation", "experiment", "novel approach", "state of the art", "baseline", "improvement", "challenge", "data", "training",
	} {
		for _, e := range l.Lookup(word) {
			if e.Kind == graph.KindConcept {
				t.Errorf("%q says nothing, yet is the concept %q", word, e.Name)
			}
		}
	}
}

// Ensure that the metrics whose direction everybody knows have it.
func TestShippedDirections(t *testing.T) {
	l := shipped(t)
	for name, want := range map[string]graph.Better{
		"accuracy": graph.HigherIsBetter, "F1": graph.HigherIsBetter, "BLEU": graph.HigherIsBetter, "ROUGE-L": graph.HigherIsBetter,
		"AUROC": graph.HigherIsBetter, "mAP": graph.HigherIsBetter, "mIoU": graph.HigherIsBetter, "PSNR": graph.HigherIsBetter,
		"SSIM": graph.HigherIsBetter, "precision": graph.HigherIsBetter, "recall": graph.HigherIsBetter, "nDCG": graph.HigherIsBetter,
		"throughput": graph.HigherIsBetter, "pass@1": graph.HigherIsBetter, "success rate": graph.HigherIsBetter,
		"perplexity": graph.LowerIsBetter, "FID": graph.LowerIsBetter, "word error rate": graph.LowerIsBetter, "RMSE": graph.LowerIsBetter,
		"mean absolute error": graph.LowerIsBetter, "latency": graph.LowerIsBetter, "LPIPS": graph.LowerIsBetter, "error rate": graph.LowerIsBetter,
		"training time": graph.LowerIsBetter, "memory usage": graph.LowerIsBetter, "FLOPs": graph.LowerIsBetter,
	} {
		got := l.Lookup(name)
		i := slices.IndexFunc(got, func(e *Entry) bool { return e.Kind == graph.KindMetric })
		if i < 0 {
			t.Errorf("metric %q is missing", name)
		} else if got[i].Better != want {
			t.Errorf("metric %q: better is %q, want %q", name, got[i].Better, want)
		}
	}
	without, all := 0, 0
	for _, e := range l.Entries() {
		if e.Kind == graph.KindMetric {
			all++
			if e.Better == "" {
				without++
			}
		}
	}
	if without*5 > all {
		t.Errorf("%d of %d metrics have no direction", without, all)
	}
}
