// Package registry reads what people have decided about names: which are one
// thing, which are not, what a thing is called and is, and what is none. Package
// graph/resolve applies it on every build, before anything that it would decide
// itself.
//
// # File format
//
// The file, papergraph.registry.toml, is TOML. Each entry is a table of one of
// five kinds; comments may stand anywhere:
//
//	# Names that are one thing, and (if you like) the name to show.
//	[[same]]
//	kind = "method"
//	names = ["Gaussian splatting", "GS"]
//	name = "3D Gaussian Splatting"
//	reason = "nobody here splats in 2D"
//
//	# Names that are not, whatever the lexicon or papers' acronyms say.
//	[[different]]
//	kind = "method"
//	names = ["CLIP", "OpenCLIP"]
//
//	# The name to show.
//	[[rename]]
//	name = "method:graph-neural-network"
//	to = "GNN"
//
//	# What a thing is, whatever papers take it for.
//	[[kind]]
//	kind = "dataset"
//	names = ["ImageNet"]
//
//	# What is none: its mentions are left out.
//	[[drop]]
//	kind = "concept"
//	names = ["framework"]
//
// A name is written as papers have it, in any spelling that resolution takes
// for the same, and needs the entry's kind (method, dataset, task, metric or
// concept); or it is an id such as "method:lora", which has its own. Names mean
// what they would without a registry, so that an entry goes on to hold once it
// is applied. "MoS" is the MoS that papers do not explain, or explain as most
// do; one that a paper explains otherwise is named by its long form or its id.
//
// In [[kind]] the key kind is the kind to give, and a name that is no id means
// whatever has the name. The key reason may be given everywhere; it is kept
// with the decision in the graph.
//
// What cannot be right is refused with its file and line: an unknown key, a
// name without a kind, and entries that contradict each other; only [[drop]] goes
// before a [[kind]] or [[different]] of the same name. An entry that
// names nothing in the papers is no error, since papers come and go; the build
// warns of it.
package registry
