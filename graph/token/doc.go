// Package token takes running text apart into words, numbers, signs and
// addresses, and these into sentences.
//
// [Split] finds the tokens, [Sentences] the runs of tokens that are sentences.
// Both are pure functions of the text. Offsets are code points, since these are
// what evidence is given in. Whatever is trained on text and whatever later
// reads text must take it apart in one way, which is why this is a package of
// its own.
package token
