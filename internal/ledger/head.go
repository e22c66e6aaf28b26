package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Lease says who may write an account now.
type Lease struct {
	Fence int64     `json:"fence"` // of the writer's run
	Nonce string    `json:"nonce"` // of the invocation; empty when released
	Run   string    `json:"run"`
	Until time.Time `json:"until"` // the writer's own deadline and what a request in flight may last
}

// head is the one small object by which lease and manifest of an account are committed together.
type head struct {
	Format   int      `json:"format"`
	Rev      int64    `json:"rev"` // grows with each write, so that no two writes are alike
	Account  string   `json:"account"`
	Lease    Lease    `json:"lease"`
	Manifest []string `json:"manifest,omitempty"` // names of the current manifest's objects
	Absorbed []string `json:"absorbed,omitempty"` // names of the journal chunks that are in it
	Summary  Summary  `json:"summary"`
}

// Holder is an account under lease. It is not safe for concurrent use.
type Holder struct {
	*Manifest
	Summary Summary // what the last commit said of the account

	ledger  *Ledger
	head    head
	version string
	stored  []string // names of all manifest objects and journal chunks there are
	chunks  []string // names of the journal chunks that are in Manifest
	seq     int
}

func (l *Ledger) accountsPrefix() string { return l.state + "accounts/" }

func (l *Ledger) accountKey(account, name string) string {
	return l.accountsPrefix() + account + "/" + name
}

func (l *Ledger) readHead(ctx context.Context, account string) (head, string, error) {
	h := head{Format: Format, Account: account}
	version, err := l.load(ctx, l.accountKey(account, "head.json"), &h)
	return h, version, err
}

func (l *Ledger) writeHead(ctx context.Context, h *head, version string) (string, error) {
	h.Format = Format
	h.Rev++
	return l.save(ctx, l.accountKey(h.Account, "head.json"), h, version)
}

// Take takes the lease of an account and reads its manifest, with every journaled entity in it.
// *BusyError: another invocation holds it. *SupersededError: a later run had it.
func (l *Ledger) Take(ctx context.Context, account string, lease Lease) (*Holder, error) {
	for {
		h, version, err := l.readHead(ctx, account)
		if err != nil {
			return nil, err
		}
		switch old := h.Lease; {
		case old.Fence > lease.Fence:
			return nil, &SupersededError{lease.Run, old.Run}
		case old.Nonce != "" && old.Nonce != lease.Nonce && l.now().Before(old.Until):
			return nil, &BusyError{old.Run, "account " + account, old.Until}
		}
		h.Lease = lease
		version, err = l.writeHead(ctx, &h, version)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("take lease of account %s: %w", account, err)
		}
		a := &Holder{ledger: l, head: h, version: version, Summary: h.Summary}
		if a.Manifest, a.stored, a.chunks, err = l.contents(ctx, h); err != nil {
			return nil, errors.Join(err, a.Release(ctx))
		}
		return a, nil
	}
}

// Read reads an account's manifest, journaled entities included, without a lease.
func (l *Ledger) Read(ctx context.Context, account string) (*Manifest, Summary, error) {
	for {
		h, version, err := l.readHead(ctx, account)
		if err != nil {
			return nil, Summary{}, err
		}
		m, _, _, err := l.contents(ctx, h)
		if errors.Is(err, ErrNotFound) { // a commit in between removed what this head names
			if _, now, err := l.readHead(ctx, account); err == nil && now != version {
				continue
			}
		}
		return m, h.Summary, err
	}
}

// contents reads what a head names and what was journaled since. stored are the names of all
// objects of the account, chunks those of the journal that are in the manifest.
func (l *Ledger) contents(ctx context.Context, h head) (m *Manifest, stored, chunks []string, err error) {
	shards := make([][]byte, len(h.Manifest))
	g, gctx := errgroup.WithContext(ctx)
	for i, name := range h.Manifest {
		g.Go(func() (err error) {
			shards[i], _, err = l.store.Get(gctx, l.accountKey(h.Account, name))
			return err
		})
	}
	g.Go(func() error {
		keys, err := l.store.List(gctx, l.accountKey(h.Account, ""))
		for _, k := range keys {
			if name := strings.TrimPrefix(k, l.accountKey(h.Account, "")); name != "head.json" {
				stored = append(stored, name)
			}
		}
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, nil, nil, fmt.Errorf("read manifest of account %s: %w", h.Account, err)
	}
	m = NewManifest(h.Account)
	for i, data := range shards {
		if err := m.decode(h.Manifest[i], data); err != nil {
			return nil, nil, nil, err
		}
	}
	for _, name := range stored {
		if !strings.HasPrefix(name, "journal/") || slices.Contains(h.Absorbed, name) {
			continue
		}
		data, _, err := l.store.Get(ctx, l.accountKey(h.Account, name))
		if err != nil {
			return nil, nil, nil, err
		}
		if err := m.absorb(name, data); err != nil {
			return nil, nil, nil, err
		}
		chunks = append(chunks, name)
	}
	return m, stored, chunks, nil
}

// Commit stores manifest and summary, and keeps the lease or gives it back. Until it has succeeded
// nothing of it counts; afterwards the journal chunks and objects it replaces are removed.
func (a *Holder) Commit(ctx context.Context, s Summary, release bool) error {
	shards, err := a.encode()
	if err != nil {
		return err
	}
	h := a.head
	h.Manifest, h.Absorbed, h.Summary = nil, a.chunks, s
	a.seq++
	g, gctx := errgroup.WithContext(ctx)
	for i, data := range shards {
		name := fmt.Sprintf("manifest/%012d-%s-%04d-%03d.jsonl.gz", h.Lease.Fence, h.Lease.Nonce, a.seq, i)
		h.Manifest = append(h.Manifest, name)
		g.Go(func() error {
			_, err := a.ledger.store.Put(gctx, a.ledger.accountKey(h.Account, name), data, Condition{})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("store manifest of account %s: %w", h.Account, err)
	}
	if release {
		h.Lease.Nonce = ""
	}
	version, err := a.ledger.writeHead(ctx, &h, a.version)
	if err != nil {
		return a.lost(err)
	}
	stale := slices.DeleteFunc(a.stored, func(n string) bool { return slices.Contains(h.Manifest, n) })
	a.head, a.version, a.Summary = h, version, s
	a.stored, a.chunks = slices.Clone(h.Manifest), nil
	return a.discard(ctx, stale)
}

// discard removes objects that no head names any more. What is left is removed by the next commit.
func (a *Holder) discard(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	keys := make([]string, len(names))
	for i, n := range names {
		keys[i] = a.ledger.accountKey(a.head.Account, n)
	}
	if err := a.ledger.store.Delete(ctx, keys...); err != nil {
		a.stored = append(a.stored, names...)
		return fmt.Errorf("remove what the manifest of account %s replaced: %w", a.head.Account, err)
	}
	return nil
}

// Release gives the lease back and changes nothing else.
func (a *Holder) Release(ctx context.Context) error {
	h := a.head
	h.Lease.Nonce = ""
	version, err := a.ledger.writeHead(ctx, &h, a.version)
	if err != nil {
		return a.lost(err)
	}
	a.head, a.version = h, version
	return nil
}

func (a *Holder) lost(err error) error {
	if errors.Is(err, ErrConflict) {
		return fmt.Errorf("commit account %s: the lease was lost: %w", a.head.Account, err)
	}
	return fmt.Errorf("commit account %s: %w", a.head.Account, err)
}

// State is what a head says of its account.
type State struct {
	Account string
	Lease   Lease
	Summary Summary
	Loose   bool // there are journal chunks that no manifest has absorbed
}

// Live says that some invocation may write the account at time t.
func (s State) Live(t time.Time) bool { return s.Lease.Nonce != "" && t.Before(s.Lease.Until) }

// States reads the heads of all accounts there ever were, sorted by account.
func (l *Ledger) States(ctx context.Context) ([]State, error) {
	keys, err := l.store.List(ctx, l.accountsPrefix())
	if err != nil {
		return nil, err
	}
	var accounts []string
	journal := map[string][]string{}
	for _, k := range keys {
		account, name, _ := strings.Cut(strings.TrimPrefix(k, l.accountsPrefix()), "/")
		switch {
		case name == "head.json":
			accounts = append(accounts, account)
		case path.Dir(name) == "journal":
			journal[account] = append(journal[account], name)
		}
	}
	states := make([]State, len(accounts))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(64)
	for i, account := range accounts {
		g.Go(func() error {
			h, _, err := l.readHead(ctx, account)
			states[i] = State{Account: account, Lease: h.Lease, Summary: h.Summary}
			for _, name := range journal[account] {
				states[i].Loose = states[i].Loose || !slices.Contains(h.Absorbed, name)
			}
			return err
		})
	}
	return states, g.Wait()
}

// Document is v as the ledger stores documents for people: indented JSON.
func Document(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}
