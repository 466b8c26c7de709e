package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const notebooks = "../../testdata/notebooks"

// notebook is what a test looks at in a notebook file, version 4.5.
type notebook struct {
	Cells []struct {
		ID             string `json:"id"`
		CellType       string `json:"cell_type"`
		ExecutionCount *int   `json:"execution_count"`
		Outputs        []struct {
			OutputType string                     `json:"output_type"`
			Data       map[string]json.RawMessage `json:"data"`
			Name       string                     `json:"ename"`
			Value      string                     `json:"evalue"`
		} `json:"outputs"`
	} `json:"cells"`
}

func readNotebook(t *testing.T, path string) notebook {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var n notebook
	if err := json.Unmarshal(b, &n); err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	return n
}

// output is what a cell shows as HTML; the test fails where it shows none.
func (n notebook) output(t *testing.T, id string) string {
	t.Helper()
	for _, cell := range n.Cells {
		if cell.ID != id {
			continue
		}
		for _, o := range cell.Outputs {
			var lines []string // a text is kept as a list of its lines
			if err := json.Unmarshal(o.Data["text/html"], &lines); err == nil {
				return strings.Join(lines, "")
			}
		}
	}
	t.Fatalf("cell %s shows no HTML", id)
	return ""
}

// The committed notebooks have no outputs, which would be of another build.
func TestNotebookIsClear(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(notebooks, "*.ipynb"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no notebooks: %v", err)
	}
	for _, path := range paths {
		for _, cell := range readNotebook(t, path).Cells {
			if len(cell.Outputs) > 0 || cell.ExecutionCount != nil {
				t.Errorf("%s: cell %s has outputs; clear them", path, cell.ID)
			}
		}
	}
}

// The notebook runs against a server, and shows what it says it does.
func TestNotebook(t *testing.T) {
	if os.Getenv("PAPERGRAPH_NOTEBOOK") == "" {
		t.Skip("set PAPERGRAPH_NOTEBOOK=1 to execute the notebook; it needs Debian's jupyter-nbconvert, python3-nbclient, python3-ipykernel, python3-pandas and python3-requests")
	}
	convert := "/usr/bin/jupyter-nbconvert" // Debian's, whatever Python comes first on PATH
	if _, err := os.Stat(convert); err != nil {
		if convert, err = exec.LookPath("jupyter-nbconvert"); err != nil {
			t.Fatal("PAPERGRAPH_NOTEBOOK is set, but there is no jupyter-nbconvert: install jupyter-nbconvert")
		}
	}
	s := startServer(t, "serve", "--store", copyStore(t, corpusStore(t)))
	dir := t.TempDir()
	cmd := exec.Command(convert, "--to", "notebook", "--execute", "--ExecutePreprocessor.timeout=120",
		"--output-dir", dir, "--output", "executed.ipynb", filepath.Join(notebooks, "papergraph.ipynb"))
	cmd.Env = append(os.Environ(), "PAPERGRAPH_URL="+s.url, "PYDEVD_DISABLE_FILE_VALIDATION=1",
		"JUPYTER_RUNTIME_DIR="+filepath.Join(dir, "runtime"), "JUPYTER_DATA_DIR="+filepath.Join(dir, "data"), "IPYTHONDIR="+filepath.Join(dir, "ipython"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("execute the notebook: %v\n%s", err, out)
	}
	n := readNotebook(t, filepath.Join(dir, "executed.ipynb"))
	for _, cell := range n.Cells {
		for _, o := range cell.Outputs {
			if o.OutputType == "error" {
				t.Errorf("cell %s: %s: %s", cell.ID, o.Name, o.Value)
			}
		}
		if cell.CellType == "code" && cell.ExecutionCount == nil {
			t.Errorf("cell %s was not executed", cell.ID)
		}
	}

	for _, table := range []string{"frame", "quotes", "edges"} {
		if got := n.output(t, table); strings.Count(got, "<tr") < 3 {
			t.Errorf("table %s has no rows:\n%s", table, got)
		}
	}
	if got := n.output(t, "quotes"); !strings.Contains(got, "MADation") || !strings.Contains(got, "LoRA") {
		t.Errorf("the table of quotes lacks a paper that builds on LoRA:\n%s", got)
	}
	links := regexp.MustCompile(`href="(http[^"]*)"`)
	for _, tt := range []struct{ cell, want string }{
		{"links", `<a href="` + s.url + `/method/lora">LoRA</a>`},
		{"svg", "<svg "},
		{"svg", `<a target="_blank" xlink:href="` + s.url + "/paper/"},
	} {
		got := n.output(t, tt.cell)
		if !strings.Contains(got, tt.want) {
			t.Errorf("cell %s has no %s:\n%.2000s", tt.cell, tt.want, got)
		}
		for _, m := range links.FindAllStringSubmatch(got, -1) {
			get(t, strings.ReplaceAll(m[1], "&amp;", "&"), 200)
		}
	}
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d, want %d\n%s", code, exitDone, s.stderr)
	}
}
