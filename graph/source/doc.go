// Package source reads papers from what people have them in.
//
// Read it in this order:
//
//   - [Read]: files, folders and standard input in, [graph.Document]s out, one
//     by one. A [Problem] is what was refused, with its place.
//   - [Recognise]: the format of a file, from its content. Each [Format] has a
//     reader in a file of its own.
//   - [Clean]: the one place where the residue of copying and typesetting is
//     repaired. Every offset in a graph refers to the text that it returns.
//
// # What is read
//
// The text of a page that lists papers: title, empty line, abstract, empty
// line, and so on. The page's own words (navigation, dates, counts) may stand
// above and between.
//
// JSON: an object, an array of objects, an object a line, or an object that
// holds the array under a usual name such as "papers", "results" or "data".
// Names are compared without case, '_', '-' and spaces:
//
//	title       title, paper_title, display_name
//	abstract    abstract, paper_abstract, summary, description
//	year        year, publication_year, date, publication_date, published
//	venue       venue, journal, booktitle, conference, container-title
//	authors     authors, author, creators: a list of strings or of objects
//	            with name, or given and family; or a string
//	keywords    keywords, keyphrases: a list or a string
//	ids         doi; arxiv, arxiv_id, eprint; acl_id, anthology; openalex;
//	            s2, corpusId, paperId; url, link; id where it is one of these;
//	            externalIds
//	links       code, github, repository; project, website, homepage; demo
//
// Every format may be packed with gzip, zstd or bzip2 and may be in UTF-8 or,
// with a byte order mark, UTF-16.
//
// # What is refused
//
// A record without a title, one that is not valid JSON or UTF-8, or one of
// more than 16 MiB is a problem and is skipped; the rest of the file is read.
// A field that is there but cannot be used is a problem too, but the paper is
// read without it. Two records of one paper are two documents: telling that
// is not the reader's business.
//
// Memory stays bounded however long the file or a line in it is.
package source
