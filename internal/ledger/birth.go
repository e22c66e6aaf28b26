package ledger

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Own says how sure it is that we made an entity.
type Own uint8

const (
	Unsettled Own = iota // only if Port created it by one of the writes in Sent
	Created              // Port answered that our write created it
	Adopted              // it carried our datasource before our first write; made from From to To
)

// Birth is what is known of how an entity came to be. Times are Port's, in ms.
type Birth struct {
	Own   Own    `json:"o,omitempty"`
	From  int64  `json:"from,omitempty"` // of the journal chunk before the write that created it
	To    int64  `json:"to,omitempty"`   // of that write's answer
	Sent  []Span `json:"sent,omitempty"` // when writes may have taken effect whose outcome nobody read
	Since int64  `json:"own,omitempty"`  // of the run that adopted it
	Met   int64  `json:"met,omitempty"`  // of our first write that found it there, made by we do not know whom
}

// maxSent bounds Sent. Each is a write that failed in a way that nobody knows the outcome of.
const maxSent = 8

// Send notes a write whose outcome is not known yet.
func (b *Birth) Send(s Span) {
	if !slices.Contains(b.Sent, s) {
		b.Sent = append(slices.Clip(b.Sent[max(0, len(b.Sent)-maxSent+1):]), s)
	}
}

// Meet notes that a write of ours has found the entity there, made by we do not know whom. An earlier one
// whose outcome nobody read may have found it, too.
func (b *Birth) Meet(at int64) {
	if b.Own != Unsettled || b.Met != 0 {
		return
	}
	for _, s := range b.Sent {
		at = min(at, s.From)
	}
	b.Met = at
}

// Settle notes that the write of a journal chunk has certainly not created the entity.
func (b *Birth) Settle(chunk int64) {
	b.Sent = slices.DeleteFunc(slices.Clone(b.Sent), func(s Span) bool { return s.From == chunk })
	if len(b.Sent) == 0 {
		b.Sent = nil
	}
}

// Join adds what another claim of the same entity knows. Of two that know a creation the later counts: the
// entity was deleted in between, which a claim that could not be looked at meanwhile has not heard of. Of two that
// have adopted the same one, who did so first could tell best whose it was, and who created it better still.
func (b *Birth) Join(o Birth) {
	if o.Own == Adopted && b.Own == Adopted && o.To == b.To {
		b.Since = min(b.Since, o.Since)
	}
	if o.Own != Unsettled && (b.Own == Unsettled || o.adoptedBy(*b) || o.To > b.To && !b.adoptedBy(o)) {
		b.Own, b.From, b.To, b.Since = o.Own, o.From, o.To, o.Since
	}
	if b.Met == 0 || o.Met != 0 && o.Met < b.Met {
		b.Met = o.Met
	}
	for _, s := range o.Sent {
		b.Send(s)
	}
}

// adoptedBy says that another claim has adopted the very entity that this one created.
func (b Birth) adoptedBy(o Birth) bool {
	slack := ClockSlack.Milliseconds()
	return b.Own == Created && o.Own == Adopted && o.From >= b.From-slack && o.From <= b.To+slack
}

// ClockSlack is how far Port's clock may be from what we take it to be: its Date has whole seconds.
const ClockSlack = 2 * time.Second

// Span is the time, Port's, in which a write may have taken effect: from its journal chunk until whoever
// sent it had to be done.
type Span struct{ From, Until int64 }

// longestInvocation is how long a write of format 1, which did not say, may have taken.
const longestInvocation = 20 * time.Minute

// MarshalJSON keeps a span short: there is one in many an entry.
func (s Span) MarshalJSON() ([]byte, error) { return json.Marshal([2]int64{s.From, s.Until}) }

// UnmarshalJSON also reads what format 1 wrote: only when the span began.
func (s *Span) UnmarshalJSON(data []byte) error {
	var both [2]int64
	if json.Unmarshal(data, &s.From) == nil {
		s.Until = s.From + longestInvocation.Milliseconds()
		return nil
	}
	if err := json.Unmarshal(data, &both); err != nil {
		return fmt.Errorf("%s is no span: %w", data, err)
	}
	s.From, s.Until = both[0], both[1]
	return nil
}
