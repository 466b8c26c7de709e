package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"

	"papergraph/schema/contentcoding"
)

//go:embed static templates examples
var siteFiles embed.FS

//go:embed playground/dist
var playgroundFiles embed.FS

// assets are the files that pages refer to, by name. Their addresses have the
// version in them, so that browsers may keep them for good.
type assets struct {
	version string
	files   map[string]asset
}

// asset is a file, compressed if packed.
type asset struct {
	media  string
	body   []byte
	packed bool
}

// mediaTypes are the types of all files that are served; a system's own table
// may lack them, or have others.
var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".ttf": "font/ttf",
	"":     "text/plain; charset=utf-8", // LICENSES
}

// loadAssets collects the files that are part of the program. The version is a
// hash of them all and of the templates.
func loadAssets() (*assets, error) {
	a := &assets{files: make(map[string]asset)}
	h := sha256.New()
	for _, tree := range []fs.FS{siteFiles, playgroundFiles} {
		err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			body, err := fs.ReadFile(tree, name)
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "%s %d\n", name, len(body))
			h.Write(body)
			folder, base := path.Split(name)
			if folder != "static/" && folder != "playground/dist/" {
				return nil
			}
			plain, packed := strings.CutSuffix(base, ".gz")
			media, ok := mediaTypes[path.Ext(plain)]
			if !ok {
				return fmt.Errorf("embedded file %s: no media type for %q", name, path.Ext(plain))
			}
			a.files[plain] = asset{media: media, body: body, packed: packed}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	a.version = hex.EncodeToString(h.Sum(nil)[:6])
	return a, nil
}

// How long browsers may keep a file.
const (
	keepForGood = "public, max-age=31536000, immutable" // for an address that has the version in it
	keepForADay = "public, max-age=86400"
)

// serve writes a file; false says that there is none of that name.
func (a *assets) serve(w http.ResponseWriter, r *http.Request, name, cache string) bool {
	f, ok := a.files[name]
	if !ok {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", f.media)
	h.Set("Cache-Control", cache)
	body := f.body
	if f.packed {
		h.Add("Vary", "Accept-Encoding")
		if contentcoding.AcceptsGzip(r.Header.Values("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
		} else {
			var err error
			if body, err = f.unpack(); err != nil {
				http.Error(w, "an embedded file is damaged", http.StatusInternalServerError)
				return true
			}
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // an error means that the client has gone
	}
	return true
}

// unpack is the file's plain content.
func (f asset) unpack() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(f.body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
