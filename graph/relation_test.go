package graph

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRelationTable(t *testing.T) {
	names, inverses := map[string]bool{}, map[string]bool{}
	for i, r := range Relations() {
		if len(r.Pairs) == 0 {
			t.Errorf("%s joins nothing", r.Relation)
		}
		if names[string(r.Relation)] || r.Relation == "" {
			t.Errorf("relation %q is there twice or has no name", r.Relation)
		}
		if inverses[r.Inverse] || r.Inverse == "" {
			t.Errorf("inverse %q of %s is there twice or has no name", r.Inverse, r.Relation)
		}
		names[string(r.Relation)], inverses[r.Inverse] = true, true
		if r.Relation.Rank() != i {
			t.Errorf("rank of %s is %d, want %d", r.Relation, r.Relation.Rank(), i)
		}
		if got, err := ParseRelation(string(r.Relation)); err != nil || got != r.Relation {
			t.Errorf("ParseRelation(%q) = %q, %v", r.Relation, got, err)
		}
		for _, p := range r.Pairs {
			if !p[0].Valid() || !p[1].Valid() {
				t.Errorf("%s joins %v", r.Relation, p)
			}
			if r.Symmetric && !slices.Contains(r.Pairs, [2]Kind{p[1], p[0]}) {
				t.Errorf("%s is symmetric but does not join %s and %s", r.Relation, p[1], p[0])
			}
		}
	}
	for n := range inverses {
		if names[n] {
			t.Errorf("%q is both a relation and an inverse", n)
		}
	}
	if _, err := ParseRelation("likes"); !errors.Is(err, ErrRelation) || !strings.Contains(err.Error(), string(Introduces)) {
		t.Errorf("ParseRelation(likes): %v, want ErrRelation and what there is", err)
	}
	if r := Relation("likes"); r.Rank() != len(Relations()) {
		t.Errorf("rank of an unknown relation is %d", r.Rank())
	}
}

// Ensure that CheckEdge takes exactly what the table has.
func TestCheckEdge(t *testing.T) {
	for _, r := range Relations() {
		for _, from := range Kinds() {
			for _, to := range Kinds() {
				err := CheckEdge(NewID(from, "one"), r.Relation, NewID(to, "other"))
				switch allowed := slices.Contains(r.Pairs, [2]Kind{from, to}); {
				case allowed && err != nil:
					t.Errorf("%s %s %s: %v", from, r.Relation, to, err)
				case !allowed && !errors.Is(err, ErrEdge):
					t.Errorf("%s %s %s: %v, want an error that wraps ErrEdge", from, r.Relation, to, err)
				}
			}
		}
	}
	for _, tt := range []struct {
		from ID
		r    Relation
		to   ID
		want error
	}{
		{"paper:a", "likes", "method:b", ErrRelation},
		{"paper:a", "", "method:b", ErrRelation},
		{"paper:a", Cites, "paper:a", ErrEdge},
		{"method:a", BasedOn, "method:a", ErrEdge},
		{"", Introduces, "method:b", ErrEdge},
		{"paper:a", Introduces, "", ErrEdge},
		{"thing:a", Introduces, "method:b", ErrEdge},
	} {
		if err := CheckEdge(tt.from, tt.r, tt.to); !errors.Is(err, tt.want) {
			t.Errorf("CheckEdge(%q, %q, %q): %v, want %v", tt.from, tt.r, tt.to, err, tt.want)
		}
	}
}

func TestKinds(t *testing.T) {
	for i, k := range Kinds() {
		if !k.Valid() || k.Rank() != i {
			t.Errorf("%s: valid %v, rank %d, want true, %d", k, k.Valid(), k.Rank(), i)
		}
		for _, s := range []string{string(k), k.Plural()} {
			if got, err := ParseKind(s); err != nil || got != k {
				t.Errorf("ParseKind(%q) = %q, %v", s, got, err)
			}
		}
	}
	for _, s := range []string{"", "Method", "methodss", "thing", " method"} {
		if _, err := ParseKind(s); !errors.Is(err, ErrKind) {
			t.Errorf("ParseKind(%q): %v, want ErrKind", s, err)
		}
	}
	if k := Kind("thing"); k.Valid() || k.Rank() != len(Kinds()) {
		t.Errorf("an unknown kind: valid %v, rank %d", k.Valid(), k.Rank())
	}
	mine := Kinds()
	mine[0] = "changed"
	if d := cmp.Diff(KindPaper, Kinds()[0]); d != "" {
		t.Errorf("the slice is not the caller's own (-want +got):\n%s", d)
	}
}
