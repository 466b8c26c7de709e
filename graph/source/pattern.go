package source

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first used. All
// of this package's together take two milliseconds, which every start of the
// program would pay, the ones that read nothing too.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
