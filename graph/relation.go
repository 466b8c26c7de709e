package graph

import (
	"errors"
	"fmt"
	"slices"
)

// Relation is the type of an edge.
type Relation string

// The relations. [Relations] says between which kinds each may stand.
const (
	Introduces   Relation = "introduces"   // its own contribution
	Uses         Relation = "uses"         // builds on, applies, adapts
	ComparesWith Relation = "comparesWith" // baseline, outperformed, criticised
	EvaluatesOn  Relation = "evaluatesOn"  // trains or tests on
	Addresses    Relation = "addresses"    // the problem solved
	Measures     Relation = "measures"
	Concerns     Relation = "concerns"
	Reports      Relation = "reports"     // paper to result, result to what it is about
	BasedOn      Relation = "basedOn"     // a method builds on another
	Outperforms  Relation = "outperforms" // a method is better than another
	PartOf       Relation = "partOf"      // a method is a component of another
	UsedFor      Relation = "usedFor"     // a method is for a task
	EvaluatedOn  Relation = "evaluatedOn" // a method was tried on a dataset
	Broader      Relation = "broader"     // the more general concept or task
	Cites        Relation = "cites"
	AuthoredBy   Relation = "authoredBy"
	PublishedIn  Relation = "publishedIn"
)

// RelationInfo is a row of the relation table.
type RelationInfo struct {
	Relation Relation
	// Pairs lists the kinds that the relation may join, from and to.
	Pairs [][2]Kind
	// Inverse is the relation's name read from its end ("introducedBy"). It
	// is a label, never stored.
	Inverse string
	// Symmetric says that the relation holds in both directions at once.
	Symmetric bool
}

// Relations returns the relation table in the order in which relations are
// listed and drawn. The slice is the caller's own; rows are shared and must
// not be changed.
func Relations() []RelationInfo { return slices.Clone(relations) }

var relations = []RelationInfo{
	{Relation: Introduces, Pairs: [][2]Kind{{KindPaper, KindMethod}, {KindPaper, KindDataset}}, Inverse: "introducedBy"},
	{Relation: Uses, Pairs: [][2]Kind{{KindPaper, KindMethod}}, Inverse: "usedBy"},
	{Relation: ComparesWith, Pairs: [][2]Kind{{KindPaper, KindMethod}}, Inverse: "comparedIn"},
	{Relation: EvaluatesOn, Pairs: [][2]Kind{{KindPaper, KindDataset}}, Inverse: "evaluatedIn"},
	{Relation: Addresses, Pairs: [][2]Kind{{KindPaper, KindTask}}, Inverse: "addressedBy"},
	{Relation: Measures, Pairs: [][2]Kind{{KindPaper, KindMetric}}, Inverse: "measuredBy"},
	{Relation: Concerns, Pairs: [][2]Kind{{KindPaper, KindConcept}}, Inverse: "topicOf"},
	{Relation: Reports, Pairs: [][2]Kind{{KindPaper, KindResult}, {KindResult, KindMethod}, {KindResult, KindDataset}, {KindResult, KindMetric}}, Inverse: "reportedBy"},
	{Relation: BasedOn, Pairs: [][2]Kind{{KindMethod, KindMethod}}, Inverse: "basisOf"},
	{Relation: Outperforms, Pairs: [][2]Kind{{KindMethod, KindMethod}}, Inverse: "outperformedBy"},
	{Relation: PartOf, Pairs: [][2]Kind{{KindMethod, KindMethod}}, Inverse: "hasPart"},
	{Relation: UsedFor, Pairs: [][2]Kind{{KindMethod, KindTask}}, Inverse: "solvedWith"},
	{Relation: EvaluatedOn, Pairs: [][2]Kind{{KindMethod, KindDataset}}, Inverse: "testbedOf"},
	{Relation: Broader, Pairs: [][2]Kind{{KindConcept, KindConcept}, {KindTask, KindTask}, {KindMethod, KindConcept}}, Inverse: "narrower"},
	{Relation: Cites, Pairs: [][2]Kind{{KindPaper, KindPaper}}, Inverse: "citedBy"},
	{Relation: AuthoredBy, Pairs: [][2]Kind{{KindPaper, KindAuthor}}, Inverse: "wrote"},
	{Relation: PublishedIn, Pairs: [][2]Kind{{KindPaper, KindVenue}}, Inverse: "published"},
}

// Errors of the relation table.
var (
	// ErrRelation says that a word names no relation.
	ErrRelation = errors.New("unknown relation")
	// ErrEdge says that the relation table has no such edge.
	ErrEdge = errors.New("edge not allowed")
)

// ParseRelation reads a relation by name. The error wraps [ErrRelation].
func ParseRelation(s string) (Relation, error) {
	for _, r := range relations {
		if s == string(r.Relation) {
			return r.Relation, nil
		}
	}
	names := make([]Relation, len(relations))
	for i, r := range relations {
		names[i] = r.Relation
	}
	return "", fmt.Errorf("%w %q: expected one of %v", ErrRelation, s, names)
}

// Info returns the relation's row; ok is false for an unknown relation.
func (r Relation) Info() (info RelationInfo, ok bool) {
	i := r.Rank()
	if i == len(relations) {
		return RelationInfo{}, false
	}
	return relations[i], true
}

// Rank is the relation's place in [Relations]; unknown ones come last.
func (r Relation) Rank() int {
	for i := range relations {
		if relations[i].Relation == r {
			return i
		}
	}
	return len(relations)
}

// CheckEdge refuses an edge that the relation table does not have. The error
// wraps [ErrRelation] or [ErrEdge].
func CheckEdge(from ID, r Relation, to ID) error {
	info, ok := r.Info()
	if !ok {
		return fmt.Errorf("%w %q between %s and %s", ErrRelation, r, from, to)
	}
	pair := [2]Kind{from.Kind(), to.Kind()}
	if !slices.Contains(info.Pairs, pair) {
		return fmt.Errorf("%w: %s %s %s: %s joins %v", ErrEdge, from, r, to, r, info.Pairs)
	}
	if from == to {
		return fmt.Errorf("%w: %s %s itself", ErrEdge, from, r)
	}
	return nil
}
