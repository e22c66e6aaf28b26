package run

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// breath is how long a service is left alone before it is asked once more, slowly.
const breath = 5 * time.Second

// slowly lists the cells that were throttled or failed once more, one after the other, before the
// account has its verdict: by then the rest of it is read, and nothing else asks. Where there is no time
// left the next invocation does it.
func (s *accountSync) slowly(ctx context.Context, cfg aws.Config, cells []cell) error {
	var again []cell
	s.writer.mu.Lock()
	for _, c := range cells {
		if m := &s.holder.Cells[c.index]; c.frozen == nil && passing(m.Verdict) && m.Restarts == 0 {
			again = append(again, c)
		}
	}
	s.writer.mu.Unlock()
	if len(again) == 0 {
		return nil
	}
	select {
	case <-time.After(breath):
	case <-s.act.stop:
	}
	for _, c := range again {
		s.writer.mu.Lock()
		m := &s.holder.Cells[c.index]
		m.Cursor, m.Unread = "", kind.Verdict{}
		m.Restarts++ // what it met the first time has not come twice
		s.writer.mu.Unlock()
		select {
		case <-s.act.stop:
			s.postpone(c.index, m.Verdict)
			continue
		default:
		}
		if err := s.list(ctx, cfg, []cell{c}); err != nil {
			return err
		}
	}
	return nil
}

// postpone leaves a cell to the next invocation, which is not to come at once.
func (s *accountSync) postpone(cell int, v kind.Verdict) {
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	now := s.engine.Now()
	v.State = kind.Unread
	s.holder.Judge(cell, s.work.Run, v, now)
	s.wait = later(s.wait, now.Add(breath))
}

// passing says that what a verdict tells of may have passed by now.
func passing(v kind.Verdict) bool {
	lasting := []string{"CellTooLarge", "PageTokenRepeated"}
	return v.State == kind.Throttled || v.State == kind.Failed && !slices.Contains(lasting, v.Reason)
}
