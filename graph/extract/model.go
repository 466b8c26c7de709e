package extract

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"papergraph/graph"
)

// Role is what a paper may do with an entity: a relation and the kind at its
// end. There is one classifier a role.
type Role struct {
	Relation graph.Relation `json:"relation"`
	Kind     graph.Kind     `json:"kind"`
}

// The roles, in the order of the model's weights.
var roles = [roleCount]Role{
	{graph.Introduces, graph.KindMethod},
	{graph.Introduces, graph.KindDataset},
	{graph.Uses, graph.KindMethod},
	{graph.ComparesWith, graph.KindMethod},
	{graph.EvaluatesOn, graph.KindDataset},
	{graph.Addresses, graph.KindTask},
	{graph.Measures, graph.KindMetric},
	{graph.Concerns, graph.KindConcept},
}

const (
	roleIntroduceMethod = iota
	roleIntroduceDataset
	roleUse
	roleCompare
	roleEvaluate
	roleTask
	roleMetric
	roleConcept
	roleCount
)

// weightTable holds a row of weights for each feature bucket and a scale for
// each output: weight = table[bucket*outputs+o] * scale[o].
type weightTable struct {
	outputs int
	table   []int8
	scale   []float32
}

// sum adds the weights of the features to out, one number an output.
func (w *weightTable) sum(features []uint32, out []float64) {
	var acc [16]int32
	n := w.outputs
	for _, b := range features {
		row := w.table[int(b)*n : int(b)*n+n]
		for o, v := range row {
			acc[o] += int32(v)
		}
	}
	for o := range n {
		out[o] = float64(acc[o]) * float64(w.scale[o])
	}
}

// quantise turns float weights into a weightTable; the largest weight of an
// output is 127.
func quantise(weights []float32, outputs int) weightTable {
	w := weightTable{outputs: outputs, table: make([]int8, len(weights)), scale: make([]float32, outputs)}
	for o := range outputs {
		top := float32(0)
		for i := o; i < len(weights); i += outputs {
			top = max(top, float32(math.Abs(float64(weights[i]))))
		}
		w.scale[o] = top / 127
		if top == 0 {
			continue
		}
		for i := o; i < len(weights); i += outputs {
			w.table[i] = int8(math.Round(float64(weights[i] / w.scale[o])))
		}
	}
	return w
}

// header is the readable part of a model file.
type header struct {
	Format   int      `json:"format"`
	Version  string   `json:"version"` // a hash of what the model was trained from
	Roles    []Role   `json:"roles"`
	Breakers []string `json:"breakers"` // words that no annotated name holds
	// Thresholds are the confidences from which on a role is a statement, one
	// a role and one for results.
	Thresholds []float64 `json:"thresholds"`
	// Calibration turns the log-odds of a classifier into a confidence,
	// p = 1/(1+exp(-(a·z+b))), one a role and one for results.
	Calibration [][2]float64 `json:"calibration"`
	Scale       [][]float32  `json:"scale"`
	Buckets     int          `json:"bucketBits"`
	Trees       []int        `json:"trees"`   // in the forest of each role
	Phrases     int          `json:"phrases"` // records of the phrase table
}

// Model is what training makes: weights, thresholds, statistics. It does not
// change once loaded.
type Model struct {
	header
	breakers map[string]bool
	first    weightTable       // name and context features to roles
	forests  [roleCount]forest // stacked features to roles
	number   weightTable       // features of a number to "is a result"
	phrases  *phraseTable
}

// modelFormat is raised when the file's layout or the meaning of a feature
// changes, so that an old model is refused instead of misread.
const modelFormat = 2

// ErrModel says that a model file cannot be used.
var ErrModel = errors.New("unusable model")

var magic = [8]byte{'p', 'g', 'm', 'o', 'd', 'e', 'l', '\n'}

// Write writes the model: the magic, then gzipped a length-prefixed JSON
// header, the weight tables, the trees and the phrase table. The same model gives the same
// bytes.
func (m *Model) Write(w io.Writer) error {
	h := m.header
	h.Format, h.Buckets, h.Phrases = modelFormat, bucketBits, m.phrases.len()
	h.Roles = roles[:]
	h.Scale = [][]float32{m.first.scale, m.number.scale}
	h.Trees = make([]int, roleCount)
	var trees bytes.Buffer
	for r, f := range m.forests {
		h.Trees[r] = len(f)
		if err := binary.Write(&trees, binary.BigEndian, []tree(f)); err != nil {
			return fmt.Errorf("encode the trees: %w", err)
		}
	}
	head, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encode model header: %w", err)
	}
	if _, err := w.Write(magic[:]); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(head)))
	for _, part := range [][]byte{size[:], head, asBytes(m.first.table), asBytes(m.number.table), trees.Bytes(), m.phrases.records} {
		if _, err := z.Write(part); err != nil {
			return fmt.Errorf("write model: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	return nil
}

func asBytes(in []int8) []byte {
	out := make([]byte, len(in))
	for i, v := range in {
		out[i] = byte(v)
	}
	return out
}

func asInt8(in []byte) []int8 {
	out := make([]int8, len(in))
	for i, v := range in {
		out[i] = int8(v)
	}
	return out
}

// maxModelBytes bounds what a model file may unpack to.
const maxModelBytes = 256 << 20

// checkNumbers refuses what no training makes of thresholds, calibration and
// scales.
func (h *header) checkNumbers() error {
	for _, t := range h.Thresholds {
		if !(t > 0 && t <= 1) {
			return fmt.Errorf("a threshold of %v", t)
		}
	}
	for _, c := range h.Calibration {
		if !(c[0] >= 0) || !finite(c[0]) || !finite(c[1]) {
			return fmt.Errorf("a calibration of %v", c)
		}
	}
	for _, list := range h.Scale {
		for _, s := range list {
			if !(s >= 0) || !finite(float64(s)) {
				return fmt.Errorf("a scale of %v", s)
			}
		}
	}
	return nil
}

func finite(v float64) bool { return !math.IsInf(v, 0) && !math.IsNaN(v) }

// ReadModel reads what Write wrote and validates it. Errors wrap [ErrModel].
func ReadModel(r io.Reader) (*Model, error) {
	bad := func(err error) (*Model, error) { return nil, fmt.Errorf("%w: %w", ErrModel, err) }
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return bad(fmt.Errorf("read its head: %w", err))
	}
	if head != magic {
		return bad(errors.New("it is not a papergraph model"))
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		return bad(err)
	}
	all, err := io.ReadAll(io.LimitReader(z, maxModelBytes+1))
	if err != nil {
		return bad(fmt.Errorf("unpack: %w", err))
	}
	if len(all) > maxModelBytes || len(all) < 4 {
		return bad(fmt.Errorf("unpacks to %d bytes", len(all)))
	}
	n := int(binary.BigEndian.Uint32(all))
	if n > len(all)-4 {
		return bad(errors.New("header is cut"))
	}
	m := &Model{}
	if err := json.Unmarshal(all[4:4+n], &m.header); err != nil {
		return bad(fmt.Errorf("header: %w", err))
	}
	rest := all[4+n:]
	const buckets = 1 << bucketBits
	switch {
	case m.Format != modelFormat || m.Buckets != bucketBits:
		return bad(fmt.Errorf("format %d with 2^%d features, this program reads format %d with 2^%d: train it again", m.Format, m.Buckets, modelFormat, bucketBits))
	case !slices.Equal(m.Roles, roles[:]):
		return bad(fmt.Errorf("roles %v, this program has %v", m.Roles, roles))
	case len(m.Thresholds) != roleCount+1 || len(m.Calibration) != roleCount+1 || len(m.Scale) != 2 ||
		len(m.Scale[0]) != roleCount || len(m.Scale[1]) != 1 || len(m.Trees) != roleCount:
		return bad(errors.New("header has the wrong number of thresholds, scales or forests"))
	case len(rest) < buckets*(roleCount+1):
		return bad(errors.New("weights are cut"))
	}
	take := func(outputs int, scale []float32) weightTable {
		w := weightTable{outputs: outputs, table: asInt8(rest[:buckets*outputs]), scale: scale}
		rest = rest[buckets*outputs:]
		return w
	}
	m.first, m.number = take(roleCount, m.Scale[0]), take(1, m.Scale[1])
	for r, n := range m.Trees {
		if n < 0 || n > len(rest)/treeBytes {
			return bad(errors.New("trees are cut"))
		}
		m.forests[r] = make(forest, n)
		if _, err := binary.Decode(rest, binary.BigEndian, []tree(m.forests[r])); err != nil {
			return bad(fmt.Errorf("trees: %w", err))
		}
		rest = rest[n*treeBytes:]
		if err := m.forests[r].check(); err != nil {
			return bad(err)
		}
	}
	if m.phrases, err = newPhraseTable(rest); err != nil {
		return bad(err)
	}
	if m.phrases.len() != m.Phrases {
		return bad(fmt.Errorf("%d phrases, the header says %d", m.phrases.len(), m.Phrases))
	}
	if err := m.checkNumbers(); err != nil {
		return bad(err)
	}
	m.breakers = map[string]bool{}
	for _, b := range m.header.Breakers {
		m.breakers[b] = true
	}
	return m, nil
}

//go:embed model/roles.model
var shipped []byte

var loadShipped = sync.OnceValues(func() (*Model, error) { return ReadModel(bytes.NewReader(shipped)) })

// DefaultModel is the shipped model, unpacked at the first call.
func DefaultModel() (*Model, error) { return loadShipped() }

// confidence turns log-odds into a calibrated probability. What is hopeless
// has none, whatever the calibration.
func (m *Model) confidence(output int, z float64) float64 {
	if math.IsInf(z, -1) {
		return 0
	}
	c := m.Calibration[output]
	return sigmoid(c[0]*z + c[1])
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
