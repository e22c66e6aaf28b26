package mapping

import (
	"context"
	"errors"
	"fmt"
)

// Outcome is what a block makes of one resource. Neither entities nor error: the selector said no.
type Outcome struct {
	Entities []Entity
	Err      *ItemError
}

// ItemError says why a resource, or an item that itemsToParse made of it, could not be mapped: the
// selector failed or gave no boolean, the identifier or blueprint is missing or not legal in Port,
// a title or icon is not text, itemsToParse gave no array, a program ran too long or gave too much,
// or one of these may read a key that could not be read. Of several items' errors it is the first.
type ItemError struct {
	Block   int    // index into resources
	Path    string // in the config
	Program string
	Reason  string // quotes nothing of the resource
	Unread  bool   // only because of unread keys
	Err     error  // may quote the resource; nil where there is no more to say than Reason
}

func (e *ItemError) Error() string {
	return fmt.Sprintf("%s: %s, in `%s`", e.Path, e.Reason, e.Program)
}

func (e *ItemError) Unwrap() error { return e.Err }

// Map makes entities of a resource, whose values must be of gojq's plain types: map[string]any,
// []any, string, bool, int, float64 and nil. unread names the keys of its Properties that could not
// be read: they must be absent from it, and no program that may read one is evaluated.
//
// The resource is not changed, but the entities share values with it.
func (b *Block) Map(ctx context.Context, resource map[string]any, unread []string) Outcome {
	s := &session{ctx: ctx, block: b, unread: unread}
	list := []map[string]any{resource}
	if x := b.items; x != nil {
		if x.list.reads(unread) {
			return Outcome{Err: s.notRead(x.list)}
		}
		var f *failure
		if list, f = x.expand(ctx, b.engine, resource); f != nil {
			return Outcome{Err: s.failed(x.list, f)}
		}
	}
	var out Outcome
	for _, item := range list {
		if ctx.Err() != nil {
			ended := &failure{program: b.selector.program.text, fatal: true, err: context.Cause(ctx)}
			return Outcome{Err: s.failed(b.selector, ended)}
		}
		entities, err := s.item(item)
		out.Entities = append(out.Entities, entities...)
		if out.Err == nil {
			out.Err = err
		}
	}
	return out
}

// session is the mapping of one resource.
type session struct {
	ctx    context.Context
	block  *Block
	unread []string
}

func (s *session) item(item map[string]any) ([]Entity, *ItemError) {
	selected, err := s.need(s.block.selector, item)
	if err != nil {
		return nil, err
	}
	switch selected {
	case false:
		return nil, nil
	case true:
	default:
		return nil, s.refused(s.block.selector, errors.New(a(selected)+", not true or false"))
	}
	var entities []Entity
	var first *ItemError
	for _, m := range s.block.mappings {
		entity, err := s.entity(m, item)
		switch {
		case err == nil:
			entities = append(entities, entity)
		case first == nil:
			first = err
		}
	}
	return entities, first
}

// need evaluates what an item cannot do without.
func (s *session) need(l *leaf, item map[string]any) (any, *ItemError) {
	if l.reads(s.unread) {
		return nil, s.notRead(l)
	}
	v, f := l.eval(s.ctx, s.block.engine, item)
	if f != nil {
		return nil, s.failed(l, f)
	}
	return v, nil
}

func (s *session) notRead(l *leaf) *ItemError {
	err := s.refused(l, errors.New("may read a key that could not be read"))
	err.Unread = true
	return err
}

func (s *session) failed(l *leaf, f *failure) *ItemError {
	return &ItemError{Block: s.block.Index, Path: l.config, Program: f.program, Reason: f.reason(), Err: f.err}
}

// refused is about a value that is there and will not do.
func (s *session) refused(l *leaf, err error) *ItemError {
	refused := &ItemError{Block: s.block.Index, Path: l.config, Reason: err.Error(), Err: err}
	if p := l.program; p != nil {
		refused.Program = p.text
		if p.stale != "" {
			refused.Reason += "; " + p.stale
		}
	}
	return refused
}
