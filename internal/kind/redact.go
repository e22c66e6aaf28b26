package kind

import "strings"

// Redacted is what a mapping sees in place of a secret.
const Redacted = "***"

// Redact replaces the values in properties that may be secret, in place. Their keys stay.
func (k Kind) Redact(properties map[string]any) {
	for _, path := range k.Secrets {
		redact(properties, strings.Split(path, "."))
	}
}

func redact(v any, path []string) {
	object, ok := v.(map[string]any)
	if !ok {
		return
	}
	name, each := strings.CutSuffix(path[0], "[]")
	for key, member := range object {
		if key != name && name != "*" {
			continue
		}
		list, _ := member.([]any)
		switch {
		case len(path) == 1:
			object[key] = Redacted
		case each:
			for _, element := range list {
				redact(element, path[1:])
			}
		default:
			redact(member, path[1:])
		}
	}
}
