package mapping

import (
	"slices"
	"strings"
)

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
