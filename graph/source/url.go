package source

import (
	"strings"
)

var (
	// brokenScheme is "https: //" and the like before what may be a host.
	brokenScheme = pattern(`(https?) ?: ?/ ?/ ?([A-Za-z0-9-]+\.)`)
	// brokenHost is an address whose host is broken after a dot:
	// "https://github. com/a".
	brokenHost = pattern(`(https?://(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]+\.) ((?:[A-Za-z0-9-]+\.)?(?:com|io|org|net|edu|ai|dev|gov|co|cn|de|fr|uk|ch|jp|kr)(?:/|[.,;)]?(?:\s|$)))`)
	// brokenWord is an address broken after a hyphen or an underscore, with
	// which none ends.
	brokenWord = pattern(`(https?://[^\s()<>]*[-_]) ([A-Za-z0-9])`)
	// brokenOwner is the address of a repository broken before its owner.
	brokenOwner = pattern(`(https?://(?:www\.)?(?:github|gitlab|huggingface)\.(?:com|co)/) ([A-Za-z0-9._-]+/[A-Za-z0-9._-]+)`)
)

// repairURLs joins web addresses that a space has broken.
func repairURLs(s string) string {
	first := strings.Index(s, "http")
	if first < 0 {
		return s
	}
	// Most texts have their addresses at the end.
	before, s := s[:first], s[first:]
	s = brokenScheme().ReplaceAllString(s, "$1://$2")
	s = brokenHost().ReplaceAllString(s, "$1$2")
	s = brokenWord().ReplaceAllString(s, "$1$2")
	return before + brokenOwner().ReplaceAllString(s, "$1$2")
}

// maxURL bounds how far around a place inURL looks.
const maxURL = 300

// inURL says whether the word around s[i] is a web address.
func inURL(s string, i int) bool {
	word := s[max(0, i-maxURL):i]
	word = word[strings.LastIndexByte(word, ' ')+1:]
	return strings.Contains(word, "://") || strings.Contains(word, "www.")
}
