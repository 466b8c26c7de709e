// Package lexicon holds the names of the field as data: datasets, methods,
// tasks, metrics and concepts with their aliases, hierarchy and, for metrics,
// direction. [Default] is what papergraph ships; [Load] adds a user's files to
// it or replaces it.
//
// # File format
//
// A lexicon file is UTF-8 text, one entry a line:
//
//	# A comment. Blank lines count for nothing.
//	@kind dataset
//	ImageNet | ImageNet-1K; ILSVRC2012 | task=image classification
//	accuracy | acc; classification accuracy | better=higher; unit=%
//
// The columns are the canonical name, its aliases separated by ";", and
// "key=value" pairs separated by ";". Later columns may be left out. The line
// "@kind K" says what the entries below it are (method, dataset, task, metric
// or concept). The keys are
//
//   - broader: canonical names, separated by ",", that are more general; of a
//     task other tasks, of a concept or method concepts;
//   - better: for a metric "higher" or "lower";
//   - unit: for a metric its usual unit;
//   - task: for a dataset the tasks that it is usually for.
//
// An entry whose name a file loaded earlier has under the same kind adds to
// that entry.
//
// The line "@words L" begins a list of words instead, in any number of lines,
// separated by spaces. They say what may be a name in the field, for all the
// names that the lexicon does not have:
//
//	@words content
//	lead
//	@words stop
//	herein vide
//
// A word of "stop" begins and ends no name; one of "content" may, although
// extraction takes it for prose; one of "joint" may stand inside a name, as "of"
// may.
//
// # What a form matches
//
// Forms are compared by [graph.NameKey]: hyphens, slashes and spaces are alike,
// accents, a leading article and a plural "s" do not count. A form of one word
// that has an upper-case letter or a digit matches only in that very casing
// ("Adam" is not "adam"); all others match in any. Where entries of one kind
// share a form, the one that has it in the text's casing goes before the
// others, then the one whose canonical name it is, then the one read first.
package lexicon
