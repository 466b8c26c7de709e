package source

// symbols are macros that stand for characters.
var symbols = map[string]string{
	// Greek
	"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "eps": "ε", "zeta": "ζ", "eta": "η",
	"theta": "θ", "vartheta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
	"rho": "ρ", "varrho": "ρ", "sigma": "σ", "varsigma": "ς", "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
	"Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
	// Letters
	"aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "i": "ı", "j": "ȷ", "ell": "ℓ", "hbar": "ħ",
	// Relations
	"sim": "~", "simeq": "≃", "approx": "≈", "approxeq": "≈", "cong": "≅", "equiv": "≡", "propto": "∝", "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥",
	"ll": "≪", "gg": "≫", "lesssim": "≲", "gtrsim": "≳", "ne": "≠", "neq": "≠", "lt": "<", "gt": ">", "prec": "≺", "succ": "≻", "preceq": "≼", "succeq": "≽",
	"in": "∈", "notin": "∉", "ni": "∋", "subset": "⊂", "subseteq": "⊆", "supset": "⊃", "supseteq": "⊇", "mid": "|", "parallel": "∥", "perp": "⊥", "vdash": "⊢", "models": "⊨",
	// Operators
	"times": "×", "cdot": "·", "div": "÷", "pm": "±", "mp": "∓", "circ": "∘", "ast": "*", "star": "⋆", "bullet": "•", "oplus": "⊕", "otimes": "⊗", "odot": "⊙", "cup": "∪", "cap": "∩",
	"setminus": "∖", "wedge": "∧", "land": "∧", "vee": "∨", "lor": "∨", "neg": "¬", "lnot": "¬", "sum": "∑", "prod": "∏", "int": "∫", "partial": "∂", "nabla": "∇", "forall": "∀", "exists": "∃",
	"emptyset": "∅", "varnothing": "∅", "infty": "∞", "top": "⊤", "bot": "⊥", "prime": "′", "dagger": "†", "ddagger": "‡",
	// Arrows
	"to": "→", "rightarrow": "→", "longrightarrow": "→", "leftarrow": "←", "gets": "←", "leftrightarrow": "↔", "Rightarrow": "⇒", "Leftarrow": "⇐", "Leftrightarrow": "⇔", "iff": "⇔",
	"implies": "⇒", "mapsto": "↦", "uparrow": "↑", "downarrow": "↓",
	// Brackets
	"langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "lbrace": "{", "rbrace": "}", "lvert": "|", "rvert": "|", "vert": "|", "lVert": "‖", "rVert": "‖", "Vert": "‖",
	// Dots, dashes, quotes, signs
	"ldots": "…", "dots": "…", "cdots": "…", "dotsc": "…", "textellipsis": "…", "textendash": "–", "textemdash": "—", "textquotesingle": "'", "textquoteright": "’", "textquoteleft": "‘",
	"textquotedblleft": "“", "textquotedblright": "”", "textpercent": "%", "textasciitilde": "~", "textdegree": "°", "degree": "°", "texttimes": "×", "textregistered": "®", "texttrademark": "™",
	"copyright": "©", "pounds": "£", "euro": "€", "S": "§", "checkmark": "✓", "LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX",
	// Abbreviations that the usual conference styles define
	"ie": "i.e.", "eg": "e.g.", "etal": "et al.", "etc": "etc.",
}

// functions are macros that print their own name.
var functions = setOf("log", "ln", "exp", "min", "max", "sup", "inf", "lim", "arg", "argmin", "argmax", "sin", "cos", "tan", "tanh", "det", "dim", "gcd", "ker", "rank", "tr", "poly", "polylog", "diag", "Pr", "sign", "softmax")

// fonts are macros that say how their argument looks.
var fonts = setOf("textbf", "textit", "texttt", "text", "textrm", "textsc", "textsf", "textsl", "textup", "textmd", "textnormal", "emph", "underline", "uline", "mbox", "hbox", "fbox",
	"mathrm", "mathbf", "mathcal", "mathbb", "mathsf", "mathit", "mathtt", "mathfrak", "mathscr", "mathbbm", "boldsymbol", "bm", "pmb", "operatorname", "textsuperscript", "textsubscript", "ensuremath", "overline")

// declarations are macros that say how what follows looks.
var declarations = setOf("em", "bf", "it", "tt", "sc", "sf", "sl", "rm", "cal", "bfseries", "itshape", "ttfamily", "scshape", "small", "large", "Large", "footnotesize", "scriptsize", "tiny", "normalsize",
	"displaystyle", "textstyle", "scriptstyle", "noindent", "left", "right", "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr", "limits", "nolimits", "nonumber", "centering", "protect")

// spaces are macros that print white space.
var spaces = setOf("quad", "qquad", "space", "xspace", "newline", "linebreak", "par", "newblock", "thinspace", "enspace")

// accents are the signs after a backslash that put a mark on the letter that
// follows, as combining marks.
var accents = map[byte]rune{'\'': '\u0301', '`': '\u0300', '^': '\u0302', '"': '\u0308', '~': '\u0303', '=': '\u0304', '.': '\u0307'}

// accentMacros are macros that do the same. Those of one letter are for words,
// the others for formulas.
var accentMacros = map[string]rune{
	"c": '\u0327', "v": '\u030C', "u": '\u0306', "H": '\u030B', "k": '\u0328', "r": '\u030A', "d": '\u0323', "b": '\u0331',
	"hat": '\u0302', "widehat": '\u0302', "tilde": '\u0303', "widetilde": '\u0303', "Tilde": '\u0303', "bar": '\u0304', "dot": '\u0307', "ddot": '\u0308',
	"acute": '\u0301', "grave": '\u0300', "check": '\u030C', "breve": '\u0306', "vec": '\u20D7', "mathring": '\u030A',
}
