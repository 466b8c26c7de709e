// Package score measures extracted facts against gold facts.
//
// Read it in this order:
//
//   - [Paper]: one line of the facts format: what one paper says, as an export
//     has it and as annotators write it. [ReadPapers] reads a file of them,
//     [FromFacts] makes one of what extraction found.
//   - [Score]: precision, recall and F1 by field, and what was missed and what
//     was too much. [Prepare] and [ScorePrepared] do the same in two steps for
//     a caller that scores against one gold file many times.
//   - [Compare]: the same of facts, which also tells what is behind each mistake
//     and how often a confidence is right.
//   - [WriteTable]: the figures as people read them.
//
// # How papers, entities, results and links match
//
// Papers are joined by their normalised title, by id where there is none. A
// gold paper that is not predicted counts as all misses; a predicted paper
// that is not in the gold is ignored; of two predicted papers with one title
// the last counts.
//
// An entity matches when one of its names (name and aliases), normalised,
// equals one of the other's. Accents, LaTeX, case, hyphens, a plural "s", a
// leading article, a parenthesis and a trailing "dataset", "benchmark",
// "model" and the like do not count. A result matches on its value and the
// first word of its unit, a link on its URL. Each gold item is matched at most
// once, greedily in the order of the prediction.
//
// Figures are micro-averaged over the papers. The row "all" sums the strict
// fields; the rows that end in "(any role)" and "topics" show what is lost to
// the role alone.
//
// The rules are those of the Python program that scores the same format; the
// figures are equal to the last bit, which a test shows where that program is
// present.
package score
