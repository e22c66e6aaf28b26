package ledger

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
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

// stem begins the names of what is stored under the lease of a head. An invocation may take an account
// several times, with one nonce but never at the same revision.
func (h *head) stem() string { return fmt.Sprintf("%012d-%012d-", h.Lease.Fence, h.Rev) }

// Holder is an account under lease. It is not safe for concurrent use, but for Journal and Tidy.
type Holder struct {
	*Manifest
	Summary Summary // what the last commit said of the account

	ledger  *Ledger
	head    head
	version string
	chunks  []string // names of the journal chunks that are in Manifest
	stale   []string // names of objects that no head needs any more

	mu  sync.Mutex // of chunks and seq, while several chunks are journaled at once
	seq int
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

// Take takes the lease of an account for the run that holds the lock in a phase, and reads its
// manifest, with every journaled entity in it. *BusyError: another invocation holds the lease.
// *SupersededError: a later run had it, or the lock is no longer the run's. The empty phase is that of
// a dry run, which has no lock.
func (l *Ledger) Take(ctx context.Context, account string, lease Lease, phase Phase) (*Holder, error) {
	for {
		h, version, err := l.readHead(ctx, account)
		if err != nil {
			return nil, err
		}
		switch old := h.Lease; {
		case phase == "":
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
		g, gctx := errgroup.WithContext(ctx)
		// Only now: whoever takes the lock from us waits for the leases that he sees.
		g.Go(func() error { return l.confirm(gctx, lease, phase) })
		g.Go(func() (err error) {
			a.Manifest, a.chunks, a.stale, err = l.contents(gctx, h)
			return err
		})
		if err := g.Wait(); err != nil {
			return nil, errors.Join(err, a.Release(ctx))
		}
		return a, nil
	}
}

// confirm checks that the lease's run holds the lock in a phase.
func (l *Ledger) confirm(ctx context.Context, lease Lease, phase Phase) error {
	if phase == "" {
		return nil
	}
	lock, err := l.ReadLock(ctx)
	if err == nil && (lock.Run != lease.Run || lock.Phase != phase || lock.Fence != lease.Fence) {
		err = &SupersededError{lease.Run, lock.Run}
	}
	return err
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

// contents reads what a head names and what was journaled since. chunks are the names of the journal
// chunks that are in the manifest, stale those of the objects that no head needs any more.
func (l *Ledger) contents(ctx context.Context, h head) (m *Manifest, chunks, stale []string, err error) {
	shards := make([][]byte, len(h.Manifest))
	var keys []string
	g, gctx := errgroup.WithContext(ctx)
	for i, name := range h.Manifest {
		g.Go(func() (err error) {
			shards[i], _, err = l.store.Get(gctx, l.accountKey(h.Account, name))
			return err
		})
	}
	g.Go(func() (err error) {
		keys, err = l.store.List(gctx, l.accountKey(h.Account, ""))
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
	for _, key := range keys {
		name := strings.TrimPrefix(key, l.accountKey(h.Account, ""))
		loose := strings.HasPrefix(name, "journal/") && !slices.Contains(h.Absorbed, name)
		if !loose {
			// A holder who froze before he listed sees what was made under later leases: it is not his
			// to judge. It sorts behind his own objects, as does the head.
			if path.Base(name) < h.stem() && !slices.Contains(h.Manifest, name) {
				stale = append(stale, name)
			}
			continue
		}
		data, _, err := l.store.Get(ctx, key)
		if err != nil {
			return nil, nil, nil, err
		}
		if err := m.absorb(name, data); err != nil {
			return nil, nil, nil, err
		}
		chunks = append(chunks, name)
	}
	return m, chunks, stale, nil
}

// Tidy removes the objects that earlier commits replaced. It may run beside everything but Commit.
func (a *Holder) Tidy(ctx context.Context) error {
	if len(a.stale) == 0 {
		return nil
	}
	keys := make([]string, len(a.stale))
	for i, name := range a.stale {
		keys[i] = a.ledger.accountKey(a.head.Account, name)
	}
	if err := a.ledger.store.Delete(ctx, keys...); err != nil {
		return fmt.Errorf("remove what the manifest of account %s replaced: %w", a.head.Account, err)
	}
	a.stale = nil
	return nil
}

// Commit stores manifest and summary, and gives the lease back. Until it has succeeded nothing of it
// counts. What it replaces stays until somebody tidies up under a later lease.
func (a *Holder) Commit(ctx context.Context, s Summary) error {
	if err := a.expired(); err != nil {
		return err
	}
	shards, err := a.encode(a.ledger.shard)
	if err != nil {
		return err
	}
	h := a.head
	h.Manifest, h.Summary = nil, s
	h.Absorbed = append(slices.DeleteFunc(slices.Clone(h.Absorbed), func(name string) bool {
		return !slices.Contains(a.stale, name) // removed
	}), a.chunks...)
	base := a.newName()
	g, gctx := errgroup.WithContext(ctx)
	for i, data := range shards {
		name := fmt.Sprintf("manifest/%s-%03d.jsonl.gz", base, i)
		h.Manifest = append(h.Manifest, name)
		g.Go(func() error {
			_, err := a.ledger.store.Put(gctx, a.ledger.accountKey(h.Account, name), data, Condition{})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("store manifest of account %s: %w", h.Account, err)
	}
	h.Lease.Nonce = ""
	return a.commit(ctx, h)
}

// newName is the name of a new object: no two are alike, and they sort in the order of their leases.
func (a *Holder) newName() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seq++
	return fmt.Sprintf("%s%s-%04d", a.head.stem(), a.head.Lease.Nonce, a.seq)
}

// expired says that the lease has run out by the clock on the wall, which goes on while a process is
// suspended: contexts do not notice that.
func (a *Holder) expired() error {
	if a.ledger.now().Round(0).Before(a.head.Lease.Until.Round(0)) {
		return nil
	}
	return fmt.Errorf("account %s: the lease ran out at %s", a.head.Account, a.head.Lease.Until.UTC().Format(time.RFC3339))
}

// Release gives the lease back and changes nothing else.
func (a *Holder) Release(ctx context.Context) error {
	h := a.head
	h.Lease.Nonce = ""
	return a.commit(ctx, h)
}

func (a *Holder) commit(ctx context.Context, h head) error {
	version, err := a.ledger.writeHead(ctx, &h, a.version)
	switch {
	case errors.Is(err, ErrConflict):
		return fmt.Errorf("commit account %s: the lease was lost: %w", h.Account, err)
	case err != nil:
		return fmt.Errorf("commit account %s: %w", h.Account, err)
	}
	a.head, a.version, a.Summary = h, version, h.Summary
	return nil
}
