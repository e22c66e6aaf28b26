package run

import (
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// factFor is how long it is believed that a policy of the organization forbids a service in a region, or that
// the region has no such service.
const factFor = 24 * time.Hour

// learned says that a cell is not worth asking for: AWS has said of late that it is shut, for a reason that
// outlives runs. It would only fill people's CloudTrail with refusals. Its verdict stays and proves nothing. A
// person who starts a run is not put off with what was so before.
func (w *work) learned(c *ledger.Cell) bool {
	if w.Trigger != bySchedule || w.Options.Refresh || c.Region == kind.GlobalRegion {
		return false
	}
	shut := c.Verdict.State == kind.Unsupported || c.Verdict.State == kind.Denied && c.Verdict.Reason == access.SCP
	return shut && !c.Heard.IsZero() && w.Time.Before(c.Heard.Add(factFor))
}
