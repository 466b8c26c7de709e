package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"papergraph/graph/source"
	"papergraph/graph/tag"
)

func newTrainTagger(g *globals) *cobra.Command {
	var sciERC, sciREX, output string
	var corpus []string
	var seed uint64
	var sizes tag.Sizes
	cmd := &cobra.Command{
		Use:   "train-tagger --scierc FILE --scirex FILE --corpus FILE -o DIR",
		Short: "Train the taggers that find names in sentences",
		Long: "Trains both taggers: word vectors from the papers of --corpus, networks from the annotated\n" +
			"sentences of SciERC (CoNLL form) and SciREX (JSON Lines), which together are the accurate\n" +
			"tagger, and the fast tagger from these sentences and what the networks say of the corpus.\n" +
			"fast.tagger and accurate.tagger are left in the folder, with what is ready on the way; the\n" +
			"same command goes on from there.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if sciERC == "" || sciREX == "" || len(corpus) == 0 || output == "" {
				return usageError{errors.New("--scierc, --scirex, --corpus and --output are needed")}
			}
			if err := checkSizes(sizes); err != nil {
				return err
			}
			var refused problems
			stdin := interruptible(cmd.Context(), cmd.InOrStdin())
			t := tag.Training{Seed: seed, Dir: output, Log: g.out.infof, Sizes: sizes}
			var err error
			if t.SciERC, err = annotatedSentences(sciERC, tag.ReadCoNLL); err != nil {
				return err
			}
			if t.SciREX, err = annotatedSentences(sciREX, tag.ReadSciREX); err != nil {
				return err
			}
			t.Corpus = source.Read(cmd.Context(), corpus, source.Options{Stdin: stdin, OnProblem: refused.add})
			err = tag.Train(cmd.Context(), t)
			refused.show(g.out)
			if err != nil {
				return err
			}
			return refused.err()
		},
	}
	f := cmd.Flags()
	f.StringVar(&sciERC, "scierc", "", "SciERC's annotated sentences, CoNLL form")
	f.StringVar(&sciREX, "scirex", "", "SciREX's annotated documents, JSON Lines")
	f.StringSliceVar(&corpus, "corpus", nil, "unannotated papers")
	f.StringVarP(&output, "output", "o", "", "folder to write the taggers to")
	f.Uint64Var(&seed, "seed", 1, "seed of all that is drawn at random")
	f.IntVar(&sizes.WordPasses, "word-passes", 0, "passes over the corpus for word vectors (0: as shipped)")
	f.IntVar(&sizes.Teachers, "teachers", 0, "networks that label the corpus (0: as shipped)")
	f.IntVar(&sizes.TeacherPasses, "teacher-passes", 0, "passes of each over the annotated sentences (0: as shipped)")
	f.IntVar(&sizes.Hidden, "hidden", 0, "units of a network, a direction (0: as shipped)")
	f.IntVar(&sizes.Sentences, "sentences", 0, "sentences of the corpus to label (0: as shipped)")
	f.IntVar(&sizes.FastPasses, "fast-passes", 0, "passes of the fast tagger (0: as shipped)")
	f.IntVar(&sizes.FastFeatures, "fast-features", 0, "most features of the fast tagger (0: as shipped)")
	return cmd
}

// largestSize bounds what may be asked for, so that a slip of a finger does not
// ask for all memory.
const largestSize = 1 << 24

func checkSizes(s tag.Sizes) error {
	for _, x := range []struct {
		flag   string
		n, top int
	}{
		{"word-passes", s.WordPasses, 1000}, {"teachers", s.Teachers, 100}, {"teacher-passes", s.TeacherPasses, 1000},
		{"hidden", s.Hidden, 1024}, {"sentences", s.Sentences, largestSize}, {"fast-passes", s.FastPasses, 1000},
		{"fast-features", s.FastFeatures, largestSize},
	} {
		if x.n < 0 || x.n > x.top {
			return usageError{fmt.Errorf("--%s %d: from 0 to %d", x.flag, x.n, x.top)}
		}
	}
	return nil
}

func newEvalTagger(g *globals) *cobra.Command {
	var gold, model, scheme string
	var accurate bool
	cmd := &cobra.Command{
		Use:   "eval-tagger --gold FILE",
		Short: "Score a tagger on annotated sentences",
		Long: "Prints precision, recall and F1 of the spans that a tagger finds, by type: a span is right if\n" +
			"both its ends and its type are. --gold is in CoNLL form, or for --scheme scirex JSON Lines.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if gold == "" {
				return usageError{errors.New("--gold is needed")}
			}
			if accurate && model != "" {
				return usageError{errors.New("--accurate and --model: one tagger at a time")}
			}
			s, read := tag.SciERC, tag.ReadCoNLL
			switch scheme {
			case "scierc":
			case "scirex":
				s, read = tag.SciREX, tag.ReadSciREX
			default:
				return usageError{fmt.Errorf("--scheme %q: scierc or scirex", scheme)}
			}
			sentences, err := annotatedSentences(gold, read)
			if err != nil {
				return err
			}
			t, err := openTagger(model, accurate)
			if err != nil {
				return err
			}
			score, err := t.Evaluate(cmd.Context(), s, sentences)
			if err != nil {
				return err
			}
			return score.Write(g.out.stdout)
		},
	}
	f := cmd.Flags()
	f.StringVar(&gold, "gold", "", "annotated sentences")
	f.StringVar(&model, "model", "", "tagger to score, in place of the shipped fast one")
	f.BoolVar(&accurate, "accurate", false, "score the shipped accurate tagger")
	f.StringVar(&scheme, "scheme", "scierc", "scheme of the annotation: scierc or scirex")
	return cmd
}

// openTagger reads a tagger from a file, or takes a shipped one.
func openTagger(path string, accurate bool) (*tag.Tagger, error) {
	if accurate {
		return tag.Accurate()
	}
	if path == "" {
		return tag.Default()
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := tag.Read(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// annotatedSentences reads a file, packed by gzip or not.
func annotatedSentences(path string, read func(io.Reader) ([]tag.Sentence, error)) ([]tag.Sentence, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	var r io.Reader = in
	if head, _ := in.Peek(2); string(head) == "\x1f\x8b" {
		if r, err = gzip.NewReader(in); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	list, err := read(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}
