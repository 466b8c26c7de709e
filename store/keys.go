package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"papergraph/graph"
)

// # Keys
//
// Every key begins with a tag, a letter that names its table. Numbers are big
// endian, so that bytes sort as numbers do. A string that something follows is
// written with 0x00 as 0x00 0xFF and ends in 0x00 0x01, so that it sorts as the
// string does and no string is a prefix of another. A uid is a uint32 that
// stands for a node inside one store; it never leaves this package. Kinds and
// relations are a byte each, see [kindCodes] and [relationCodes].
//
//	tag  key                                value               answers
//	P    version u64                        Info record         which snapshots are there?
//	M    name                               depends             counters of the store
//	U    kind, slug                         uid                 which nodes are there, in order?
//	L    uid                                label               what are this node's id and name?
//	N    kind, slug                         node record         what is this node?
//	K    name key string, uid               nothing             what bears this name?
//	X    outside id string, uid             nothing             what is this DOI?
//	A    uid, direction, relation, high u16 container           who are its neighbours?
//	S    paper's uid                        statement block     what does this paper state?
//	E    from uid, relation, to uid         uids of papers      who states an edge not its own?
//	C    from uid                           statement block     which edges are curated?
//	T    term string, uid range u32         postings            which nodes have this word?
//	V    uid range u32                      numbers of nodes    year, papers, words of all nodes
//	F    facts key                          facts entry         are the facts of this paper known?
//	B    title string, hash 16 bytes,       facts record        what does this paper say?
//	     input hash
//	R    what resolution chooses            of resolution       why are these names one entity?
//
// All but P are read at the version of a snapshot. P is written at the version
// that it publishes and read at the newest. Of R no more than the newest
// version is ever needed. A key of B says all that the facts were made from, so
// that facts which an interrupted build extracted are found by the next; those
// that F does not name are no part of a snapshot.
const (
	tagSnapshot  = 'P'
	tagMeta      = 'M'
	tagUID       = 'U'
	tagLabel     = 'L'
	tagNode      = 'N'
	tagName      = 'K'
	tagOutside   = 'X'
	tagAdjacent  = 'A'
	tagBlock     = 'S'
	tagAsserters = 'E'
	tagCurated   = 'C'
	tagTerm      = 'T'
	tagColumns   = 'V'
	tagFactsKey  = 'F'
	tagFacts     = 'B'
	tagResolved  = 'R'
)

// metaNextUID holds the first uid that was never given out, as a uint32.
const metaNextUID = "uid"

// kindCodes gives each kind its byte. The order is that of [graph.Kinds], so
// that keys sort as [graph.CompareIDs] does. Codes are on disk: a change is a
// change of format.
var kindCodes = map[graph.Kind]byte{
	graph.KindPaper: 1, graph.KindMethod: 2, graph.KindDataset: 3, graph.KindTask: 4, graph.KindMetric: 5,
	graph.KindConcept: 6, graph.KindResult: 7, graph.KindAuthor: 8, graph.KindVenue: 9,
}

// relationCodes gives each relation its byte, in the order of
// [graph.Relations]. A change is a change of format.
var relationCodes = map[graph.Relation]byte{
	graph.Introduces: 1, graph.Uses: 2, graph.ComparesWith: 3, graph.EvaluatesOn: 4, graph.Addresses: 5,
	graph.Measures: 6, graph.Concerns: 7, graph.Reports: 8, graph.BasedOn: 9, graph.Outperforms: 10,
	graph.PartOf: 11, graph.UsedFor: 12, graph.EvaluatedOn: 13, graph.Broader: 14, graph.Cites: 15,
	graph.AuthoredBy: 16, graph.PublishedIn: 17,
}

// kindByCode and relationByCode are the tables above, read the other way.
var (
	kindByCode     = invert(kindCodes)
	relationByCode = invert(relationCodes)
)

func invert[T ~string](codes map[T]byte) []T {
	table := make([]T, len(codes)+1)
	for v, c := range codes {
		table[c] = v
	}
	return table
}

// kindOf reads a kind's byte.
func kindOf(code byte) (graph.Kind, bool) {
	if int(code) >= len(kindByCode) || code == 0 {
		return "", false
	}
	return kindByCode[code], true
}

// relationOf reads a relation's byte.
func relationOf(code byte) (graph.Relation, bool) {
	if int(code) >= len(relationByCode) || code == 0 {
		return "", false
	}
	return relationByCode[code], true
}

// The directions of an adjacency key.
const (
	directionOut = 0
	directionIn  = 1
)

// damagedKey is the error for a key that no encoder here writes.
func damagedKey(key []byte) error { return fmt.Errorf("%w: malformed key %q", ErrDamaged, key) }

// appendString writes s so that it ends by itself and sorts as s does.
func appendString(key []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, 0)
		if i < 0 {
			key = append(key, s...)
			return append(key, 0, 1)
		}
		key = append(key, s[:i]...)
		key = append(key, 0, 0xff)
		s = s[i+1:]
	}
}

// cutString reads what appendString wrote and returns what follows it.
func cutString(key []byte) (s string, rest []byte, ok bool) {
	i := bytes.IndexByte(key, 0)
	if i >= 0 && i+1 < len(key) && key[i+1] == 1 {
		return string(key[:i]), key[i+2:], true // no zero byte inside: nearly always
	}
	var b []byte
	for {
		i := bytes.IndexByte(key, 0)
		if i < 0 || i+1 >= len(key) {
			return "", nil, false
		}
		b = append(b, key[:i]...)
		switch key[i+1] {
		case 1:
			return string(b), key[i+2:], true
		case 0xff:
			b = append(b, 0)
		default:
			return "", nil, false
		}
		key = key[i+2:]
	}
}

// cutTag drops the tag; ok is false where it is another.
func cutTag(key []byte, tag byte) (rest []byte, ok bool) {
	if len(key) == 0 || key[0] != tag {
		return nil, false
	}
	return key[1:], true
}

func snapshotKey(version uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{tagSnapshot}, version)
}

func parseSnapshotKey(key []byte) (version uint64, err error) {
	rest, ok := cutTag(key, tagSnapshot)
	if !ok || len(rest) != 8 {
		return 0, damagedKey(key)
	}
	return binary.BigEndian.Uint64(rest), nil
}

func metaKey(name string) []byte { return append([]byte{tagMeta}, name...) }

func parseMetaKey(key []byte) (name string, err error) {
	rest, ok := cutTag(key, tagMeta)
	if !ok || len(rest) == 0 {
		return "", damagedKey(key)
	}
	return string(rest), nil
}

// idKey writes a key of the tables U and N, which have the same parts.
func idKey(tag byte, id graph.ID) []byte {
	slug := id.Slug()
	key := make([]byte, 0, 2+len(slug))
	return append(append(key, tag, kindCodes[id.Kind()]), slug...)
}

func parseIDKey(tag byte, key []byte) (graph.ID, error) {
	rest, ok := cutTag(key, tag)
	if !ok || len(rest) < 2 {
		return "", damagedKey(key)
	}
	kind, ok := kindOf(rest[0])
	if !ok || !utf8.Valid(rest[1:]) {
		return "", damagedKey(key)
	}
	return graph.ID(string(kind) + ":" + string(rest[1:])), nil
}

// maxName bounds the part of a name that stands in a key. A longer one is cut
// and ends in a hash of the whole, so that a title of two kilobytes still has
// its own key.
const maxName = 120

// boundName is the form of a name or outside id that keys hold.
func boundName(s string) string {
	if len(s) <= maxName {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return s[:boundCut(s)] + string(sum[:16])
}

// boundCut is how much of a string is in the keys of all names that begin with
// it, however they go on.
func boundCut(s string) int {
	cut := maxName - 16
	if len(s) <= cut {
		return len(s)
	}
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return cut
}

// nameKey writes a key of the tables K and X, which have the same parts: a
// bounded string and a uid. With uid 0, which no node has, it is the prefix of
// all keys of the string but for its last four bytes; see [namePrefix].
func nameKey(tag byte, name string, uid uint32) []byte {
	return binary.BigEndian.AppendUint32(namePrefix(tag, name), uid)
}

func namePrefix(tag byte, name string) []byte {
	return appendString([]byte{tag}, boundName(name))
}

func parseNameKey(tag byte, key []byte) (name string, uid uint32, err error) {
	rest, ok := cutTag(key, tag)
	if !ok {
		return "", 0, damagedKey(key)
	}
	name, rest, ok = cutString(rest)
	if !ok || len(rest) != 4 {
		return "", 0, damagedKey(key)
	}
	return name, binary.BigEndian.Uint32(rest), nil
}

// adjacentKey names one container of a posting list: of the neighbours of uid
// by one relation in one direction, those whose high 16 bits are high.
func adjacentKey(uid uint32, direction, relation byte, high uint16) []byte {
	key := make([]byte, 0, 9)
	key = binary.BigEndian.AppendUint32(append(key, tagAdjacent), uid)
	return binary.BigEndian.AppendUint16(append(key, direction, relation), high)
}

func adjacentPrefix(uid uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{tagAdjacent}, uid)
}

func parseAdjacentKey(key []byte) (uid uint32, direction, relation byte, high uint16, err error) {
	rest, ok := cutTag(key, tagAdjacent)
	if !ok || len(rest) != 8 || rest[4] > directionIn {
		return 0, 0, 0, 0, damagedKey(key)
	}
	if _, ok := relationOf(rest[5]); !ok {
		return 0, 0, 0, 0, damagedKey(key)
	}
	return binary.BigEndian.Uint32(rest), rest[4], rest[5], binary.BigEndian.Uint16(rest[6:]), nil
}

// uidKey writes a key of the tables L, S, C and V, which hold one number.
func uidKey(tag byte, uid uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{tag}, uid)
}

func parseUIDKey(tag byte, key []byte) (uint32, error) {
	rest, ok := cutTag(key, tag)
	if !ok || len(rest) != 4 {
		return 0, damagedKey(key)
	}
	return binary.BigEndian.Uint32(rest), nil
}

func assertersKey(e edgeUIDs) []byte {
	key := make([]byte, 0, 10)
	key = binary.BigEndian.AppendUint32(append(key, tagAsserters), e.from)
	return binary.BigEndian.AppendUint32(append(key, e.relation), e.to)
}

func parseAssertersKey(key []byte) (edgeUIDs, error) {
	rest, ok := cutTag(key, tagAsserters)
	if !ok || len(rest) != 9 {
		return edgeUIDs{}, damagedKey(key)
	}
	if _, ok := relationOf(rest[4]); !ok {
		return edgeUIDs{}, damagedKey(key)
	}
	return edgeUIDs{from: binary.BigEndian.Uint32(rest), relation: rest[4], to: binary.BigEndian.Uint32(rest[5:])}, nil
}

// termRangeBits is the size of the range of uids that one value of table T
// covers: small enough that adding a paper rewrites little.
const termRangeBits = 12

func termKey(term string, uidRange uint32) []byte {
	return binary.BigEndian.AppendUint32(appendString([]byte{tagTerm}, term), uidRange)
}

func parseTermKey(key []byte) (term string, uidRange uint32, err error) {
	return parseNameKey(tagTerm, key)
}

func factsKeyKey(key string) []byte { return append([]byte{tagFactsKey}, key...) }

func parseFactsKeyKey(key []byte) (string, error) {
	rest, ok := cutTag(key, tagFactsKey)
	if !ok || len(rest) == 0 {
		return "", damagedKey(key)
	}
	return string(rest), nil
}

// factsHashSize is the size of a document's hash in a key.
const factsHashSize = 16

func factsBodyKey(title string, hash [factsHashSize]byte, inputHash string) []byte {
	key := make([]byte, 0, 3+len(title)+factsHashSize+len(inputHash))
	key = append(appendString(append(key, tagFacts), title), hash[:]...)
	return append(key, inputHash...)
}

func parseFactsBodyKey(key []byte) (title string, hash [factsHashSize]byte, inputHash string, err error) {
	rest, ok := cutTag(key, tagFacts)
	if !ok {
		return "", hash, "", damagedKey(key)
	}
	title, rest, ok = cutString(rest)
	if !ok || copy(hash[:], rest) != factsHashSize {
		return "", hash, "", damagedKey(key)
	}
	return title, hash, string(rest[factsHashSize:]), nil
}

func resolvedKey(key []byte) []byte { return append([]byte{tagResolved}, key...) }
