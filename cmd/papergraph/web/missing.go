package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"papergraph/graph"
)

// nearMatches is how many the page of a missing node offers.
const nearMatches = 8

// resolve finds the node that a path means although it is not its id: a slug
// in other case, a name, an alias, or an outside id such as a DOI. It is empty
// where there is none, or where several nodes have the name and none of them
// as its own.
func (v *visit) resolve(kind graph.Kind, name string) (graph.ID, error) {
	if len(name) > maxName {
		return "", nil
	}
	if id := graph.NewID(kind, name); v.Degree(id) > 0 {
		return id, nil
	}
	ids, err := v.Lookup(name, kind)
	if err != nil {
		return "", fmt.Errorf("look up %q: %w", name, err)
	}
	if len(ids) == 1 {
		return ids[0], nil
	}
	return "", nil
}

// maxName bounds what is looked up, in bytes. The longest title is shorter.
const maxName = 1 << 10

// missingNode answers for a node that is not there with those that may have
// been meant.
func (s *Server) missingNode(w http.ResponseWriter, v *visit, kind graph.Kind, name string) {
	text := strings.ToValidUTF8(name[:min(len(name), maxName)], "")
	near, err := v.near(kind, text)
	if err != nil {
		s.fail(w, v.r, err)
		return
	}
	p := problemPage{Title: "Not found", Text: fmt.Sprintf("There is no %s “%s” in this graph.", kind, text), Near: near, Query: strings.ReplaceAll(text, "-", " ")}
	s.writeProblem(w, v.r, http.StatusNotFound, p)
}

// severalNodes answers for the id of a former node that is one of several now.
func (s *Server) severalNodes(w http.ResponseWriter, v *visit, id graph.ID, now []graph.ID) {
	choices, err := v.nodeLinks(now[:min(len(now), nearMatches)])
	if err != nil {
		s.fail(w, v.r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	p := problemPage{Title: "Several now", Text: fmt.Sprintf("What was %s is now one of these.", id), Near: choices, Query: strings.ReplaceAll(id.Slug(), "-", " ")}
	s.writeProblem(w, v.r, http.StatusMultipleChoices, p)
}

// near finds nodes with names like a given one: those that have it, of
// whatever kind, then those that a search for its words finds, of its kind
// first. Where there are none, the last word is shortened until there are:
// a search takes it for the beginning of words, and a misspelt word as a rule
// begins right.
func (v *visit) near(kind graph.Kind, name string) ([]nodeLink, error) {
	text := strings.Join(strings.Fields(strings.ReplaceAll(name, "-", " ")), " ")
	ids, err := v.Lookup(text)
	if err != nil {
		return nil, fmt.Errorf("look up %q: %w", name, err)
	}
	var kinds [][]graph.Kind
	if kind != "" {
		kinds = append(kinds, []graph.Kind{kind})
	}
	kinds = append(kinds, nil)
	for range maxShortened {
		for _, k := range kinds {
			hits, err := v.Search(v.r.Context(), text, k, nearMatches)
			if err != nil {
				return nil, fmt.Errorf("search for %q: %w", text, err)
			}
			for _, h := range hits {
				if !slices.Contains(ids, h.ID) {
					ids = append(ids, h.ID)
				}
			}
		}
		last := text[strings.LastIndexByte(text, ' ')+1:]
		if len(ids) > 0 || utf8.RuneCountInString(last) <= minShortened {
			break
		}
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return v.nodeLinks(ids[:min(len(ids), nearMatches)])
}

// How far a word is shortened.
const (
	maxShortened = 8
	minShortened = 3 // letters that are left
)

// missing answers for an address that means nothing here.
func (s *Server) missing(w http.ResponseWriter, r *http.Request, path string) {
	p := problemPage{Title: "Not found", Text: "There is no such page here."}
	if name, _ := splitForm(strings.Trim(path, "/")); len(name) <= maxName {
		p.Query = strings.TrimSpace(strings.NewReplacer("/", " ", "-", " ").Replace(name))
	}
	s.writeProblem(w, r, http.StatusNotFound, p)
}
