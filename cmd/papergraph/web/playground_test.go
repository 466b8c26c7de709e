package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure that the page hands its configuration to the script as it is.
func TestPlaygroundConfig(t *testing.T) {
	st := openStore(t)
	publish(t, st, small(t))
	s := newServer(t, st, Options{BaseURL: "/graph"})
	body := page(t, s, "/graph/?asOf=abcd").body
	m := regexp.MustCompile(`(?s)id="config">(.*?)</script>`).FindStringSubmatch(body)
	if m == nil {
		t.Fatal("no configuration in the page")
	}
	var got playgroundConfig
	if err := json.Unmarshal([]byte(m[1]), &got); err != nil {
		t.Fatalf("%v in %s", err, m[1])
	}
	want := playgroundConfig{Endpoint: "/graph/graphql?asOf=abcd", Links: "/graph/q?asOf=abcd", Browse: "/graph/browse?asOf=abcd", Base: "/graph", Examples: s.examples}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got)\n%s", diff)
	}
}

// maxBundle bounds what the playground adds to the program.
const maxBundle = 3 << 20

// Ensure that what is embedded is whole, small, and names no place that it
// could load anything from.
func TestBundleFiles(t *testing.T) {
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	var names []string
	for name, f := range a.files {
		size += len(f.body)
		names = append(names, name)
		if !f.packed {
			continue
		}
		plain, err := f.unpack()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if found := regexp.MustCompile(`(?i)(src|href)=["']https?://|@import|url\(["']?https?://|from ?["']https?://|import\(["']https?://|importScripts\(["']https?://`).Find(plain); found != nil {
			t.Errorf("%s loads something from elsewhere: %s", name, found)
		}
	}
	for _, want := range []string{"playground.js", "playground.css", "editor.worker.js", "json.worker.js", "graphql.worker.js", "codicon.ttf", "LICENSES", "style.css", "favicon.svg"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if size > maxBundle {
		t.Errorf("%d bytes are embedded, at most %d should be", size, maxBundle)
	}
	lock, err := os.ReadFile("playground/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(lock, []byte(`"resolved"`)) || bytes.Contains(lock, []byte("registry")) {
		t.Error("the lock file names a registry: npm must run with omit-lockfile-registry-resolved")
	}
}

// node says where Node.js and npm are, or skips the test.
func node(t *testing.T) (node, npm string) {
	t.Helper()
	node, err := exec.LookPath("node")
	npm, err2 := exec.LookPath("npm")
	if err := errors.Join(err, err2); err != nil {
		t.Skipf("needs Node.js with npm: %v", err)
	}
	return node, npm
}

// install is a folder with the playground's sources and what they need: that
// of the sources where somebody has run npm ci in it, else a copy. Without a
// network for that the test is skipped.
func install(t *testing.T, npm string) string {
	t.Helper()
	if _, err := os.Stat("playground/node_modules/.package-lock.json"); err == nil {
		return "playground"
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "src"), os.DirFS("playground/src")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"package.json", "package-lock.json", "build.mjs", "browser.mjs", ".npmrc"} {
		b, err := os.ReadFile(filepath.Join("playground", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), npm, "ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--prefer-offline")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		if regexp.MustCompile(`ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED`).Match(out) {
			t.Skipf("npm cannot reach its registry:\n%s", out)
		}
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	return dir
}

// Ensure that a fresh build of the playground is what is committed. Compressed
// bytes may differ with the version of zlib, what is in them may not.
func TestBundleFresh(t *testing.T) {
	if testing.Short() {
		t.Skip("installs packages and bundles them")
	}
	program, npm := node(t)
	dir := install(t, npm)
	out := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program, "build.mjs", out)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("node build.mjs: %v\n%s", err, out)
	}
	fresh, committed := contents(t, out), contents(t, "playground/dist")
	if diff := cmp.Diff(committed, fresh); diff != "" {
		t.Errorf("playground/dist is not what its sources give: run npm ci and node build.mjs in playground/ (-committed +fresh, hashes of the files)\n%s", diff)
	}
}

// contents are the files of a folder, decompressed.
func contents(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][32]byte{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(e.Name(), ".gz") {
			if b, err = (asset{body: b, packed: true}).unpack(); err != nil {
				t.Fatalf("%s: %v", e.Name(), err)
			}
		}
		files[e.Name()] = sha256.Sum256(b)
	}
	return files
}
