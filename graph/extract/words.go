package extract

import "papergraph/graph/lexicon"

// vocabulary tells words that names are made of from those of the prose around
// them: the lists below and a model's, as the lexicon changes them.
type vocabulary struct {
	stop, content, joints map[string]bool // of the lexicon alone
	breakers              map[string]bool // of the model
}

func newVocabulary(lex *lexicon.Lexicon, m *Model) vocabulary {
	set := func(list lexicon.WordList) map[string]bool {
		words := map[string]bool{}
		for _, w := range lex.Words(list) {
			words[w] = true
		}
		return words
	}
	return vocabulary{stop: set(lexicon.StopWords), content: set(lexicon.ContentWords), joints: set(lexicon.JointWords), breakers: m.breakers}
}

// names says whether a name may begin or end with the word.
func (v *vocabulary) names(word string) bool {
	if stopWords[word] || v.breakers[word] || v.stop[word] {
		return v.content[word]
	}
	return true
}

// joins says whether the word may stand inside a name, once.
func (v *vocabulary) joins(word string) bool { return connectors[word] || v.joints[word] }

// stopWords are function words and the verbs, adverbs and nouns of scientific
// prose that no name begins or ends with.
var stopWords = wordSet(`
a an the this that these those such some any each every all both either neither no other another same
and or but nor so yet if then than as because since while whereas although though unless until when where which who whom whose what how why whether
i we you he she it they me us him her them my our your his its their ours theirs itself themselves one ones
of in on at by for with from to into onto over under above below between among across through throughout during before after against about around within without
via per toward towards upon along beyond despite except like unlike versus vs out off up down
is are was were be been being am has have had having do does did doing can could may might must shall should will would cannot
not only also very more most less least much many few fewer several quite rather too even just still already again further moreover furthermore however therefore thus hence
here there now today recently currently often usually typically generally especially particularly specifically significantly substantially respectively
e.g i.e etc et al etal
first second third finally firstly secondly lastly
propose proposes proposed proposing present presents presented introduce introduces introduced introducing develop develops developed show shows shown showing
demonstrate demonstrates demonstrated achieve achieves achieved achieving outperform outperforms outperformed outperforming improve improves improved
use uses used using employ employs employed leverage leverages leveraging apply applies applied utilize utilizes utilizing utilise
based enable enables enabling allow allows allowing provide provides providing require requires requiring
find finds found suggest suggests indicate indicates reveal reveals prove proves proven study studies studied investigate investigates investigated explore explores
address addresses addressed addressing tackle tackles tackling solve solves solving overcome overcomes
perform performs performed conduct conducts conducted evaluate evaluates evaluated compare compares compared
consider considers considered describe describes discuss discusses obtain obtains obtained
make makes making made take takes taking give gives given need needs aim aims lead leads leading
well better best new novel different various multiple existing previous prior recent
up-to upto state-of-the-art sota paper work results experiments extensive experimental
`)

// connectors may stand inside a name, once: "mixture of experts", "learning
// from demonstrations".
var connectors = wordSet(`of for with in to from on via by and as without`)

func wordSet(s string) map[string]bool {
	set := map[string]bool{}
	word := ""
	for _, r := range s + " " {
		if r == ' ' || r == '\n' || r == '\t' {
			if word != "" {
				set[word] = true
			}
			word = ""
			continue
		}
		word += string(r)
	}
	return set
}
