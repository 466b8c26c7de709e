// Package tag marks the spans of a sentence that name scientific things and
// says of what type each is: methods, tasks, metrics, materials and other terms.
//
// Begin with [Default], which loads the fast tagger that is shipped, or
// [Accurate], and [Tagger.Tag], which takes one sentence as the words that package token makes
// of it. Two schemes are tagged in one pass, since their guidelines differ:
// [SciERC] marks every scientific term, [SciREX] what a paper's results speak
// of. Along with the spans come probabilities, which are what a later decision
// should look at.
//
// A tagger is a pure function of the sentence and serves many goroutines. Its
// steps, a file each:
//
//   - vocabulary.go, skipgram.go: word vectors and clusters, learned from
//     unannotated abstracts.
//   - feature.go: what is looked at around a token, as hashed features.
//   - crf.go: the fast tagger, a sum of 8-bit weights of those features;
//     train_crf.go learns them.
//   - network.go: a bidirectional LSTM over the word vectors and letters;
//     train_network.go learns it. committee.go: several of them, which are the
//     accurate tagger.
//   - chain.go: how labels follow each other: the best labelling and the
//     probability of each, for every kind of tagger.
//   - annotated.go, score.go: annotated sentences, projected to the words that
//     a tagger meets, and how well one does on them.
//   - train.go: [Train] makes both: networks from the annotated sentences, which
//     then label a corpus for the fast tagger.
//   - codec.go: models as bytes.
//
// What pays most is the labelled corpus: a network finds far more than a random
// field does, and a random field that learns from what networks say of many
// sentences comes close to them at a fiftieth of their time. model/MODEL_CARD.md
// has the figures.
package tag
