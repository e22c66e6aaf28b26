package ledger

import "time"

// Shown is what our runs have shown in Port, and what people have asked for there. It is kept with the lock:
// who holds that, writes it.
type Shown struct {
	// Began is when the last run began, as Port shows it: a run that was announced later is not ours.
	Began time.Time `json:"began,omitzero"`
	// Ended is what Port shows as its end; zero where it has not ended, or that could not be shown.
	Ended time.Time `json:"ended,omitzero"`
	// Tick is the last one that began a run.
	Tick time.Time `json:"tick,omitzero"`
	// Answered says that what people asked for up to then, on Port's clock, a run has done.
	Answered time.Time `json:"answered,omitzero"`
	// Own is a request to resync that was raised by a write of ours, and is nobody's.
	Own time.Time `json:"own,omitzero"`
}

// Asks says that something which was asked for in Port at a time is still to be done.
func (s Shown) Asks(at time.Time) bool { return at.After(s.Answered) && !at.Equal(s.Own) }

// begin takes over what the plan of a new run says. A run of part of the estate does not do what people
// ask for in Port, which is all of it.
func (s *Shown) begin(p Plan) {
	s.Began, s.Ended = p.Time, time.Time{}
	if !p.Scheduled.IsZero() {
		s.Tick = p.Scheduled
	}
	if !p.Options.Narrow() && p.Options.Purge == "" && p.Answers.After(s.Answered) {
		s.Answered = p.Answers
	}
}
