package exporters

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"papergraph/graph"
)

// TestMain lets the test program stand in for the programs that draw: started
// under their names it does what PAPERGRAPH_TEST_DRAW says.
func TestMain(m *testing.M) {
	if name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe"); name == "dot" || name == helperName {
		os.Exit(drawForTest(name))
	}
	os.Exit(m.Run())
}

func drawForTest(name string) int {
	dot, err := io.ReadAll(os.Stdin)
	if err != nil {
		return 3
	}
	for _, do := range strings.Fields(os.Getenv("PAPERGRAPH_TEST_DRAW")) {
		of, what, _ := strings.Cut(do, ":")
		if of != name {
			continue
		}
		switch what {
		case "fail":
			fmt.Fprintln(os.Stderr, `Format: "png" not recognized`)
			return 1
		case "hang":
			time.Sleep(time.Minute)
		case "flood":
			for {
				if _, err := os.Stdout.Write(make([]byte, 1<<16)); err != nil {
					return 1
				}
			}
		case "nothing":
			return 0
		case "damaged":
			if _, err := os.Stat(filepath.Join(os.Getenv("TMPDIR"), "go-graphviz", "code")); err == nil {
				fmt.Fprintln(os.Stderr, "panic: compilationcache: error reading func[122] executable offset: EOF")
				return 2
			}
		}
	}
	fmt.Printf("%s %s SERVER_NAME=%s %s", name, strings.Join(os.Args[1:], " "), os.Getenv("SERVER_NAME"), dot)
	return 0
}

// programs makes folders with programs that draw: one that is on PATH and one
// that the running program is in.
func programs(t *testing.T, onPath, beside []string, do string) *Renderer {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := func(names []string) string {
		dir := t.TempDir()
		for _, name := range names {
			if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
				t.Skipf("no symbolic links here: %v", err)
			}
		}
		return dir
	}
	t.Setenv("PATH", folder(onPath))
	t.Setenv("PAPERGRAPH_TEST_DRAW", do)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := folder(beside)
	r := NewRenderer(RendererOptions{MaxBytes: 1 << 20})
	r.beside = func() (string, error) { return dir, nil }
	return r
}

const twoNodes = "digraph {\n a -> b\n}\n"

func TestRender(t *testing.T) {
	for _, tc := range []struct {
		name           string
		onPath, beside []string
		do             string
		format         ImageFormat
		layout         Layout
		want           string
		err            error
	}{
		{"dot first", []string{"dot", helperName}, []string{helperName}, "", SVG, "", "dot -Tsvg SERVER_NAME=papergraph " + twoNodes, nil},
		{"PNG of bounded size", []string{"dot"}, nil, "", PNG, "", "dot -Tpng -Gsize=83,83 SERVER_NAME=papergraph " + twoNodes, nil},
		{"beside the program", nil, []string{helperName}, "", PNG, "", helperName + " -Tpng SERVER_NAME=papergraph " + twoNodes, nil},
		{"on PATH", []string{helperName}, nil, "", SVG, "", helperName + " -Tsvg SERVER_NAME=papergraph " + twoNodes, nil},
		{"layout", []string{"dot"}, nil, "", SVG, LayoutNeato, "dot -Tsvg SERVER_NAME=papergraph digraph {\n a -> b\n\nlayout=neato\n}\n", nil},
		{"none", nil, nil, "", SVG, "", "", ErrNoRenderer},
		{"dot fails, the other does not", []string{"dot"}, []string{helperName}, "dot:fail", PNG, "", helperName + " -Tpng SERVER_NAME=papergraph " + twoNodes, nil},
		{"dot draws nothing", []string{"dot"}, []string{helperName}, "dot:nothing", SVG, "", helperName + " -Tsvg SERVER_NAME=papergraph " + twoNodes, nil},
		{"both fail", []string{"dot"}, []string{helperName}, "dot:fail papergraph-render:fail", PNG, "", "", ErrRender},
		{"too much", []string{"dot"}, []string{helperName}, "dot:flood", PNG, "", "", ErrImageTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := programs(t, tc.onPath, tc.beside, tc.do)
			got, err := r.Render(t.Context(), []byte(twoNodes), tc.format, tc.layout)
			if string(got) != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("%q, %v; want %q, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

func TestRenderSaysWhatTheProgramSaid(t *testing.T) {
	r := programs(t, []string{"dot"}, nil, "dot:fail")
	_, err := r.Render(t.Context(), []byte(twoNodes), PNG, "")
	if err == nil || !strings.Contains(err.Error(), `Format: "png" not recognized`) {
		t.Errorf("error %v lacks the program's own words", err)
	}
}

func TestRenderForgetsDamagedCode(t *testing.T) {
	r := programs(t, nil, []string{helperName}, helperName+":damaged")
	dir, err := cacheFolder()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "go-graphviz"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go-graphviz", "code"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Render(t.Context(), []byte(twoNodes), SVG, ""); err != nil {
		t.Errorf("damaged code was not compiled anew: %v", err)
	}
}

func TestRenderRefuses(t *testing.T) {
	r := programs(t, []string{"dot"}, nil, "")
	var large bytes.Buffer
	large.WriteString("digraph {")
	for i := range MaxPNGNodes + 1 {
		fmt.Fprintf(&large, "n%d;", i)
	}
	large.WriteString("}")
	_, err := r.Render(t.Context(), large.Bytes(), PNG, "")
	var many *TooManyNodesError
	if !errors.As(err, &many) || many.Nodes != MaxPNGNodes+1 || many.Limit != MaxPNGNodes {
		t.Errorf("PNG of %d nodes: %v", MaxPNGNodes+1, err)
	}
	if _, err := r.Render(t.Context(), large.Bytes(), SVG, ""); err != nil {
		t.Errorf("SVG of %d nodes: %v", MaxPNGNodes+1, err)
	}
	if _, err := r.Render(t.Context(), []byte("digraph {"), SVG, ""); !errors.Is(err, ErrDOT) {
		t.Errorf("broken DOT: %v, want ErrDOT", err)
	}
	for _, tc := range []struct {
		format ImageFormat
		layout Layout
	}{{"pdf", ""}, {SVG, "; rm"}} {
		if _, err := r.Render(t.Context(), []byte(twoNodes), tc.format, tc.layout); err == nil {
			t.Errorf("format %q with layout %q: no error", tc.format, tc.layout)
		}
	}
}

func TestRenderStopsTheProgram(t *testing.T) {
	r := programs(t, []string{"dot"}, []string{helperName}, "dot:hang")
	r.options.Timeout = 50 * time.Millisecond
	if _, err := r.Render(t.Context(), []byte(twoNodes), SVG, ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a drawing that hangs: %v, want DeadlineExceeded", err)
	}
	r.options.Timeout = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := r.Render(ctx, []byte(twoNodes), SVG, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("a drawing that is cancelled: %v, want Canceled", err)
	}
}

func TestRenderWaitsForAPlace(t *testing.T) {
	r := programs(t, []string{"dot"}, nil, "")
	r.places = make(chan struct{}, 1)
	r.places <- struct{}{}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := r.Render(ctx, []byte(twoNodes), SVG, ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no place is free: %v, want DeadlineExceeded", err)
	}
	<-r.places
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := r.Render(t.Context(), []byte(twoNodes), SVG, ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// The real programs, as far as they are here, draw every view.
func TestRealPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs papergraph-render")
	}
	dir := t.TempDir()
	name := helperName
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), "papergraph/cmd/papergraph-render").CombinedOutput(); err != nil {
		t.Fatalf("build papergraph-render: %v\n%s", err, out)
	}
	own := NewRenderer(RendererOptions{})
	own.beside = func() (string, error) { return dir, nil }
	renderers := map[string]*Renderer{"own": own}
	if _, err := exec.LookPath("dot"); err == nil {
		renderers["native"] = NewRenderer(RendererOptions{})
	}
	for which, r := range renderers {
		for _, v := range append(views, struct {
			name string
			view *graph.View
		}{"large", syntheticView(180)}) {
			t.Run(which+" "+v.name, func(t *testing.T) {
				if which == "own" {
					t.Setenv("PATH", "")
				}
				var dot bytes.Buffer
				if err := DOT(&dot, v.view, DOTOptions{Link: link, Legend: true}); err != nil {
					t.Fatal(err)
				}
				for format, head := range map[ImageFormat]string{SVG: "<?xml", PNG: "\x89PNG\r\n"} {
					image, err := r.Render(t.Context(), dot.Bytes(), format, "")
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.HasPrefix(image, []byte(head)) {
						t.Errorf("%s begins with %q", format, image[:min(20, len(image))])
					}
					if format == SVG {
						if _, err := InlineSVG(image, SVGOptions{}); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
	}
}
