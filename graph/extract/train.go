package extract

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"papergraph/graph"
	"papergraph/graph/lexicon"
	"papergraph/graph/score"
	"papergraph/graph/tag"
)

// Annotated is a document with what people say that it says.
type Annotated struct {
	Document graph.Document
	Gold     score.Paper
}

// Training says what to train from.
type Training struct {
	Lexicon *lexicon.Lexicon
	Tagger  *tag.Tagger // nil is the shipped fast one
	Gold    []Annotated
	// Corpus are unannotated documents for phrase statistics; nil for none.
	Corpus iter.Seq2[graph.Document, error]
	// Statistics is a model whose phrase statistics and name-breaking words
	// serve instead of counting anew; nil for none.
	Statistics *Model
	// Folds is the number of parts of the cross-validation; 0 means 5.
	Folds int
	// Seed orders the examples; the same seed and data give the same model.
	Seed uint64
	// Log receives lines on progress, one at a time; nil for none.
	Log func(format string, args ...any)
}

// RoleReport says how well a role is decided on documents that the deciding
// model has not seen.
type RoleReport struct {
	Name                  string
	Precision, Recall, F1 float64
	Gold, Predicted, Hits int
	Threshold             float64
	// Reliability counts for each tenth of confidence the statements and
	// those that are right.
	Reliability [10][2]int
}

// ErrTraining says that there is too little to train from.
var ErrTraining = errors.New("cannot train")

// Hyper-parameters of the classifiers, chosen by cross-validation.
const (
	learningRate = 0.012
	firstEpochs  = 14
	numberEpochs = 10
	dropout      = 0.4 // share of features hidden from an example
	minDocuments = 3   // documents that a feature must stand in
	minPhrase    = 4   // documents that a phrase must stand in
	// breakers: words of at least so many documents, in names of at most so
	// large a share of them
	breakerDocuments = 12
	breakerShare     = 0.01
)

// Train makes a model: words that break names, statistics of phrases, logistic
// regressions by AdaGrad (Duchi et al. 2011) with averaged weights, boosted
// trees on their cross-validated scores, Platt calibration, and the thresholds
// that give the best F1 in cross-validation.
// The report has a row for each role, one for results, and one for all.
func Train(ctx context.Context, tr Training) (*Model, []RoleReport, error) {
	folds := cmp.Or(tr.Folds, 5)
	if len(tr.Gold) < 2*folds {
		return nil, nil, fmt.Errorf("%w: %d annotated papers for %d folds, at least %d are needed", ErrTraining, len(tr.Gold), folds, 2*folds)
	}
	var logging sync.Mutex
	log := func(format string, args ...any) {
		if tr.Log != nil {
			logging.Lock()
			defer logging.Unlock()
			tr.Log(format, args...)
		}
	}
	m := &Model{breakers: map[string]bool{}, phrases: &phraseTable{}}
	if tr.Statistics != nil {
		m.Breakers, m.phrases = tr.Statistics.Breakers, tr.Statistics.phrases
	} else {
		m.Breakers = findBreakers(tr.Gold)
	}
	for _, b := range m.Breakers {
		m.breakers[b] = true
	}
	log("%d words break names", len(m.Breakers))
	x, err := New(tr.Lexicon, Options{Model: m, Tagger: tr.Tagger})
	if err != nil {
		return nil, nil, err
	}
	if tr.Corpus != nil && tr.Statistics == nil {
		if err := x.countPhrases(ctx, tr.Corpus, log); err != nil {
			return nil, nil, err
		}
	}
	t := trainer{x: x, folds: folds, seed: tr.Seed, log: log}
	if err := t.prepare(ctx, tr.Gold); err != nil {
		return nil, nil, err
	}
	if err := t.trainRoles(ctx); err != nil {
		return nil, nil, err
	}
	if err := t.trainNumbers(ctx); err != nil {
		return nil, nil, err
	}
	m.Version = t.version(tr)
	return m, t.report(), nil
}

// findBreakers lists words of the annotated texts that (almost) never stand in
// an annotated name.
func findBreakers(gold []Annotated) []string {
	inText, inName := map[string]int{}, map[string]int{}
	for _, g := range gold {
		names := map[string]bool{}
		for _, e := range g.Gold.Entities() {
			for _, n := range append([]string{e.Name}, e.Aliases...) {
				for _, tok := range newText(graph.FieldTitle, n).tokens {
					names[tok.lower] = true
				}
			}
		}
		words := map[string]bool{}
		for _, f := range []graph.Field{graph.FieldTitle, graph.FieldAbstract} {
			for _, tok := range newText(f, g.Document.Text(f)).tokens {
				if tok.class == wordToken {
					words[tok.lower] = true
				}
			}
		}
		for w := range words {
			inText[w]++
			if names[w] {
				inName[w]++
			}
		}
	}
	var out []string
	for w, n := range inText {
		if n >= breakerDocuments && float64(inName[w]) <= breakerShare*float64(n) && !stopWords[w] {
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return out
}

// countPhrases fills the model's phrase table.
func (x *Extractor) countPhrases(ctx context.Context, corpus iter.Seq2[graph.Document, error], log func(string, ...any)) error {
	pc := newPhraseCounter()
	docs := make(chan graph.Document, 64)
	analyses := make(chan *analysis, 64)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for d := range docs {
				analyses <- x.analyse(&d)
			}
		})
	}
	var failed error
	go func() {
		for d, err := range corpus {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				failed = err
				break
			}
			docs <- d
		}
		close(docs)
		workers.Wait()
		close(analyses)
	}()
	n := 0
	for a := range analyses {
		pc.observe(a)
		if n++; n%10000 == 0 {
			log("counted the phrases of %d papers", n)
		}
	}
	if failed != nil {
		return fmt.Errorf("count phrases: %w", failed)
	}
	x.model.phrases = pc.table(minPhrase)
	log("%d phrases of %d papers stand in at least %d", x.model.phrases.len(), n, minPhrase)
	return nil
}

// example is a candidate of an annotated document.
type example struct {
	parts
	labels uint16 // a bit for each role
}

// cloneParts copies parts that are valid only during a call.
func cloneParts(p *parts) parts {
	return parts{slices.Clone(p.all), slices.Clone(p.inParts), slices.Clone(p.ends)}
}

// lesson is an annotated document made ready.
type lesson struct {
	a        *analysis
	examples []example
	gold     [roleCount][]map[string]bool // key sets of the annotated entities
	first    firstScores                  // by a model that has not seen it
	second   scores
	numbers  []quantity
	number   []example
	numberZ  []float64
	results  []string // annotated, as value|unit
}

type trainer struct {
	x       *Extractor
	folds   int
	seed    uint64
	log     func(string, ...any)
	lessons []*lesson
}

// prepare analyses the documents and labels their candidates.
func (t *trainer) prepare(ctx context.Context, gold []Annotated) error {
	t.lessons = make([]*lesson, len(gold))
	f := newFeatureSet()
	documents := make([]uint16, 1<<bucketBits)
	var found, wanted [roleCount]int
	for n, g := range gold {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("train: %w", err)
		}
		l := &lesson{a: t.x.analyse(&g.Document)}
		t.lessons[n] = l
		for r, list := range goldByRole(&g.Gold) {
			for _, e := range list {
				keys := map[string]bool{}
				for _, name := range append([]string{e.Name}, e.Aliases...) {
					if k := graph.CoreKey(name); k != "" {
						keys[k] = true
					}
				}
				l.gold[r] = append(l.gold[r], keys)
				wanted[r]++
				if slices.ContainsFunc(l.a.candidates, func(c *candidate) bool { return matches(c, r, keys) }) {
					found[r]++
				}
			}
		}
		seen := map[uint32]bool{}
		t.x.eachFeatures(f, l.a, func(i int, p *parts) {
			ex := example{parts: cloneParts(p)}
			for r := range roleCount {
				for _, keys := range l.gold[r] {
					if matches(l.a.candidates[i], r, keys) {
						ex.labels |= 1 << r
					}
				}
			}
			l.examples = append(l.examples, ex)
			for _, b := range p.all {
				seen[b] = true
			}
		})
		for b := range seen {
			if documents[b] < math.MaxUint16 {
				documents[b]++
			}
		}
		t.prepareNumbers(f, l, &g.Gold)
	}
	for _, l := range t.lessons {
		for i := range l.examples {
			l.examples[i].all = slices.DeleteFunc(l.examples[i].all, func(b uint32) bool { return documents[b] < minDocuments })
		}
	}
	n := 0
	for _, l := range t.lessons {
		n += len(l.examples)
	}
	t.log("%d candidates in %d papers", n, len(t.lessons))
	for r := range roleCount {
		t.log("candidates cover %d of %d: %s %s", found[r], wanted[r], roles[r].Relation, roles[r].Kind)
	}
	return nil
}

// matches says whether a candidate in a role is an annotated entity: one of
// its forms, or of the names that the lexicon has for it, is among the keys.
func matches(c *candidate, role int, keys map[string]bool) bool {
	return slices.ContainsFunc(c.keys, func(k string) bool { return keys[k] }) ||
		slices.ContainsFunc(c.variants(roles[role].Kind), func(v string) bool { return keys[graph.CoreKey(v)] })
}

func goldByRole(p *score.Paper) [roleCount][]score.Entity {
	return [roleCount][]score.Entity{p.Introduces.Methods, p.Introduces.Datasets, p.Uses.Methods, p.Compares.Methods,
		p.EvaluatesOn.Datasets, p.Tasks, p.Metrics, p.Concepts}
}

// prepareNumbers labels the quantities of a document. One whose number is
// annotated is a result whatever unit it was annotated with.
func (t *trainer) prepareNumbers(f *featureSet, l *lesson, g *score.Paper) {
	values := map[string]bool{}
	for _, r := range g.Results {
		if key := score.ResultKey(string(r.Value), string(r.Unit)); key != "" {
			values[score.ValueKey(string(r.Value))] = true
			l.results = append(l.results, key)
		}
	}
	for n, text := range l.a.texts {
		for _, q := range quantities(n, text) {
			f.reset()
			t.x.numberFeatures(f, l.a, &q)
			ex := example{parts: parts{all: slices.Clone(f.all)}}
			if values[score.ValueKey(q.value)] {
				ex.labels = 1
			}
			l.numbers = append(l.numbers, q)
			l.number = append(l.number, ex)
		}
	}
	f.reset()
}

// fold is the part of the cross-validation that document n is left out in.
func (t *trainer) fold(n int) int { return n % t.folds }

// eachFold runs a training for each fold at once, and one on everything
// (fold -1).
func (t *trainer) eachFold(ctx context.Context, run func(fold int)) error {
	var wg sync.WaitGroup
	limit := make(chan struct{}, 2)
	for fold := -1; fold < t.folds; fold++ {
		limit <- struct{}{}
		if ctx.Err() != nil {
			<-limit
			break
		}
		wg.Go(func() {
			defer func() { <-limit }()
			run(fold)
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

// trainRoles trains both stages and fills each lesson's cross-validated
// scores.
func (t *trainer) trainRoles(ctx context.Context) error {
	m := t.x.model
	for _, l := range t.lessons {
		l.first, l.second = newFirstScores(len(l.examples)), newScores(len(l.examples))
	}
	err := t.eachFold(ctx, func(fold int) {
		w := quantise(t.regress(ctx, fold, roleCount, firstEpochs, func(l *lesson) []example { return l.examples }), roleCount)
		if fold < 0 {
			m.first = w
			return
		}
		for n, l := range t.lessons {
			if t.fold(n) == fold {
				for i := range l.examples {
					l.first.rate(&w, i, &l.examples[i].parts)
				}
			}
		}
		t.log("first stage, fold %d of %d", fold+1, t.folds)
	})
	if err != nil {
		return err
	}
	rows := make(map[*lesson][][]uint8, len(t.lessons))
	for _, l := range t.lessons {
		list := make([][]uint8, len(l.examples))
		t.x.eachStacked(l.a, &l.first, func(i int, row []uint8) { list[i] = slices.Clone(row) })
		rows[l] = list
	}
	err = t.eachFold(ctx, func(fold int) {
		for r := range roleCount {
			f := t.grow(ctx, rows, r, fold)
			if fold < 0 {
				m.forests[r] = f
				continue
			}
			for n, l := range t.lessons {
				if t.fold(n) != fold {
					continue
				}
				for i, row := range rows[l] {
					if l.first.all[i][r] >= hopeless {
						l.second[i][r] = f.sum(row)
					}
				}
			}
		}
		t.log("second stage, fold %d of %d", fold+1, t.folds)
	})
	if err != nil {
		return err
	}
	m.Calibration = make([][2]float64, roleCount+1)
	m.Thresholds = make([]float64, roleCount+1)
	for r := range roleCount {
		var zs []float64
		var ys []bool
		for _, l := range t.lessons {
			for i := range l.second {
				if math.IsInf(l.second[i][r], -1) {
					continue
				}
				zs = append(zs, l.second[i][r])
				ys = append(ys, l.examples[i].labels&(1<<r) != 0)
			}
		}
		m.Calibration[r] = platt(zs, ys)
		m.Thresholds[r] = t.bestThreshold(r)
	}
	return nil
}

// grow trains the trees of a role on the documents outside a fold.
func (t *trainer) grow(ctx context.Context, rows map[*lesson][][]uint8, r, fold int) forest {
	var train [][]uint8
	var labels []bool
	for n, l := range t.lessons {
		if fold >= 0 && t.fold(n) == fold {
			continue
		}
		for i, row := range rows[l] {
			if l.first.all[i][r] >= hopeless {
				train = append(train, row)
				labels = append(labels, l.examples[i].labels&(1<<r) != 0)
			}
		}
	}
	return boost(ctx, rand.New(rand.NewPCG(t.seed, uint64((fold+1)*roleCount+r))), train, labels)
}

// regress trains the weights of all outputs on the documents outside a fold
// and returns their average over the second half of the steps; of no use once
// the context is done, which ends it early.
func (t *trainer) regress(ctx context.Context, fold, outputs, epochs int, examplesOf func(*lesson) []example) []float32 {
	var train []*example
	for n, l := range t.lessons {
		if fold < 0 || t.fold(n) != fold {
			list := examplesOf(l)
			for i := range list {
				train = append(train, &list[i])
			}
		}
	}
	size := outputs << bucketBits
	weights, squares, average := make([]float32, size), make([]float32, size), make([]float32, size)
	rng := rand.New(rand.NewPCG(t.seed, uint64(fold+1)))
	active := make([]uint32, 0, 512)
	averaged := 0
	for epoch := range epochs {
		if ctx.Err() != nil {
			break
		}
		rng.Shuffle(len(train), func(i, j int) { train[i], train[j] = train[j], train[i] })
		for _, ex := range train {
			active = active[:0]
			for _, b := range ex.all {
				if rng.Float32() >= dropout {
					active = append(active, b)
				}
			}
			var z [roleCount]float32
			for _, b := range active {
				row := weights[int(b)*outputs : int(b)*outputs+outputs]
				for o, w := range row {
					z[o] += w
				}
			}
			for o := range outputs {
				y := float32(0)
				if ex.labels&(1<<o) != 0 {
					y = 1
				}
				z[o] = float32(sigmoid(float64(z[o]/(1-dropout)))) - y
			}
			for _, b := range active {
				at := int(b) * outputs
				for o := range outputs {
					g := z[o]
					if g > -1e-4 && g < 1e-4 {
						continue
					}
					squares[at+o] += g * g
					weights[at+o] -= learningRate * g / float32(math.Sqrt(float64(squares[at+o])+1e-6))
				}
			}
		}
		if epoch >= epochs/2 {
			averaged++
			for i, w := range weights {
				average[i] += w
			}
		}
	}
	for i := range average {
		average[i] /= float32(max(averaged, 1))
	}
	return average
}

// platt fits p = 1/(1+exp(-(a·z+b))) to the log loss, with the priors of
// Platt, "Probabilistic Outputs for Support Vector Machines", 1999, by Newton's
// method with backtracking (Lin, Lin and Weng, "A note on Platt's probabilistic
// outputs", 2007).
//
// Where higher log-odds do not make it likelier, the share of the positive is
// all that is known; where there is nothing to go by, nothing is likely.
func platt(zs []float64, ys []bool) [2]float64 {
	positive := 0
	for _, y := range ys {
		if y {
			positive++
		}
	}
	hi, lo := (float64(positive)+1)/(float64(positive)+2), 1/(float64(len(ys)-positive)+2)
	target := func(i int) float64 {
		if ys[i] {
			return hi
		}
		return lo
	}
	loss := func(a, b float64) float64 {
		sum := 0.0
		for i, z := range zs {
			v, y := a*z+b, target(i)
			// log(1+exp(v)) - y·v without overflow
			sum += max(v, 0) + math.Log1p(math.Exp(-math.Abs(v))) - y*v
		}
		return sum
	}
	a, b := 1.0, 0.0
	last := loss(a, b)
	for range 100 {
		var ga, gb, haa, hab, hbb float64
		for i, z := range zs {
			p := sigmoid(a*z + b)
			d, w := p-target(i), p*(1-p)
			ga, gb = ga+d*z, gb+d
			haa, hab, hbb = haa+w*z*z, hab+w*z, hbb+w
		}
		haa, hbb = haa+1e-9, hbb+1e-9
		det := haa*hbb - hab*hab
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		step := 1.0
		for ; step > 1e-6; step /= 2 {
			if l := loss(a-step*da, b-step*db); l < last {
				a, b, last = a-step*da, b-step*db, l
				break
			}
		}
		if step <= 1e-6 || math.Abs(da)+math.Abs(db) < 1e-7 {
			break
		}
	}
	if len(zs) == 0 || a < 0 {
		a, b = 0, math.Log((float64(positive)+0.5)/(float64(len(ys)-positive)+20))
	}
	// Rounded, so that the last bits of a sum do not change the file.
	return [2]float64{math.Round(a*1e4) / 1e4, math.Round(b*1e4) / 1e4}
}

// tally counts the hits of picks in a role.
func (t *trainer) tally(r int, threshold float64) (hits, gold, predicted int) {
	for _, l := range t.lessons {
		gold += len(l.gold[r])
		left := slices.Clone(l.gold[r])
		for _, p := range t.x.pickRole(l.a, l.second, r, threshold) {
			predicted++
			for i, keys := range left {
				if matches(l.a.candidates[p.candidate], r, keys) {
					hits++
					left = slices.Delete(left, i, i+1)
					break
				}
			}
		}
	}
	return hits, gold, predicted
}

// bestThreshold is the confidence, in steps of .01, that gives the best F1.
func (t *trainer) bestThreshold(r int) float64 {
	best, at := -1.0, 0.5
	for c := 10; c <= 70; c++ {
		hits, gold, predicted := t.tally(r, float64(c)/100)
		if f := 2 * float64(hits) / float64(max(1, gold+predicted)); f > best {
			best, at = f, float64(c)/100
		}
	}
	return at
}

// trainNumbers trains what tells results from other quantities.
func (t *trainer) trainNumbers(ctx context.Context) error {
	m := t.x.model
	for _, l := range t.lessons {
		l.numberZ = make([]float64, len(l.number))
	}
	err := t.eachFold(ctx, func(fold int) {
		w := quantise(t.regress(ctx, fold, 1, numberEpochs, func(l *lesson) []example { return l.number }), 1)
		if fold < 0 {
			m.number = w
			return
		}
		for n, l := range t.lessons {
			if t.fold(n) == fold {
				for i, ex := range l.number {
					w.sum(ex.all, l.numberZ[i:i+1])
				}
			}
		}
	})
	if err != nil {
		return err
	}
	var zs []float64
	var ys []bool
	for _, l := range t.lessons {
		for i, ex := range l.number {
			zs, ys = append(zs, l.numberZ[i]), append(ys, ex.labels != 0)
		}
	}
	m.Calibration[roleCount] = platt(zs, ys)
	best := -1.0
	for c := 10; c <= 90; c++ {
		hits, gold, predicted := t.tallyNumbers(float64(c) / 100)
		if f := 2 * float64(hits) / float64(max(1, gold+predicted)); f > best {
			best, m.Thresholds[roleCount] = f, float64(c)/100
		}
	}
	return nil
}

func (t *trainer) tallyNumbers(threshold float64) (hits, gold, predicted int) {
	for _, l := range t.lessons {
		left := slices.Clone(l.results)
		gold += len(left)
		for i, q := range l.numbers {
			if t.x.model.confidence(roleCount, l.numberZ[i]) < threshold {
				continue
			}
			predicted++
			if n := slices.Index(left, score.ResultKey(q.value, q.unit)); n >= 0 {
				hits++
				left = slices.Delete(left, n, n+1)
			}
		}
	}
	return hits, gold, predicted
}

// report tallies all roles at their thresholds.
func (t *trainer) report() []RoleReport {
	m := t.x.model
	var out []RoleReport
	all := RoleReport{Name: "all"}
	add := func(name string, hits, gold, predicted int, threshold float64) *RoleReport {
		r := RoleReport{Name: name, Hits: hits, Gold: gold, Predicted: predicted, Threshold: threshold}
		r.rates()
		out = append(out, r)
		all.Hits, all.Gold, all.Predicted = all.Hits+hits, all.Gold+gold, all.Predicted+predicted
		return &out[len(out)-1]
	}
	for r := range roleCount {
		hits, gold, predicted := t.tally(r, m.Thresholds[r])
		row := add(fmt.Sprintf("%s %s", roles[r].Relation, roles[r].Kind), hits, gold, predicted, m.Thresholds[r])
		for _, l := range t.lessons {
			for i := range l.second {
				if p := m.confidence(r, l.second[i][r]); p >= m.Thresholds[r] {
					bin := min(int(p*10), 9)
					row.Reliability[bin][0]++
					if l.examples[i].labels&(1<<r) != 0 {
						row.Reliability[bin][1]++
					}
				}
			}
		}
	}
	hits, gold, predicted := t.tallyNumbers(m.Thresholds[roleCount])
	add("reports result", hits, gold, predicted, m.Thresholds[roleCount])
	for _, r := range out {
		for i := range r.Reliability {
			all.Reliability[i][0] += r.Reliability[i][0]
			all.Reliability[i][1] += r.Reliability[i][1]
		}
	}
	all.rates()
	return append(out, all)
}

func (r *RoleReport) rates() {
	r.Precision = float64(r.Hits) / float64(max(1, r.Predicted))
	r.Recall = float64(r.Hits) / float64(max(1, r.Gold))
	r.F1 = 2 * float64(r.Hits) / float64(max(1, r.Predicted+r.Gold))
}

// version is a hash of what shapes the model.
func (t *trainer) version(tr Training) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %d %d %d\n%s\n", version, modelFormat, tr.Seed, t.folds, strings.Join(t.x.model.Breakers, " "))
	for _, g := range tr.Gold {
		fmt.Fprintln(h, g.Document.Hash())
	}
	h.Write(t.x.model.phrases.records)
	h.Write(asBytes(t.x.model.first.table))
	for _, f := range t.x.model.forests {
		// a hash takes whatever is written, and trees are of fixed size
		_ = binary.Write(h, binary.BigEndian, []tree(f))
	}
	h.Write(asBytes(t.x.model.number.table))
	return hex.EncodeToString(h.Sum(nil)[:4])
}
