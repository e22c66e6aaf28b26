package ledger

import (
	"context"
	"errors"
	"slices"
)

// Disowned is an entity that we wrote over and that somebody else had made: it may carry our datasource
// for ever, and is not ours.
type Disowned struct {
	Entity
	Created int64 `json:"created"` // Port's time, ms; made anew it is another one
}

type disowned struct {
	Format   int        `json:"format"`
	Entities []Disowned `json:"entities"`
}

func (l *Ledger) disownedKey() string { return l.state + "disowned.json" }

// Disown remembers entities before their entries are forgotten.
func (l *Ledger) Disown(ctx context.Context, more []Disowned) error {
	for {
		var d disowned
		version, err := l.load(ctx, l.disownedKey(), &d)
		if err != nil {
			return err
		}
		known := len(d.Entities)
		for _, one := range more {
			if !slices.Contains(d.Entities, one) {
				d.Entities = append(d.Entities, one)
			}
		}
		if len(d.Entities) == known {
			return nil
		}
		d.Format = Format
		if _, err = l.save(ctx, l.disownedKey(), d, version); !errors.Is(err, ErrConflict) {
			return err
		}
	}
}

// ReadDisowned reads what has been disowned.
func (l *Ledger) ReadDisowned(ctx context.Context) (map[Disowned]bool, error) {
	var d disowned
	_, err := l.load(ctx, l.disownedKey(), &d)
	all := map[Disowned]bool{}
	for _, one := range d.Entities {
		all[one] = true
	}
	return all, err
}
