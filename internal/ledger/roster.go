package ledger

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// Roster is which accounts there are entries of, and since when some of them are not listed any more.
// Only the sweep of the run that holds the lock writes it.
type Roster struct {
	Format    int                `json:"format"`
	Selection string             `json:"selection"`          // the settings by which Accounts were selected
	Accounts  []string           `json:"accounts,omitempty"` // listed when this was written, or not proved missing; sorted
	Absent    map[string]Absence `json:"absent,omitempty"`

	version string
}

// Absence is an account that is not listed any more.
type Absence struct {
	Since     time.Time `json:"since"`     // when its grace began
	Selection string    `json:"selection"` // the settings by which it was last selected
}

func (l *Ledger) rosterKey() string { return l.state + "roster.json" }

// ReadRoster reads the roster; where there is none it is empty.
func (l *Ledger) ReadRoster(ctx context.Context) (r Roster, err error) {
	r.version, err = l.load(ctx, l.rosterKey(), &r)
	return r, err
}

// WriteRoster stores a roster that was read and changed. *SupersededError: somebody else has changed it,
// who can only be the sweep of a later run.
func (l *Ledger) WriteRoster(ctx context.Context, run string, r Roster) error {
	r.Format = Format
	_, err := l.save(ctx, l.rosterKey(), r, r.version)
	if errors.Is(err, ErrConflict) {
		return &SupersededError{Run: run, By: "a later run"}
	}
	return err
}

// Same says that a roster has the same accounts as another.
func (r Roster) Same(o Roster) bool {
	equal := func(a, b Absence) bool { return a.Since.Equal(b.Since) && a.Selection == b.Selection }
	return r.Selection == o.Selection && slices.Equal(r.Accounts, o.Accounts) && maps.EqualFunc(r.Absent, o.Absent, equal)
}
