package porttest

import (
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"
)

// draft is an entity as sent, of the right shape but not yet held against its blueprint.
type draft struct {
	in     obj
	id     string
	search obj // in place of id
}

// name is how an answer calls the draft.
func (d draft) name() string {
	if d.search != nil {
		return "unknown"
	}
	return d.id
}

var entityID = regexp.MustCompile(`^[\p{L}0-9@_.+:\\/=-]+$`)

func legalIdentifier(id string) bool {
	return entityID.MatchString(id) && id != "." && id != ".." && utf8.RuneCountInString(id) <= maxIdentifier
}

// readDrafts fails as a whole for one bad entity, as the route's schema does in Port.
func readDrafts(list []any) ([]draft, error) {
	out := make([]draft, len(list))
	for i, v := range list {
		in, isObj := v.(obj)
		at := fmt.Sprintf("body/entities/%d", i)
		if !isObj {
			return nil, invalid("%s must be object", at)
		}
		var err error
		if out[i], err = readDraft(in, at); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readDraft(in obj, at string) (draft, error) {
	d := draft{in: in}
	switch v := in["identifier"].(type) {
	case string:
		if d.id = v; !legalIdentifier(v) {
			return draft{}, invalid("%s/identifier %q is not legal", at, v)
		}
	case obj:
		d.search = v
	default:
		return draft{}, invalid("%s/identifier must be string", at)
	}
	for _, key := range []string{"title", "icon"} {
		switch in[key].(type) {
		case nil, string:
		default:
			return draft{}, invalid("%s/%s must be string", at, key)
		}
	}
	if _, legal := texts(in["team"]); !legal && in["team"] != nil {
		return draft{}, invalid("%s/team must be string or array of strings; team searches are not modelled", at)
	}
	for _, key := range []string{"properties", "relations"} {
		if v, given := in[key]; given {
			if _, isObj := v.(obj); !isObj {
				return draft{}, invalid("%s/%s must be object", at, key)
			}
		}
	}
	rels, _ := in["relations"].(obj)
	for _, name := range sortedKeys(rels) {
		if _, search := rels[name].(obj); search || rels[name] == nil {
			continue
		}
		ids, legal := texts(rels[name])
		if !legal || slices.ContainsFunc(ids, func(id string) bool { return !legalIdentifier(id) }) {
			return draft{}, invalid("%s/relations/%s does not name entities legally", at, name)
		}
	}
	return d, nil
}

// texts reads a string or an array of strings.
func texts(v any) ([]string, bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case []any:
		out := make([]string, len(v))
		for i, x := range v {
			s, isString := x.(string)
			if !isString {
				return nil, false
			}
			out[i] = s
		}
		return out, true
	}
	return nil, false
}
