package schema

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/graph-gophers/graphql-go"

	"papergraph/graph"
)

type leaderboardArgs struct {
	Dataset, Metric *graphql.ID
	First           int32
	asOfArg
}

// Leaderboard ranks results that can be compared.
func (q *query) Leaderboard(ctx context.Context, args leaderboardArgs) (*[]leaderboard, error) {
	n, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	var about []graph.ID // what results must be about
	for _, a := range []struct {
		arg  string
		ref  *graphql.ID
		kind graph.Kind
	}{{"dataset", args.Dataset, graph.KindDataset}, {"metric", args.Metric, graph.KindMetric}} {
		if a.ref == nil {
			continue
		}
		id, err := r.find(a.arg, string(*a.ref), a.kind)
		if err != nil || id == "" {
			return nil, err
		}
		about = append(about, id)
	}
	done, err := r.sweep(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	var boards []board
	if len(about) > 0 {
		boards, err = r.boards(ctx, about)
	} else {
		boards, err = r.firstBoards(ctx, n)
	}
	if err != nil {
		return nil, err
	}
	return r.newLeaderboards(ctx, boards[:min(n, len(boards))])
}

// boardKey is what results have in common that can be ranked.
type boardKey struct {
	dataset, metric graph.ID
	comparison      graph.Comparison
	unit            string
}

// board is the results that have something in common.
type board struct {
	boardKey
	results []*graph.Node
}

// boards reads the results that are about all of the given nodes, in boards:
// datasets in the order of their list, then by number of results, largest
// first, then by metric. Results that name no dataset or no metric, or whose
// value is no number, are on none.
func (r *request) boards(ctx context.Context, about []graph.ID) ([]board, error) {
	ids, err := r.snap.Intersect(ctx, about, in(graph.Reports, graph.KindResult))
	if err != nil {
		return nil, err
	}
	if err := r.charge(len(ids)); err != nil {
		return nil, err
	}
	nodes, err := r.snap.Nodes(ctx, ids)
	if err != nil {
		return nil, err
	}
	at := make(map[boardKey]int)
	var boards []board
	for _, n := range nodes {
		res := n.Result
		if _, ok := number(res.Value, graph.HigherIsBetter); !ok || res.Dataset == "" || res.Metric == "" {
			continue
		}
		c := boardKey{res.Dataset, res.Metric, res.Comparison, strings.ToLower(res.Unit)}
		i, ok := at[c]
		if !ok {
			i = len(boards)
			at[c] = i
			boards = append(boards, board{boardKey: c})
		}
		boards[i].results = append(boards[i].results, n)
	}
	slices.SortFunc(boards, func(a, b board) int {
		return cmp.Or(cmp.Compare(r.snap.Degree(b.dataset), r.snap.Degree(a.dataset)), graph.CompareIDs(a.dataset, b.dataset),
			cmp.Compare(len(b.results), len(a.results)), graph.CompareIDs(a.metric, b.metric),
			cmp.Compare(comparisonRank(a.comparison), comparisonRank(b.comparison)), strings.Compare(a.unit, b.unit))
	})
	return boards, nil
}

func comparisonRank(c graph.Comparison) int {
	return slices.Index([]graph.Comparison{graph.Absolute, graph.Improvement, graph.Reduction, graph.Ratio}, c)
}

// datasetsAtOnce is how many datasets are read at a time where none is named.
const datasetsAtOnce = 100

// firstBoards reads the boards of datasets, those in most papers first, until
// there are n of them.
func (r *request) firstBoards(ctx context.Context, n int) ([]board, error) {
	var all []board
	for after := graph.ID(""); len(all) < n; {
		datasets, err := r.snap.List(graph.KindDataset, after, datasetsAtOnce)
		if err != nil || len(datasets) == 0 {
			return all, err
		}
		if err := r.charge(len(datasets)); err != nil {
			return nil, err
		}
		for _, d := range datasets {
			boards, err := r.boards(ctx, []graph.ID{d})
			if err != nil {
				return nil, err
			}
			if all = append(all, boards...); len(all) >= n {
				break
			}
		}
		after = datasets[len(datasets)-1]
	}
	return all, nil
}

// number is the value of a result as a number, which for a range is the end of
// it that is better.
func number(value string, better graph.Better) (n float64, ok bool) {
	if n, ok := graph.ParseNumber(value); ok {
		return n, true
	}
	from, to, _ := strings.Cut(value, "-")
	a, ok1 := graph.ParseNumber(from)
	b, ok2 := graph.ParseNumber(to)
	if !ok1 || !ok2 {
		return 0, false
	}
	if better == graph.LowerIsBetter {
		return min(a, b), true
	}
	return max(a, b), true
}

// newLeaderboards reads what boards are about and ranks their results.
func (r *request) newLeaderboards(ctx context.Context, boards []board) (*[]leaderboard, error) {
	var ids, results []graph.ID
	var records []*graph.Node
	for _, b := range boards {
		ids = append(ids, b.dataset, b.metric)
		for _, n := range b.results {
			results, records = append(results, n.ID), append(records, n)
		}
	}
	// Which direction is better stands in the metric's record.
	about, err := r.readGroup(ctx, ids, true)
	if err != nil {
		return nil, err
	}
	byID, entries := about.byID(), newGroup(r, results, records).members
	list := make([]leaderboard, len(boards))
	for i, b := range boards {
		l := &list[i]
		l.key, l.dataset, l.metric = b.boardKey, byID[b.dataset], byID[b.metric]
		if l.better = l.metric.node.Better; b.comparison != graph.Absolute {
			l.better = graph.HigherIsBetter // a larger gain, saving or factor
		}
		l.rank(entries[:len(b.results)])
		entries = entries[len(b.results):]
	}
	return &list, nil
}

// leaderboard is a board with its results in order.
type leaderboard struct {
	key             boardKey
	dataset, metric *entity
	better          graph.Better // empty where it is not known
	entries         []leaderboardEntry
}

// rank brings results into order, the best first.
func (l *leaderboard) rank(results []*entity) {
	for _, e := range results {
		n, _ := number(e.node.Result.Value, l.better)
		l.entries = append(l.entries, leaderboardEntry{value: n, result: e})
	}
	slices.SortFunc(l.entries, func(a, b leaderboardEntry) int {
		byValue := cmp.Compare(b.value, a.value)
		if l.better == graph.LowerIsBetter {
			byValue = -byValue
		}
		return cmp.Or(byValue, graph.CompareIDs(a.result.id, b.result.id))
	})
	if l.better == "" {
		return
	}
	for i := range l.entries {
		e := &l.entries[i]
		if e.rank = i + 1; i > 0 && l.entries[i-1].value == e.value {
			e.rank = l.entries[i-1].rank
		}
	}
}

func (l leaderboard) Dataset() *dataset            { return asDataset(l.dataset) }
func (l leaderboard) Metric() *metric              { return asMetric(l.metric) }
func (l leaderboard) Unit() *string                { return orNull(l.key.unit) }
func (l leaderboard) Comparison() graph.Comparison { return l.key.comparison }
func (l leaderboard) Better() *graph.Better        { return orNull(l.better) }
func (l leaderboard) TotalCount() int32            { return int32(len(l.entries)) }

func (l leaderboard) Entries(args firstArg) (*[]leaderboardEntry, error) {
	n, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	entries := l.entries[:min(n, len(l.entries))]
	return &entries, nil
}

// leaderboardEntry is a result with its place.
type leaderboardEntry struct {
	rank   int // 0 where it is not known what is better
	value  float64
	result *entity
}

func (e leaderboardEntry) Rank() *int32    { return orNull(int32(e.rank)) }
func (e leaderboardEntry) Value() float64  { return e.value }
func (e leaderboardEntry) Result() *result { return asResult(e.result) }
