package web

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Ensure that a browser shows what it should: see playground/browser.mjs. It
// needs Chromium and Node.js, and runs where PAPERGRAPH_BROWSER is set. With
// PAPERGRAPH_SCREENSHOTS, a folder, it leaves pictures of the pages there.
func TestBrowser(t *testing.T) {
	if os.Getenv("PAPERGRAPH_BROWSER") == "" {
		t.Skip("set PAPERGRAPH_BROWSER=1 to look at the pages in Chromium (apt-get install chromium)")
	}
	program, npm := node(t)
	dir := install(t, npm)
	st := openStore(t)
	publish(t, st, small(t))
	s := newServer(t, st, Options{Renderer: renderer(t)})
	l, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	args := []string{"browser.mjs", s.URL(l)}
	if folder := os.Getenv("PAPERGRAPH_SCREENSHOTS"); folder != "" {
		if folder, err = filepath.Abs(folder); err != nil {
			t.Fatal(err)
		}
		args = append(args, folder)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
