package mapping

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// nearest is a program that text, which does not compile, was most likely meant to be; it compiles.
func (d *dialect) nearest(text string) string {
	for _, candidate := range candidates(strings.TrimSpace(text)) {
		if _, err := d.compile(candidate); err == nil {
			return candidate
		}
	}
	return ""
}

var (
	dashedPath = regexp.MustCompile(`^(\.[A-Za-z0-9_-]+)+$`)
	bareText   = regexp.MustCompile(`^[A-Za-z0-9_@/:.-]+(?: [A-Za-z0-9_@/:.-]+)*$`)
)

func candidates(text string) (list []string) {
	root, _, _ := strings.Cut(text, ".")
	switch {
	case text == "":
		return []string{"."}
	case slices.Contains([]string{"True", "False", "None"}, text):
		return []string{strings.Replace(strings.ToLower(text), "none", "null", 1)}
	case slices.Contains([]string{"Properties", "__ExtraContext", "Type", "item"}, root):
		return []string{"." + text}
	case dashedPath.MatchString(text):
		for key := range strings.SplitSeq(text[1:], ".") {
			if strings.Contains(key, "-") {
				key = `["` + key + `"]`
			} else {
				key = "." + key
			}
			list = append(list, key)
		}
		path := strings.Join(list, "")
		if path[0] == '[' {
			path = "." + path
		}
		return []string{path}
	case bareText.MatchString(text):
		quoted, err := json.Marshal(text)
		if err == nil {
			list = append(list, string(quoted))
		}
	}
	return list
}

// What the older integration called things, and where they are now.
var olderNames = map[string]string{
	"__Region":    ".__ExtraContext.Region",
	"__AccountId": ".__ExtraContext.AccountId",
	"__Kind":      ".Type",
	"Identifier":  ".Properties.Arn or what else identifies the kind, such as .Properties.BucketName",
}

// staleNames says which names of the older integration a program reads. Identifier is also a
// property's name in places: it counts only as the root of a pure path.
func staleNames(u usage, path []string) string {
	var found []string
	for _, name := range []string{"Identifier", "__AccountId", "__Kind", "__Region"} {
		if name == "Identifier" && (len(path) == 0 || path[0] != name) || !slices.Contains(u.keys, name) {
			continue
		}
		found = append(found, "."+name+" is a name of the older integration, now "+olderNames[name])
	}
	return strings.Join(found, "; ")
}
