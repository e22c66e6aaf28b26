package kind

// State is the first word of a cell's verdict.
type State string

const (
	Complete    State = "complete"    // listed to the end, every item read and mapped
	Listed      State = "listed"      // listed to the end, but some items unread
	Denied      State = "denied"      // AWS refused the listing
	Throttled   State = "throttled"   // AWS refused for load, beyond our retries
	Unsupported State = "unsupported" // the service or the region is not there for this account
	Failed      State = "failed"      // anything else
	Unread      State = "unread"      // not tried, or not to its end
)

// Ended says that the cell was listed to its end: only then its list proves an absence.
func (s State) Ended() bool { return s == Complete || s == Listed }

// Verdict says how far something was read. Reason and Message are empty for Complete only.
type Verdict struct {
	State   State  `json:"state"`
	Reason  string `json:"reason,omitempty"`  // a code in one word: SCP, PageTokenRepeated, AccessDenied
	Message string `json:"message,omitempty"` // AWS's or Port's own words
}
