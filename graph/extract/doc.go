// Package extract turns the title and abstract of a paper into facts: what it
// introduces, uses, compares with, evaluates on, addresses, measures and is
// about, which numbers it reports and where its code lies, each with the
// sentence that says so. It needs no network and no model server; a laptop core
// reads some hundreds of abstracts a second.
//
// [Extractor.Extract] is a pure function of the document, the lexicon, the
// model and the tagger: the same input gives the same facts on any machine, and
// one extractor serves many goroutines. Its steps, a file each:
//
//   - token.go: tokens and sentences (package token) with what is looked up of
//     each; link.go: addresses; acronym.go: short forms that the text explains.
//   - candidate.go: every run of words that could be a name, grouped by
//     [graph.CoreKey], explained acronym and lexicon entry, and the concepts
//     that the lexicon puts right above them.
//   - feature.go, phrase.go: what is known of a candidate: the words around
//     its places, cue words, position, casing, the lexicon's word for it, and
//     how the phrase is used in a corpus of unannotated papers.
//   - model.go, extract.go: the model's file; a logistic regression for each
//     role over those features, and which candidates are taken.
//   - standing.go, stacking.go, boost.go: how the candidates of a document
//     stand to each other, and boosted trees that decide on what the regressions
//     and the tagger (package tag) say of all of them; calibrated confidences,
//     and a threshold a role.
//   - number.go: quantities with their units, those of them that are results,
//     and what they are about.
//   - clause.go, relation.go: the relations between entities that sentences
//     state: noun phrases, lists, subjects and what is denied, and the frames
//     over them, each with the share of its claims that readers found right.
//   - train.go: [Train] makes the model from annotated papers.
//
// The roles are learned because rules do not carry far: hand-written cue rules
// reached F1 .31 over all fields on unseen papers, the same cues as features of
// a regression .49. model/MODEL_CARD.md says what the shipped model was trained
// from and how good it is.
package extract
