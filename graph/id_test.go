package graph

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSlug(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"LoRA", "lora"},
		{"S4", "s4"},
		{"S4D", "s4d"},
		{"GPT-3", "gpt-3"},
		{"GPT-4", "gpt-4"},
		{"GPT-3.5", "gpt-3-5"},
		{"CIFAR-10", "cifar-10"},
		{"CIFAR-100", "cifar-100"},
		{"C", "c"},
		{"C++", "c-plus-plus"},
		{"C#", "c-sharp"},
		{"A*", "a-star"},
		{"R@1", "r-at-1"},
		{"R1", "r1"},
		{"Q&A", "q-and-a"},
		{"ImageNet", "imagenet"},
		{"ImageNet-21k", "imagenet-21k"},
		{"3D-GS", "3d-gs"},
		{"3DGS", "3dgs"},
		{"β-VAE", "beta-vae"},
		{"Δ-IRIS", "delta-iris"},
		{"ℓ1 norm", "l1-norm"},
		{"Mélange", "melange"},
		{"Møller", "moller"},
		{"Weiß", "weiss"},
		{"Erdős–Rényi", "erdos-renyi"},
		{"don't", "dont"},
		{"  LoRA:  Low-Rank   Adaptation. ", "lora-low-rank-adaptation"},
		{"SE(3)-Transformer", "se-3-transformer"},
		{"ﬁne-tuning", "fine-tuning"},
		{"千問", "u5343-u554f"},
		{"が", "u304b-u3099"},
		{"か", "u304b"},
		{"Ёлка", "u435-u308-u43b-u43a-u430"},
		{"", "xe3b0c442"},
	} {
		if got := Slug(tt.name); got != tt.want {
			t.Errorf("Slug(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Ensure that names without a letter or digit are told apart.
func TestSlugOfSigns(t *testing.T) {
	if a, b := Slug("—"), Slug("…"); a == b || a[0] != 'x' {
		t.Errorf("Slug of a dash is %q, of an ellipsis %q", a, b)
	}
}

// Ensure that long titles are cut at a word and stay apart.
func TestSlugOfLongNames(t *testing.T) {
	title := strings.Repeat("a rather long title that goes on ", 10)
	a, b := Slug(title+"and ends"), Slug(title+"and stops")
	if a == b {
		t.Errorf("two titles have the slug %q", a)
	}
	for _, s := range []string{a, b, Slug(strings.Repeat("x", 500)), Slug(strings.Repeat("長", 300))} {
		if len(s) > maxSlug || strings.Contains(s, "--") {
			t.Errorf("slug of %d bytes: %q", len(s), s)
		}
	}
	if want := "a-rather-long-title-that-goes-on-a-rather-long-title-that-goes-on-a-rather-long-title-that-goes-on-a-rather-"; !strings.HasPrefix(a, strings.TrimSuffix(want, "-")) {
		t.Errorf("slug %q does not begin with the title's words", a)
	}
	whole := strings.Repeat("x", maxSlug)
	if got := Slug(whole); got != whole {
		t.Errorf("a name of %d letters is cut: %q", maxSlug, got)
	}
}

func TestParseID(t *testing.T) {
	kind, slug, err := ParseID("method:lora")
	if err != nil || kind != KindMethod || slug != "lora" {
		t.Errorf("ParseID(method:lora) = %q, %q, %v", kind, slug, err)
	}
	for _, s := range []string{"", ":", "method", "method:", ":lora", "thing:lora", "methods:lora", "method:LoRA", "method:lo ra", "method:lo/ra", "method:é", "Method:lora", "method:a:b"} {
		if _, _, err := ParseID(s); !errors.Is(err, ErrID) {
			t.Errorf("ParseID(%q): error %v, want one that wraps ErrID", s, err)
		}
	}
}

func TestIDParts(t *testing.T) {
	id := NewID(KindDataset, "ImageNet-21k")
	got := []string{string(id), string(id.Kind()), id.Slug(), id.Path()}
	want := []string{"dataset:imagenet-21k", "dataset", "imagenet-21k", "/dataset/imagenet-21k"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("id, kind, slug, path (-want +got):\n%s", d)
	}
	if ID("nonsense").Kind() != "nonsense" || ID("nonsense").Slug() != "" {
		t.Error("an id without a colon has a kind alone")
	}
}

func TestNameKeySame(t *testing.T) {
	for _, names := range [][]string{
		{"3DGS", "3D-GS", "3D GS", "3d gs"},
		{"3D Gaussian Splatting", "the 3D-Gaussian Splatting", "3D gaussian splatting"},
		{"UNet", "U-Net", "U Net", "U-nets"},
		{"β-VAE", "beta-VAE", "Beta VAE"},
		{"Schrödinger bridge", "Schrodinger Bridges", "Schro\u0308dinger bridge"},
		{"Gaussian process", "Gaussian processes", "Gaussian Process"},
		{"battery", "batteries"},
		{"movie review", "movies reviews"},
		{"random matrix", "random matrices"},
		{"loss", "losses"},
		{"patch", "patches"},
		{"cache", "caches"},
		{"inductive bias", "inductive biases"},
		{"GP", "GPs"},
		{"LLM", "LLMs"},
		{"MDP", "MDPs"},
		{"graph neural network (GNN)", "graph neural network", "Graph Neural Networks"},
		{"SE(3)-Transformer", "SE(3) Transformer", "SE3-Transformer"},
		{"Erdős–Rényi", "Erdos-Renyi"},
		{"text-to-image", "text to image", "Text-To-Image"},
		{"don't", "dont", "don’t"},
		{"ﬁne-tuning", "fine-tuning", "finetuning"},
		{"R²", "R2"},
		{"Q&A", "QA"},
		{"(GNN)", "GNN"},
	} {
		want := NameKey(names[0])
		if want == "" {
			t.Errorf("NameKey(%q) is empty", names[0])
		}
		for _, n := range names[1:] {
			if got := NameKey(n); got != want {
				t.Errorf("NameKey(%q) = %q, NameKey(%q) = %q: want one key", names[0], want, n, got)
			}
		}
	}
}

func TestNameKeyApart(t *testing.T) {
	for _, names := range [][2]string{
		{"S4", "S4D"}, {"GPT-3", "GPT-4"}, {"GPT-3", "GPT-3.5"}, {"CIFAR-10", "CIFAR-100"}, {"C", "C++"}, {"C", "C#"},
		{"ImageNet", "ImageNet-21k"}, {"A*", "A"}, {"A* search", "search"}, {"R@1", "R1"}, {"A-GEM", "GEM"},
		{"A-Softmax", "softmax"}, {"A/B testing", "B testing"}, {"GPs", "GPS"}, {"H∞ control", "H control"},
		{"SE(3)", "SE"}, {"R(2+1)D", "RD"}, {"E(n)", "E"}, {"が", "か"}, {"v1.5", "v15"}, {"Llama 2", "Llama 3"},
		{"α-divergence", "β-divergence"}, {"word2vec", "doc2vec"}, {"Markov", "Marko"},
	} {
		if a, b := NameKey(names[0]), NameKey(names[1]); a == b {
			t.Errorf("NameKey(%q) = NameKey(%q) = %q: want two keys", names[0], names[1], a)
		}
	}
}

func TestNameKeyOfNothing(t *testing.T) {
	for _, s := range []string{"", " ", "—", "()", "...", "( )", "'"} {
		if got := NameKey(s); got != "" {
			t.Errorf("NameKey(%q) = %q, want none", s, got)
		}
	}
	// A word that would be an article is a name where it stands alone.
	for _, s := range []string{"a", "A", "the", "our"} {
		if NameKey(s) == "" {
			t.Errorf("NameKey(%q) is empty", s)
		}
	}
}

func TestCaseKey(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"Adam", "Adam"}, {"adam", "adam"}, {"U-Net", "UNet"}, {"RNNs", "RNN"}, {"DARTS", "DARTS"}, {"DARTs", "DART"},
		{"the Pile", "Pile"}, {"Schrödinger", "Schrodinger"}, {"Δ-IRIS", "DeltaIRIS"}, {"Gaussian Splats", "GaussianSplat"},
	} {
		if got := CaseKey(tt.name); got != tt.want {
			t.Errorf("CaseKey(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestCoreKey(t *testing.T) {
	for _, tt := range []struct{ a, b string }{
		{"the GLUE benchmark", "GLUE"}, {"BERT model", "BERT"}, {"BERT models", "bert"}, {"ImageNet dataset", "ImageNet"},
		{"Actor-Critic algorithms", "actor critic"}, {"CIFAR-10-dataset", "CIFAR 10"},
	} {
		if a, b := CoreKey(tt.a), CoreKey(tt.b); a != b {
			t.Errorf("CoreKey(%q) = %q, CoreKey(%q) = %q: want one key", tt.a, a, tt.b, b)
		}
	}
	for name, want := range map[string]string{"model": "model", "the model": "model", "a framework": "framework", "an approach": "approach", "our method": "method", "": "", "-": ""} {
		if got := CoreKey(name); got != want {
			t.Errorf("CoreKey(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"LoRA", "3D-GS", "C++", "β-VAE", "が", "SE(3)", "((", "A*", "\xff", "the ", "GPs", "processes", strings.Repeat("長い", 99), "e\u0301\u0301", "İstanbul", "ẞ", "ǅ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, k := range Kinds() {
			id := NewID(k, name)
			kind, slug, err := ParseID(string(id))
			if err != nil || kind != k || slug != id.Slug() {
				t.Fatalf("ParseID(NewID(%q, %q)) = %q, %q, %v", k, name, kind, slug, err)
			}
		}
		slug := Slug(name)
		if len(slug) > maxSlug || strings.HasPrefix(slug, "-") || strings.HasSuffix(slug, "-") || strings.Contains(slug, "--") {
			t.Errorf("Slug(%q) = %q", name, slug)
		}
		if again := Slug(slug); again != slug {
			t.Errorf("Slug(%q) = %q, whose slug is %q", name, slug, again)
		}
		key := NameKey(name)
		if core := CoreKey(name); (core == "") != (key == "") {
			t.Errorf("NameKey(%q) = %q, but CoreKey is %q", name, key, core)
		}
		// A key is its own, but for plurals that joined words seem to have.
		once := NameKey(key)
		if (once == "") != (key == "") {
			t.Errorf("NameKey(%q) = %q, whose key is %q", name, key, once)
		}
		if strings.ContainsAny(key, " -/()'’") {
			t.Errorf("NameKey(%q) = %q", name, key)
		}
	})
}
