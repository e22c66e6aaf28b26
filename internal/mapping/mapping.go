// Package mapping turns an integration's config into compiled programs, and resources into entities.
// It knows nothing of AWS or of Port's HTTP.
package mapping

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// Mapping is a config whose programs are all compiled. It is read-only and safe for concurrent use.
type Mapping struct {
	// The options have Ocean's defaults when absent: true, true, true and 0.9.
	CreateMissingRelatedEntities bool
	EnableMergeEntity            bool
	DeleteDependentEntities      bool
	EntityDeletionThreshold      float64 // 0 to 1

	Blocks   []*Block  // never empty, in the config's order
	Warnings []Problem // what is legal and most likely not meant; a program that uses now is named here
}

// At returns the mapping with `now` answering t, so that every invocation of a run and every retry
// of it computes the same. Without At, now is the time of Compile.
func (m *Mapping) At(t time.Time) *Mapping {
	at := *m
	at.Blocks = make([]*Block, len(m.Blocks))
	for i, b := range m.Blocks {
		moved := *b
		moved.engine = b.engine.at(t)
		at.Blocks[i] = &moved
	}
	return &at
}

// Block is one entry of the config's resources.
type Block struct {
	ID    BlockID
	Index int    // its place in the config, for messages only: it moves when a block is inserted
	Kind  string // not checked: this package knows no kinds

	Options               []string // includeActions
	Regions               RegionPolicy
	MaxConcurrentAccounts int // 0 = not set
	Newest, Days          int // how much of a history is asked for; 0 = not bounded

	// Blueprints are the blueprints the block can yield, sorted; nil if a program computes one.
	Blueprints []string

	engine   *engine
	verbatim bool   // identifiers that Port does not take fail their entity
	items    *items // nil: one item per resource
	selector *leaf
	mappings []*entityMapping
}

// Reads tells whether any program of the block may read .Properties[key]. It errs on the side of yes:
// a program that uses .Properties or the item as a whole reads every key.
func (b *Block) Reads(key string) bool {
	unread := []string{key}
	if b.items != nil && b.items.list.reads(unread) || b.selector.reads(unread) {
		return true
	}
	return slices.ContainsFunc(b.mappings, func(m *entityMapping) bool {
		return slices.ContainsFunc(m.leaves(), func(l *leaf) bool { return l.reads(unread) })
	})
}

// Keys are the keys of .Properties that programs of the block may read, sorted; all: every one.
func (b *Block) Keys() (keys []string, all bool) {
	var found reads
	b.selector.collect(&found)
	if b.items != nil {
		b.items.list.collect(&found)
	}
	for _, m := range b.mappings {
		for _, l := range m.leaves() {
			l.collect(&found)
		}
	}
	slices.Sort(found.keys)
	return slices.Compact(found.keys), found.all
}

// BlockID is a block's identity: a hash of its kind, selector and port, in text 16 hex digits.
// Blocks that are equal in all three have the same.
type BlockID [8]byte

func (id BlockID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText implements [encoding.TextMarshaler].
func (id BlockID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (id *BlockID) UnmarshalText(text []byte) error { return unhex("block id", id[:], text) }

func unhex(what string, into, text []byte) error {
	if len(text) != hex.EncodedLen(len(into)) {
		return fmt.Errorf("parse %s: %d characters, not %d", what, len(text), hex.EncodedLen(len(into)))
	}
	if _, err := hex.Decode(into, text); err != nil {
		return fmt.Errorf("parse %s: %w", what, err)
	}
	return nil
}

// RegionPolicy says which regions a block asks.
type RegionPolicy struct{ Allow, Deny []string }

// Allows follows Ocean: a denied region no, an allowed one yes, any other only where nothing is
// allowed by name.
func (p RegionPolicy) Allows(region string) bool {
	switch {
	case slices.Contains(p.Deny, region):
		return false
	case slices.Contains(p.Allow, region):
		return true
	default:
		return len(p.Allow) == 0
	}
}
