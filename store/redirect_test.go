package store

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

// named makes the nodes that names are looked for among, each in a paper.
func named(t *testing.T, nodes ...graph.Node) *Snapshot {
	t.Helper()
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	for i := range nodes {
		if err := w.PutNode(&nodes[i]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Publish(t.Context(), Provenance{Extractor: "test/1"}); err != nil {
		t.Fatal(err)
	}
	r, err := s.Latest()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func TestRedirect(t *testing.T) {
	r := named(t,
		graph.Node{ID: "method:mos-mixture-of-softmaxes", Name: "MoS", Aliases: []string{"mixture of softmaxes"}},
		graph.Node{ID: "method:mos-mixture-of-shards", Name: "MoS", Aliases: []string{"mixture of shards"}},
		graph.Node{ID: "method:3d-gaussian-splatting", Name: "3D Gaussian Splatting", Aliases: []string{"3DGS", "GS"}},
		graph.Node{ID: "dataset:imagenet", Name: "ImageNet", Aliases: []string{"ILSVRC 2012"}},
		graph.Node{ID: "dataset:gs", Name: "GS"},
		graph.Node{ID: "metric:energy", Name: "energy", Decisions: []graph.Decision{{Name: "energy", Kind: graph.KindConcept, Reason: graph.ReasonRegistry, Papers: 1}}},
		graph.Node{ID: "method:turbo", Name: "Turbo", Aliases: []string{"GPT-3.5 (turbo)", "GPT-3.5"}},
		graph.Node{ID: "method:moe", Name: "MoE", Aliases: []string{"mixture of experts"}},
	)
	for id, want := range map[graph.ID][]graph.ID{
		"method:3dgs":                   {"method:3d-gaussian-splatting"},
		"dataset:gs":                    {"dataset:gs"},
		"method:gs":                     {"method:3d-gaussian-splatting"}, // not the data set of that name
		"method:imagenet":               {"dataset:imagenet"},
		"method:ilsvrc-2012":            {"dataset:imagenet"},
		"concept:energy":                {"metric:energy"},
		"task:energy":                   nil, // nobody took it for a task
		"method:mos":                    {"method:mos-mixture-of-shards", "method:mos-mixture-of-softmaxes"},
		"method:moe-mixture-of-expert":  {"method:moe"},
		"method:moe-mixture-of-experts": {"method:moe"},
		"method:gpt-3-5-turbo":          {"method:turbo"},
		"method:gpt-3-5":                {"method:turbo"},
		"method:gpt-4":                  nil,
		"author:energy":                 nil,
		"method:":                       nil,
		"energy":                        nil,
	} {
		got, err := r.Redirect(id)
		if err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if len(got) == 0 {
			got = nil
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", id, d)
		}
	}
	got, err := r.Lookup("method:ilsvrc-2012")
	if d := cmp.Diff([]graph.ID{"dataset:imagenet"}, got); d != "" || err != nil {
		t.Errorf("lookup of a former id (-want +got):\n%s%v", d, err)
	}
}

func TestNear(t *testing.T) {
	r := named(t,
		graph.Node{ID: "method:s4", Name: "S4"}, graph.Node{ID: "method:s4d", Name: "S4D"}, graph.Node{ID: "method:s5", Name: "S5"},
		graph.Node{ID: "dataset:s4", Name: "S4"}, graph.Node{ID: "metric:s4", Name: "S4"}, graph.Node{ID: "method:sam", Name: "SAM"},
		graph.Node{ID: "method:dino", Name: "DINO"}, graph.Node{ID: "method:dinov2", Name: "DINOv2"},
	)
	for _, tt := range []struct {
		id   graph.ID
		name string
		want []Near
	}{
		{"method:s4", "S4", []Near{{"dataset:s4", "s4", NearNamesake}, {"method:s5", "s5", NearVersion}, {"method:s4d", "s4d", NearLonger}}},
		{"method:dinov2", "DINOv2", []Near{{"method:dino", "dino", NearVersion}}},
		{"method:sam", "SAM", nil},
		{"method:sam", "…", nil},
	} {
		got, err := r.Near(t.Context(), tt.id, tt.name, 10)
		if d := cmp.Diff(tt.want, got); d != "" || err != nil {
			t.Errorf("near %s (-want +got):\n%s%v", tt.name, d, err)
		}
	}
	if got, _ := r.Near(t.Context(), "method:s4", "S4", 1); len(got) != 1 {
		t.Errorf("at most one, got %v", got)
	}
}

// An id from outside that is no name's costs no more than a look.
func TestRedirectOfEndlessID(t *testing.T) {
	s := open(t)
	publish(t, s, small(t), nil)
	r := latest(t, s)
	for _, id := range []string{"method:" + strings.Repeat("a-", 100_000) + "a", "paper:" + strings.Repeat("a-", 400) + "a"} {
		ids, err := r.Redirect(graph.ID(id))
		if err != nil || len(ids) > 0 {
			t.Errorf("%d bytes: %v, %v", len(id), ids, err)
		}
	}
}
