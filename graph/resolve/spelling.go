package resolve

import "strings"

// Names are compared in American spelling, which most papers have, so that
// "tumour localisation" and "tumor localization" are one name. What a word
// becomes is a form to compare and need not be a word itself ("precize"): all
// that counts is that spellings of one word become one and that two words stay
// two.

// britishStems are the beginnings of words that are spelled otherwise, with
// what they are in American spelling. The list is closed: a rule would take
// "four" for "for". None is shorter than stemPrefix.
var britishStems = [][2]string{
	{"behaviour", "behavior"}, {"misbehaviour", "misbehavior"}, {"colour", "color"}, {"multicolour", "multicolor"}, {"neighbour", "neighbor"},
	{"favour", "favor"}, {"flavour", "flavor"}, {"harbour", "harbor"}, {"honour", "honor"}, {"humour", "humor"}, {"labour", "labor"},
	{"rumour", "rumor"}, {"tumour", "tumor"}, {"vapour", "vapor"}, {"vigour", "vigor"}, {"rigour", "rigor"}, {"odour", "odor"},
	{"armour", "armor"}, {"endeavour", "endeavor"}, {"saviour", "savior"},
	{"modell", "model"}, {"remodell", "remodel"}, {"labell", "label"}, {"unlabell", "unlabel"}, {"mislabell", "mislabel"}, {"relabell", "relabel"},
	{"travell", "travel"}, {"signall", "signal"}, {"cancell", "cancel"}, {"channell", "channel"}, {"fuell", "fuel"}, {"levell", "level"},
	{"tunnell", "tunnel"}, {"counsell", "counsel"}, {"panell", "panel"},
	{"centred", "centered"}, {"centring", "centering"}, {"centre", "center"}, {"metre", "meter"}, {"kilometre", "kilometer"}, {"millimetre", "millimeter"},
	{"litre", "liter"}, {"fibre", "fiber"}, {"theatre", "theater"}, {"calibre", "caliber"}, {"manoeuvr", "maneuver"},
	{"defence", "defense"}, {"offence", "offense"}, {"licence", "license"}, {"pretence", "pretense"},
	{"grey", "gray"}, {"artefact", "artifact"}, {"catalogue", "catalog"}, {"dialogue", "dialog"}, {"analogue", "analog"}, {"programme", "program"},
	{"judgement", "judgment"}, {"acknowledgement", "acknowledgment"}, {"ageing", "aging"}, {"mould", "mold"}, {"sceptic", "skeptic"},
	{"aluminium", "aluminum"}, {"anaesthe", "anesthe"}, {"anaemi", "anemi"}, {"paediatric", "pediatric"}, {"orthopaedic", "orthopedic"},
	{"haemorrh", "hemorrh"}, {"haemo", "hemo"}, {"leukaemi", "leukemi"}, {"oesophag", "esophag"}, {"oestrogen", "estrogen"}, {"foetal", "fetal"},
	{"foetus", "fetus"}, {"encyclopaedi", "encyclopedi"}, {"archaeolog", "archeolog"}, {"palaeo", "paleo"}, {"gynaecolog", "gynecolog"},
}

const stemPrefix = 4

// stemsByPrefix finds a stem by the first letters of a word.
var stemsByPrefix = func() map[string][][2]string {
	m := map[string][][2]string{}
	for _, s := range britishStems {
		m[s[0][:stemPrefix]] = append(m[s[0][:stemPrefix]], s)
	}
	return m
}()

// verbEndings are the endings of verbs in -ise and -yse, and of what is made
// from them, in both spellings. "Analyses" is no verb here but the plural.
var verbEndings = [][2]string{
	{"isation", "ization"}, {"isations", "izations"}, {"isational", "izational"}, {"ise", "ize"}, {"ised", "ized"}, {"ises", "izes"}, {"iser", "izer"},
	{"isers", "izers"}, {"ising", "izing"}, {"isable", "izable"}, {"yse", "yze"}, {"ysed", "yzed"}, {"yser", "yzer"}, {"ysers", "yzers"}, {"ysing", "yzing"},
}

// minVerb is the length from which a word may be a verb in -ise; shorter ones
// ("noise", "wise") are not.
const minVerb = 7

// american gives a name in American spelling. Words of capitals, or with a
// capital inside, are names and stay.
func american(name string) string {
	var b strings.Builder
	kept := 0 // of name, in b
	for i := 0; i < len(name); {
		if !isLetter(name[i]) {
			i++
			continue
		}
		start := i
		for i < len(name) && isLetter(name[i]) {
			i++
		}
		if us := americanWord(name[start:i]); us != name[start:i] {
			b.WriteString(name[kept:start])
			b.WriteString(us)
			kept = i
		}
	}
	if kept == 0 {
		return name
	}
	b.WriteString(name[kept:])
	return b.String()
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func americanWord(w string) string {
	if len(w) < stemPrefix || strings.ToLower(w[1:]) != w[1:] {
		return w
	}
	lower := w
	if w[0] < 'a' {
		lower = strings.ToLower(w)
	}
	for _, s := range stemsByPrefix[lower[:stemPrefix]] {
		if rest, ok := strings.CutPrefix(lower, s[0]); ok {
			lower = s[1] + rest
			break
		}
	}
	if len(lower) >= minVerb {
		for _, e := range verbEndings {
			if stem, ok := strings.CutSuffix(lower, e[0]); ok {
				lower = stem + e[1]
				break
			}
		}
	}
	if w[0] < 'a' {
		return strings.ToUpper(lower[:1]) + lower[1:]
	}
	return lower
}
