package run_test

import (
	"context"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// poll asks Port whether somebody wants a resync, in a process of its own.
func (s *scene) poll(m *machine) (run.Ticked, error) {
	ctx, cancel := context.WithTimeout(s.Context(), 15*time.Minute)
	defer cancel()
	e := s.engine()
	e.Executions = m
	time.Sleep(time.Minute)
	s.port.ResetStats()
	return e.Poll(ctx)
}

// mistake is an edit in Port that a resync is to repair.
func (s *scene) mistake() {
	s.must(s.port.Edit("bucket", "logs-11", func(e *porttest.Entity) { e.Properties["tagged"] = false }))
}

// polls polls, and says which run was begun.
func (s *scene) polls(m *machine) string {
	s.Helper()
	t, err := s.poll(m)
	s.must(err)
	if t.Skipped != "" {
		return ""
	}
	return t.Run
}

func TestTheButtonBeginsOneRunThatRepairs(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		s.must(s.port.RequestResync(integration))
		if got := s.polls(m); got != "" {
			t.Errorf("%s is the first run of all", got)
		}
		s.run()
		if got := s.polls(m); got != "" {
			t.Errorf("%s, and the run has read what there was", got)
		}
		s.mistake()
		time.Sleep(time.Hour)
		s.must(s.port.RequestResync(integration))
		begun := s.polls(m)
		if begun == "" {
			t.Fatal("no run begins")
		}
		for range 2 {
			if got := s.polls(m); got != "" {
				t.Errorf("%s beside it", got)
			}
		}
		r := s.carryOut(m, begun)
		s.converged()
		if r.Trigger != "resync" || m.starts != 1 {
			t.Errorf("by %s, %d starts", r.Trigger, m.starts)
		}
		if got := s.polls(m); got != "" {
			t.Errorf("%s again", got)
		}
	})
}

func TestAnEditOfTheMappingBeginsARunWithIt(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		s.run()
		time.Sleep(time.Hour)
		s.remap(config(accounts(), topics()))
		begun := s.polls(m)
		r := s.carryOut(m, begun)
		if begun == "" || len(r.Held)+len(r.Deleted) == 0 {
			t.Errorf("%q deleted %v, held %v", begun, r.Deleted, r.Held)
		}
	})
}

// TestWhatIsAskedWhileARunIsAtWorkIsDoneAfterIt: that run may have read the mapping before.
func TestWhatIsAskedWhileARunIsAtWorkIsDoneAfterIt(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		s.run()
		ticked, err := s.tick(m, ten)
		s.must(err)
		s.must(s.port.RequestResync(integration))
		if got := s.polls(m); got != "" {
			t.Errorf("%s beside %s", got, ticked.Run)
		}
		s.carryOut(m, ticked.Run)
		begun := s.polls(m)
		if begun == "" {
			t.Fatal("the request is forgotten")
		}
		s.carryOut(m, begun)
		if got := s.polls(m); got != "" {
			t.Errorf("%s again", got)
		}
	})
}

func TestARunOfPartOfTheEstateDoesNotAnswerForAll(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		s.run()
		time.Sleep(time.Hour)
		s.must(s.port.RequestResync(integration))
		s.runWith(ledger.Options{Accounts: []string{dev}})
		s.runWith(ledger.Options{DryRun: true})
		if got := s.polls(m); got == "" {
			t.Error("the request is forgotten")
		}
	})
}

func TestATickThatComesFirstRepairsAsTheButtonAsks(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		s.run()
		s.mistake()
		time.Sleep(time.Hour)
		s.must(s.port.RequestResync(integration))
		ticked, err := s.tick(m, ten)
		s.must(err)
		s.carryOut(m, ticked.Run)
		s.converged()
		if got := s.polls(m); got != "" {
			t.Errorf("%s again", got)
		}
	})
}

func TestAPollIsOneRequestWhereNothingHasHappened(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		s.run()
		e := s.engine()
		e.Executions = m
		for range 3 {
			time.Sleep(time.Minute)
			s.port.ResetStats()
			if _, err := e.Poll(s.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.port.Stats().Requests; len(got) != 1 || got["GET /v1/integration/{id}/resync-request"][200] != 1 {
			t.Errorf("requests %v", got)
		}
	})
}

func TestOurOwnWritesAreNoRequests(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		s.run()
		time.Sleep(time.Hour)
		e := s.engine()
		e.Version = "2.0.0"
		e.Port = s.portClientAs("2.0.0", direct{s.port})
		// Port does not say which changes of an integration ask for a resync: as if this one did.
		s.before("PATCH /v1/integration/{id}", func() { s.must(s.port.RequestResync(integration)) })
		_, err := e.Once(s.Context(), s.request(ledger.Options{}))
		s.must(err)
		in, err := s.portClient(direct{s.port}).Integration(s.Context())
		s.must(err)
		if asked, err := s.portClient(direct{s.port}).ResyncRequest(s.Context()); err != nil || asked.IsZero() || in.Version != "2.0.0" {
			t.Fatalf("version %s, asked %v, %v", in.Version, asked, err)
		}
		if got := s.polls(m); got != "" {
			t.Errorf("%s begins of our own write", got)
		}
		s.must(s.port.RequestResync(integration))
		if got := s.polls(m); got == "" {
			t.Error("the button does nothing any more")
		}
	})
}

func TestAMappingThatIsWrongIsToldOnce(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		s.run()
		time.Sleep(time.Hour)
		s.remap(config(change(topics(), "identifier", ".Properties |")))
		_, err := s.poll(m)
		s.named(err, "MappingInvalid")
		for range 2 {
			if got := s.polls(m); got != "" {
				t.Errorf("%s", got)
			}
		}
		s.remap(mapping())
		if got := s.polls(m); got == "" {
			t.Error("mended, and no run begins")
		}
	})
}
