package mapping

import "github.com/itchyny/gojq"

// bare tells that a query is nothing but one expression.
func bare(q *gojq.Query) bool {
	return q != nil && q.Meta == nil && len(q.Imports)+len(q.FuncDefs)+len(q.Patterns) == 0
}

// purePath tells whether a query only follows string keys, and which.
func purePath(q *gojq.Query) ([]string, bool) {
	switch {
	case !bare(q):
		return nil, false
	case q.Op == gojq.OpPipe:
		left, ok := purePath(q.Left)
		if !ok {
			return nil, false
		}
		right, ok := purePath(q.Right)
		return append(left, right...), ok
	case q.Term == nil:
		return nil, false
	}
	path, ok := termPath(q.Term)
	for _, suffix := range q.Term.SuffixList {
		key, is := stringKey(suffix.Index)
		path, ok = append(path, key), ok && is
	}
	if !ok {
		return nil, false
	}
	return path, true
}

func termPath(t *gojq.Term) ([]string, bool) {
	switch t.Type {
	case gojq.TermTypeIdentity:
		return nil, true
	case gojq.TermTypeIndex:
		key, ok := stringKey(t.Index)
		return []string{key}, ok
	case gojq.TermTypeQuery:
		return purePath(t.Query)
	default:
		return nil, false
	}
}

func stringKey(index *gojq.Index) (string, bool) {
	switch {
	case index == nil || index.IsSlice:
		return "", false
	case index.Name != "":
		return index.Name, true
	case index.Str != nil:
		return index.Str.Str, index.Str.Queries == nil
	case bare(index.Start) && index.Start.Term != nil:
		t := index.Start.Term
		if t.Type == gojq.TermTypeString && len(t.SuffixList) == 0 {
			return t.Str.Str, t.Str.Queries == nil
		}
	}
	return "", false
}

// isConstant tells whether a query is a literal: a scalar, {} or a list of literals.
func isConstant(q *gojq.Query) bool {
	if !bare(q) || q.Term == nil || len(q.Term.SuffixList) > 0 {
		return false
	}
	t := q.Term
	switch t.Type {
	case gojq.TermTypeNull, gojq.TermTypeTrue, gojq.TermTypeFalse, gojq.TermTypeNumber:
		return true
	case gojq.TermTypeString:
		return t.Str.Queries == nil
	case gojq.TermTypeUnary:
		return t.Unary.Term.Type == gojq.TermTypeNumber && len(t.Unary.Term.SuffixList) == 0
	case gojq.TermTypeObject:
		return len(t.Object.KeyVals) == 0
	case gojq.TermTypeArray:
		return t.Array.Query == nil || isConstantList(t.Array.Query)
	case gojq.TermTypeQuery:
		return isConstant(t.Query)
	default:
		return false
	}
}

func isConstantList(q *gojq.Query) bool {
	if bare(q) && q.Op == gojq.OpComma {
		return isConstantList(q.Left) && isConstantList(q.Right)
	}
	return isConstant(q)
}

// dropped is the path that itemsToParse takes out of the item: that of a pure path, or of a pure
// path with a constant default. Ocean guesses one for any other program and may lose the item.
func dropped(q *gojq.Query) []string {
	if path, ok := purePath(q); ok {
		return path
	}
	if !bare(q) {
		return nil
	}
	if q.Op == gojq.OpAlt && isConstant(q.Right) {
		path, _ := purePath(q.Left)
		return path
	}
	if t := q.Term; t != nil && t.Type == gojq.TermTypeQuery && len(t.SuffixList) == 0 {
		return dropped(t.Query)
	}
	return nil
}
