package run_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// A deployment in the middle of a run may change what is stored: what the old version planned, the new one
// does not carry out, at whichever act it meets it.
func TestARunDoesNotContinueAcrossFormats(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Remove(prod, "s3", ireland, "bare-11")
		before := s.catalog()
		r := s.request(ledger.Options{})
		d, err := s.engine().Discover(s.Context(), r)
		s.must(err)
		for key, data := range s.state("") {
			if strings.HasSuffix(key, r.Run+"/plan.json") {
				data = strings.Replace(data, fmt.Sprintf(`"format":%d`, ledger.Format), `"format":1`, 1)
				_, err := s.store.Put(s.Context(), key, []byte(data), ledger.Condition{})
				s.must(err)
			}
		}
		e := s.engine() // of the new version
		s.named(second(e.Discover(s.Context(), r)), "RunSuperseded")
		s.named(second(e.Sync(s.Context(), run.SyncRequest{Run: r.Run, Account: d.Accounts[0]})), "RunSuperseded")
		s.named(second(e.Sweep(s.Context(), r.Run)), "RunSuperseded")
		rep, err := e.Close(s.Context(), run.CloseRequest{Run: r.Run, Status: "failed", Why: "a deployment", Alone: true})
		if err != nil || rep == nil {
			t.Errorf("it is not closed: %v", err)
		}
		s.equal(before)
		s.run()
		s.converged()
	})
}
