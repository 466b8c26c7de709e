package graph

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Node is an entity of the resolved graph.
type Node struct {
	ID      ID       `json:"id"`
	Name    string   `json:"name"`              // the form to show; a paper's is its title
	Aliases []string `json:"aliases,omitempty"` // other forms seen, sorted, without Name
	// Paper is set for papers alone, Result for results alone.
	Paper  *Document   `json:"paper,omitempty"`
	Result *ResultNode `json:"result,omitempty"`
	// Better says for a metric which direction is better; empty when unknown.
	Better Better `json:"better,omitempty"`
	// Decisions records why these names are one entity, one decision a name
	// that was merged in; empty where nothing was.
	Decisions []Decision `json:"decisions,omitempty"`
}

// Kind is the kind in the node's id.
func (n *Node) Kind() Kind { return n.ID.Kind() }

// Better is the direction in which a metric improves.
type Better string

// The directions.
const (
	HigherIsBetter Better = "higher"
	LowerIsBetter  Better = "lower"
)

// ResultNode is a [Result] once resolved: what it is about are ids. Empty ids
// are not said.
type ResultNode struct {
	Paper      ID         `json:"paper"`
	Value      string     `json:"value"`
	Unit       string     `json:"unit,omitempty"`
	Comparison Comparison `json:"comparison"`
	Metric     ID         `json:"metric,omitempty"`
	Method     ID         `json:"method,omitempty"`
	Dataset    ID         `json:"dataset,omitempty"`
	Baseline   string     `json:"baseline,omitempty"` // as the text has it
}

// Number is the value as a number, as [ParseNumber] reads it; the unit does not
// count.
func (r *ResultNode) Number() (n float64, ok bool) { return ParseNumber(r.Value) }

// ParseNumber reads a number as papers write it: "38,000" is 38000. ok is false
// where the text is none.
func ParseNumber(text string) (n float64, ok bool) {
	n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, false
	}
	return n, true
}

// Decision is the record of one merge: the name Name of kind Kind stands for
// the node that holds the record, because of Reason.
type Decision struct {
	Name   string `json:"name"`
	Kind   Kind   `json:"kind"`   // as its mentions had it; may differ from the node's
	Reason Reason `json:"reason"` // why
	Detail string `json:"detail,omitempty"`
	Papers int    `json:"papers"` // in how many papers the name stands
}

// Reason is why a name was taken for an entity.
type Reason string

// The reasons.
const (
	ReasonSameName Reason = "same name"    // equal but for case, accents, hyphens, plural
	ReasonLexicon  Reason = "lexicon"      // the lexicon lists it as an alias
	ReasonAcronym  Reason = "acronym"      // papers explain the one by the other
	ReasonKind     Reason = "kind settled" // the same name under another kind, outvoted
	ReasonRegistry Reason = "registry"     // the registry says so
)

// Class says how a statement came about.
type Class string

// The classes.
const (
	Extracted Class = "EXTRACTED" // read off the text; has evidence
	Inferred  Class = "INFERRED"  // follows from other statements
	Imported  Class = "IMPORTED"  // came with the paper's metadata
	Curated   Class = "CURATED"   // from the lexicon or a registry
)

// Statement is one source's word for an edge.
type Statement struct {
	Paper      ID         `json:"paper,omitempty"` // who says it; empty for Curated
	Class      Class      `json:"class"`
	Evidence   []Evidence `json:"evidence,omitempty"` // of Paper; at least one if Extracted
	Rule       string     `json:"rule"`               // rule or model with its version
	Confidence float64    `json:"confidence"`         // in (0,1]
}

// Edge is all that is stated of one relation between two nodes.
type Edge struct {
	From       ID          `json:"from"`
	Relation   Relation    `json:"relation"`
	To         ID          `json:"to"`
	Statements []Statement `json:"statements"`
}

// ErrStatement says that a statement is not well formed.
var ErrStatement = errors.New("malformed statement")

// Check refuses an edge outside the relation table, an edge that nobody
// states, and an extracted statement without evidence. Errors wrap [ErrEdge],
// [ErrRelation] or [ErrStatement]. That the evidence lies where it says is
// checked against the document ([Evidence.Check]).
func (e *Edge) Check() error {
	if err := CheckEdge(e.From, e.Relation, e.To); err != nil {
		return err
	}
	bad := func(why string) error {
		return fmt.Errorf("%w: %s %s %s: %s", ErrStatement, e.From, e.Relation, e.To, why)
	}
	if len(e.Statements) == 0 {
		return bad("no statement")
	}
	for _, s := range e.Statements {
		switch {
		case checkConfidence(s.Confidence) != nil:
			return bad(fmt.Sprintf("confidence %v is not in (0,1]", s.Confidence))
		case s.Class == Curated && s.Paper != "":
			return bad("curated, yet a paper states it")
		case s.Class == Extracted && len(s.Evidence) == 0:
			return bad("extracted without evidence")
		case s.Class != Curated && s.Paper == "":
			return bad("no paper states it")
		case len(s.Evidence) > 0 && s.Paper == "":
			return bad("evidence without a paper")
		}
	}
	return nil
}

// Support is the number of distinct papers that state the edge.
func (e *Edge) Support() int {
	papers := make(map[ID]bool, len(e.Statements))
	for _, s := range e.Statements {
		if s.Paper != "" {
			papers[s.Paper] = true
		}
	}
	return len(papers)
}

// Confidence is that of the surest statement.
func (e *Edge) Confidence() float64 {
	best := 0.0
	for _, s := range e.Statements {
		best = max(best, s.Confidence)
	}
	return best
}

// CompareNodes orders nodes by kind, then by id: the order of every export.
func CompareNodes(a, b Node) int { return CompareIDs(a.ID, b.ID) }

// CompareIDs orders ids by the rank of their kind, then by slug.
func CompareIDs(a, b ID) int {
	return cmp.Or(cmp.Compare(a.Kind().Rank(), b.Kind().Rank()), strings.Compare(string(a), string(b)))
}

// CompareEdges orders edges by from, relation, to.
func CompareEdges(a, b Edge) int {
	return cmp.Or(CompareIDs(a.From, b.From), cmp.Compare(a.Relation.Rank(), b.Relation.Rank()), CompareIDs(a.To, b.To))
}

// SortStatements orders statements by paper, then by confidence (surest
// first), rule, places and class, so that an edge reads the same however it was
// built.
func SortStatements(ss []Statement) {
	slices.SortFunc(ss, func(a, b Statement) int {
		return cmp.Or(
			strings.Compare(string(a.Paper), string(b.Paper)), cmp.Compare(b.Confidence, a.Confidence), strings.Compare(a.Rule, b.Rule),
			slices.CompareFunc(a.Evidence, b.Evidence, compareEvidence), strings.Compare(string(a.Class), string(b.Class)))
	})
}

func compareEvidence(a, b Evidence) int {
	return cmp.Or(strings.Compare(string(a.Field), string(b.Field)), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End),
		cmp.Compare(a.MarkStart, b.MarkStart), cmp.Compare(a.MarkEnd, b.MarkEnd), strings.Compare(a.Quote, b.Quote))
}
