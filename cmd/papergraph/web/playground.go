package web

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// playgroundPolicy is the content security policy of the playground. Its
// editor makes style elements and workers; all of them come from here, as do
// its scripts, and it can ask nobody else.
const playgroundPolicy = "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"

// example is a query that the playground opens on.
type example struct {
	Name      string `json:"name"`
	Title     string `json:"title"`
	About     string `json:"about"`
	Query     string `json:"query"`
	Variables string `json:"variables"`
}

// loadExamples reads the example queries, in the order of their files' names.
// The first comment lines of a query are its title and, behind an empty one,
// what it is about; a file with the same name and the ending .json has the
// variables.
func loadExamples() ([]example, error) {
	names, err := fs.Glob(siteFiles, "examples/*.graphql")
	if err != nil {
		return nil, err
	}
	var list []example
	for _, name := range names {
		text, err := siteFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		e := example{Name: strings.TrimSuffix(path.Base(name), ".graphql"), Query: string(text)}
		var about []string
		for line := range strings.Lines(e.Query) {
			comment, ok := strings.CutPrefix(line, "#")
			if !ok {
				break
			}
			about = append(about, strings.TrimSpace(comment))
		}
		if len(about) < 3 || about[0] == "" || about[1] != "" {
			return nil, fmt.Errorf("example %s: it does not begin with a title, an empty comment and what it is about", name)
		}
		e.Title, e.About = about[0], strings.Join(about[2:], " ")
		if vars, err := siteFiles.ReadFile(strings.TrimSuffix(name, "graphql") + "json"); err == nil {
			e.Variables = string(vars)
		}
		list = append(list, e)
	}
	return list, nil
}

// playgroundPage is what the page of the playground has.
type playgroundPage struct {
	frame
	Config   playgroundConfig
	Examples []example
}

// playgroundConfig is what its script reads.
type playgroundConfig struct {
	Endpoint string    `json:"endpoint"`
	Links    string    `json:"links,omitempty"` // where queries are kept, if anywhere
	Browse   string    `json:"browse"`
	Base     string    `json:"base"`
	Examples []example `json:"examples"`
}

// servePlayground answers with GraphiQL. The address may have a query and its
// variables, which open in a tab.
func (s *Server) servePlayground(w http.ResponseWriter, r *http.Request) {
	q, err := query(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if v := q.Get("variables"); v != "" && !json.Valid([]byte(v)) {
		s.fail(w, r, badRequest("The parameter variables is not JSON."))
		return
	}
	p := playgroundPage{frame: s.newFrame(r, nil, "Playground"), Examples: s.examples,
		Config: playgroundConfig{Endpoint: s.prefix + "/graphql", Browse: s.prefix + "/browse", Base: s.prefix, Examples: s.examples}}
	if s.Queries != nil {
		p.Config.Links = s.prefix + "/q"
	}
	if asOf := q.Get("asOf"); asOf != "" {
		p.AsOf, p.Suffix = asOf, suffixOf(asOf)
		p.Config.Endpoint += p.Suffix
		p.Config.Browse += p.Suffix
		if p.Config.Links != "" {
			p.Config.Links += p.Suffix
		}
	}
	body, err := s.pages.render("playground", p)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Security-Policy", playgroundPolicy)
	w.Header().Set("Cache-Control", "no-cache")
	s.write(w, r, http.StatusOK, content{media: pageMedia, body: body})
}
