package mapping

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// nearest is a program that text, which does not compile, was most likely meant to be; it compiles.
func (d *dialect) nearest(text string) string {
	trimmed := strings.TrimSpace(text)
	for _, candidate := range append([]string{trimmed}, d.candidates(trimmed)...) {
		if candidate == text || candidate == "" {
			continue
		}
		if _, err := d.compile(candidate); err == nil {
			return candidate
		}
	}
	return ""
}

var (
	dashedPath = regexp.MustCompile(`^(\.[A-Za-z0-9_:/-]+)+$`)
	bareText   = regexp.MustCompile(`^[A-Za-z0-9_@/:-][A-Za-z0-9_@/:.-]*(?: [A-Za-z0-9_@/:.-]+)*$`)
	keyword    = regexp.MustCompile(`(^| )(if|then|else|end|def|reduce|foreach|for|try|catch|as|is|in|like|and|or|not)( |$)`)
	ternary    = regexp.MustCompile(`^([^?:]+?)\s*\?\s*([^?:]+?)\s*:\s*([^?:]+)$`)
	callComma  = regexp.MustCompile(`(\w\([^()]*),([^()]*\))`)
)

// habits are what people write who come from elsewhere, and what jq has instead. Each is tried by
// itself, then all together.
var habits = []struct {
	is      *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`^\{\{\s*(.*?)\s*\}\}$`), "$1"},
	{regexp.MustCompile("[\u201c\u201d\u201e`]"), `"`},
	{regexp.MustCompile("[\u2018\u2019]"), `'`},
	{regexp.MustCompile(`\p{Zs}`), " "},
	{regexp.MustCompile(`\?\?`), "//"},
	{regexp.MustCompile(`\|\|`), "or"},
	{regexp.MustCompile(`&&`), "and"},
	{regexp.MustCompile(`={3}|= =`), "=="},
	{regexp.MustCompile(`<>|!==`), "!="},
	{regexp.MustCompile(`!\s*(\.[\w.]+)`), "($1 | not)"},
	{regexp.MustCompile(`\bis not null\b`), "!= null"},
	{regexp.MustCompile(`\bis null\b`), "== null"},
	{regexp.MustCompile(`([^\\])\\([dwsDWSbB.+*?()\[\]/-])`), `$1\\$2`},
	{regexp.MustCompile(`\$(\.|\w+\.)`), ".$1"},
	{regexp.MustCompile(`^\.\.(\w)`), ".$1"},
	{regexp.MustCompile(`(\w)\.\.(\w)`), "$1.$2"},
	{regexp.MustCompile(`\[\*\]`), "[]"},
	{regexp.MustCompile(`\.(\d+)\b`), "[$1]"},
	{regexp.MustCompile(`\.(tostring|tonumber|length|keys|type|trim|first|last|add|unique|sort)(\(\))?$`), " | $1"},
	{regexp.MustCompile(`\.(contains|startswith|endswith|split|join|test|has|index)\(`), " | $1("},
	{regexp.MustCompile(`(\w)\(\)`), "$1"},
	{regexp.MustCompile(`,\s*([\]}])`), "$1"},
	{regexp.MustCompile(`\|\s*\|`), "|"},
	{regexp.MustCompile(`\s*(\||,|;|//|\+|-|\*|\.|==|=)$`), ""},
	{regexp.MustCompile(`\b(?:len|size|count)\(([^()]*)\)`), "($1 | length)"},
	{regexp.MustCompile(`\(\?P<`), "(?<"},
}

func (d *dialect) candidates(text string) []string {
	root, _, _ := strings.Cut(text, ".")
	switch {
	case text == "":
		return []string{"."}
	case slices.Contains([]string{"True", "False", "None"}, text):
		return []string{strings.Replace(strings.ToLower(text), "none", "null", 1)}
	case slices.Contains([]string{"Properties", "__ExtraContext", "Type", "item"}, root):
		return []string{"." + text}
	case dashedPath.MatchString(text):
		return []string{quotedPath(text), repaired(text)}
	case bareText.MatchString(text) && !(strings.Contains(text, " ") && keyword.MatchString(text)):
		quoted, err := json.Marshal(text)
		if err != nil {
			return nil
		}
		return []string{string(quoted)}
	}
	list := []string{repaired(text), d.renamed(text)}
	if all := habitual(text); all != text {
		list = append(list, all, repaired(all), d.renamed(all))
	}
	for _, h := range habits {
		if changed := h.is.ReplaceAllString(text, h.instead); changed != text {
			list = append(list, changed, repaired(changed))
		}
	}
	if m := ternary.FindStringSubmatch(text); m != nil {
		list = append(list, "if "+m[1]+" then "+m[2]+" else "+m[3]+" end")
	}
	return append(list, callComma.ReplaceAllString(text, "$1;$2"))
}

func habitual(text string) string {
	for _, h := range habits {
		text = h.is.ReplaceAllString(text, h.instead)
	}
	return strings.TrimSpace(text)
}

// quotedPath quotes the keys of a path that are no names.
func quotedPath(text string) string {
	var path strings.Builder
	for key := range strings.SplitSeq(text[1:], ".") {
		switch {
		case !strings.ContainsAny(key, "-:/"):
			path.WriteString("." + key)
		case path.Len() == 0:
			path.WriteString(`.["` + key + `"]`)
		default:
			path.WriteString(`["` + key + `"]`)
		}
	}
	return path.String()
}

// repaired closes what is open at the end, and takes away what closes nothing there.
func repaired(text string) string {
	open, _ := unclosed(text)
	if open == nil {
		return strings.TrimRight(text, " )]};")
	}
	for _, o := range slices.Backward(open) {
		text += closing[o.what]
	}
	return text
}
