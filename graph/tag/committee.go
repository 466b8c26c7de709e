package tag

// committee is several networks over the same words that speak as one, with the
// mean of their scores and transitions. Networks that differ only in what was
// drawn at random in training err in different places.
type committee struct {
	vocabulary *vocabulary
	members    []*network
}

// chains are the means of the members' transitions.
func (m *committee) chains() (out [Schemes]*chain) {
	for s := range out {
		n := labelCount[s]
		start, next := make([]float32, n), make([]float32, n*n)
		for _, member := range m.members {
			for i, x := range member.p.start[s] {
				start[i] += x / float32(len(m.members))
			}
			for i, x := range member.p.next[s] {
				next[i] += x / float32(len(m.members))
			}
		}
		out[s] = newChain(start, next)
	}
	return out
}

// committeeMemory is the memory of each member, and one member's scores.
type committeeMemory struct {
	members []networkMemory
	scores  []float32
}

func (m *committee) newMemory() any {
	return &committeeMemory{members: make([]networkMemory, len(m.members))}
}

func (m *committee) normalise(out, words []string, buf []byte) ([]string, []byte) {
	return m.vocabulary.normaliseCase(out, words, buf)
}

func (m *committee) emit(memory any, words []string, scores []float32) {
	mem := memory.(*committeeMemory)
	mem.scores = grow(mem.scores, len(scores))
	clear(scores)
	for i, member := range m.members {
		member.emit(&mem.members[i], words, mem.scores)
		axpy(1/float32(len(m.members)), mem.scores, scores)
	}
}

func (m *committee) encode(e *encoder) {
	m.vocabulary.encode(e)
	e.uint(len(m.members))
	for _, member := range m.members {
		member.encodeWeights(e)
	}
}

// mostMembers bounds a committee that is read.
const mostMembers = 100

func decodeCommittee(d *decoder) *committee {
	m := &committee{vocabulary: decodeVocabulary(d, true)}
	n := d.uint(mostMembers)
	if n == 0 {
		d.fail("a committee without members")
	}
	for range n {
		member := decodeWeights(d, m.vocabulary)
		if d.err != nil {
			return new(committee)
		}
		m.members = append(m.members, member)
	}
	return m
}
