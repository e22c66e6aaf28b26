package onig

import (
	"fmt"
	"maps"
	"strings"
	"unicode"
)

const (
	alphaClass = `\p{L}\p{Nl}\p{Other_Alphabetic}`
	// Outside of a class, \w has a few fractions and superscripts of Latin-1 as well.
	wordClass = posixWord + `²³¹¼½¾`
	posixWord = alphaClass + `\p{M}\p{Nd}\p{Pc}`
)

// posixClasses are class bodies by their POSIX names, as Oniguruma's Unicode tables have them.
var posixClasses = map[string]string{
	"alnum":  alphaClass + `\p{Nd}`,
	"alpha":  alphaClass,
	"ascii":  `\x00-\x7f`,
	"blank":  `\t\p{Zs}`,
	"cntrl":  `\p{Cc}`,
	"digit":  `\p{Nd}`,
	"graph":  `\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co}`,
	"lower":  `\p{Ll}\p{Other_Lowercase}`,
	"print":  `\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co}\p{Zs}`,
	"punct":  `\p{P}\p{S}`,
	"space":  `\p{White_Space}`,
	"upper":  `\p{Lu}\p{Other_Uppercase}`,
	"word":   posixWord,
	"xdigit": `0-9A-Fa-f`,
}

// property is the class body of a Unicode property, category or script, whatever way its name is
// written.
func property(name string) (string, error) {
	plain := normal(name)
	if body, known := posixClasses[plain]; known {
		return body, nil
	}
	switch plain {
	case "any":
		return `\s\S`, nil
	case "alphabetic":
		return alphaClass, nil
	case "uppercase":
		return posixClasses["upper"], nil
	case "lowercase":
		return posixClasses["lower"], nil
	}
	for alias, category := range unicode.CategoryAliases {
		if normal(alias) == plain {
			return `\p{` + category + `}`, nil
		}
	}
	for _, tables := range []map[string]*unicode.RangeTable{unicode.Categories, unicode.Scripts, unicode.Properties} {
		for known := range maps.Keys(tables) {
			if normal(known) == plain {
				return `\p{` + known + `}`, nil
			}
		}
	}
	return "", fmt.Errorf(`\p{%s} is not known`, name)
}

func normal(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", " ", "", "-", "").Replace(name))
}
