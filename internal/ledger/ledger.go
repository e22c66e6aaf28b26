// Package ledger is everything we keep between runs: plans, the lock, and for each account its
// lease, manifest and journal. The order in which these are written is what makes a delete safe and
// a crash harmless; docs/architecture.md states it.
package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Format is the version of every object we write. Older ones are migrated when read, newer ones
// are refused.
const Format = 2

// Ledger is the state of one integration in one Port organization.
type Ledger struct {
	store Store
	state string // prefix of what outlives a run
	runs  string // prefix of what belongs to one run
	now   func() time.Time
	shard int // entries of one stored object of a manifest
}

// New opens the ledger of an integration. Another organization, type or identifier is another,
// clean ledger.
func New(store Store, organization, integrationType, identifier string, now func() time.Time) *Ledger {
	at := segment(organization) + "/" + segment(integrationType) + "/" + segment(identifier) + "/"
	return &Ledger{store: store, state: "state/" + at, runs: "runs/" + at, now: now, shard: shardEntries}
}

// Overlay is the ledger as a dry run sees it: it reads what is there, and writes only under the
// prefix of its own run.
func (l *Ledger) Overlay(run string) *Ledger {
	over := *l
	over.store = overlay{base: l.store, from: l.state, to: l.runKey(run, "dry/")}
	return &over
}

// segment makes a name fit into one level of a key. Names that differ never share one.
func segment(s string) string {
	fits := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("-_.@", r):
			return r
		}
		return '_'
	}, s)
	if strings.HasPrefix(fits, ".") { // which no key may
		fits = "_" + fits
	}
	if fits != s {
		sum := sha256.Sum256([]byte(s))
		fits += "@" + hex.EncodeToString(sum[:6])
	}
	return fits
}

func (l *Ledger) runKey(run, name string) string { return l.runs + segment(run) + "/" + name }

// NewerError says that an object was written by a newer version of this program.
type NewerError struct {
	Key    string
	Format int
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("%s has format %d, this version knows up to %d: deploy the newer version again", e.Key, e.Format, Format)
}

// Code names the error across the Lambda boundary.
func (*NewerError) Code() string { return "StateNewerThanCode" }

// checkFormat reads the format of an object before anything else of it is believed.
func checkFormat(key string, data []byte) error {
	var f struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	if f.Format > Format {
		return &NewerError{key, f.Format}
	}
	if f.Format < 1 {
		return fmt.Errorf("read %s: it has no format", key)
	}
	return nil
}

// load reads a JSON object into v. The version is "" where there is no such object.
func (l *Ledger) load(ctx context.Context, key string, v any) (version string, err error) {
	data, version, err := l.store.Get(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if err := checkFormat(key, data); err != nil {
		return "", err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return "", fmt.Errorf("read %s: %w", key, err)
	}
	return version, nil
}

// save writes v as JSON. version is what load gave; "" = the object must not exist yet.
func (l *Ledger) save(ctx context.Context, key string, v any, version string) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", key, err)
	}
	return l.store.Put(ctx, key, data, IfVersion(version))
}

// overlay redirects writes below one prefix to another. What is written there hides what is below.
type overlay struct {
	base     Store
	from, to string
}

func (o overlay) Get(ctx context.Context, key string) ([]byte, string, error) {
	if rest, ok := strings.CutPrefix(key, o.from); ok {
		data, version, err := o.base.Get(ctx, o.to+rest)
		if !errors.Is(err, ErrNotFound) {
			return data, version, err
		}
	}
	return o.base.Get(ctx, key)
}

// Put ignores the condition below the redirected prefix: a dry run has one writer an account, and
// the version it read may be that of the object underneath.
func (o overlay) Put(ctx context.Context, key string, data []byte, c Condition) (string, error) {
	if rest, ok := strings.CutPrefix(key, o.from); ok {
		return o.base.Put(ctx, o.to+rest, data, Condition{})
	}
	return o.base.Put(ctx, key, data, c)
}

func (o overlay) Delete(ctx context.Context, keys ...string) error {
	var own []string
	for _, k := range keys {
		if rest, ok := strings.CutPrefix(k, o.from); ok {
			own = append(own, o.to+rest)
		} else {
			own = append(own, k)
		}
	}
	return o.base.Delete(ctx, own...)
}

func (o overlay) List(ctx context.Context, prefix string) ([]string, error) {
	keys, err := o.base.List(ctx, prefix)
	rest, ok := strings.CutPrefix(prefix, o.from)
	if err != nil || !ok {
		return keys, err
	}
	over, err := o.base.List(ctx, o.to+rest)
	if err != nil {
		return nil, err
	}
	for i, k := range over {
		over[i] = o.from + strings.TrimPrefix(k, o.to)
	}
	return mergeSorted(keys, over), nil
}

func mergeSorted(a, b []string) []string {
	out := make([]string, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0], b[0]); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}
