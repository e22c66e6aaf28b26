package run_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// machine is a state machine whose executions do nothing of themselves.
type machine struct {
	mu         sync.Mutex
	executions map[string]run.ExecutionStatus // by ARN
	starts     int
	blind      int // so often Status sees nothing of an execution that is there
	refuse     error
}

func (m *machine) ARN(name string) string { return "execution:" + name }

func (m *machine) Status(_ context.Context, arn string) (run.ExecutionStatus, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if status, ok := m.executions[arn]; ok {
		if m.blind--; m.blind < 0 {
			return status, nil
		}
	}
	return run.Absent, nil
}

func (m *machine) Start(_ context.Context, arn string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.starts++
	if _, there := m.executions[arn]; !there && m.refuse == nil {
		m.executions[arn] = run.Running
	}
	return m.refuse
}

func (m *machine) end(arn string) { m.executions[arn] = run.Ended }

var ten = time.Date(2026, 11, 24, 22, 0, 0, 0, time.FixedZone("", 3600))

const tickAtTen = "20261124T210000Z" // in UTC

// tick delivers a tick of the schedule, to a process of its own.
func (s *scene) tick(m *machine, at time.Time) (run.Ticked, error) {
	ctx, cancel := context.WithTimeout(s.Context(), 15*time.Minute)
	defer cancel()
	e := s.engine()
	e.Executions = m
	return e.Tick(ctx, at)
}

// carryOut does what the execution of a tick's run does.
func (s *scene) carryOut(m *machine, name string) *report.Report {
	s.Helper()
	e := s.engine()
	e.Executions = m
	d, err := e.Discover(s.Context(), run.DiscoverRequest{Run: name, Execution: m.ARN(name), Until: time.Now().Add(time.Minute)})
	s.must(err)
	r, _ := s.finish(d, time.Minute, nil)
	m.end(m.ARN(name))
	return r
}

func (s *scene) ledger() *ledger.Ledger {
	return ledger.New(s.store, porttest.OrgID, "aws-v3", integration, time.Now)
}

func (s *scene) lock() ledger.Lock {
	s.Helper()
	lock, err := s.ledger().ReadLock(s.Context())
	s.must(err)
	return lock
}

func withMachine(t *testing.T, act func(*scene, *machine)) {
	play(t, func(s *scene) { act(s, &machine{executions: map[string]run.ExecutionStatus{}}) })
}

func TestATickDeliveredTwiceIsOneRun(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		first, err := s.tick(m, ten)
		if s.must(err); first.Run != tickAtTen || first.Skipped != "" {
			t.Fatalf("%+v", first)
		}
		for range 2 {
			again, err := s.tick(m, ten)
			if s.must(err); again.Run != tickAtTen || again.Skipped == "" {
				t.Errorf("the repetition: %+v", again)
			}
			if m.starts != 1 {
				t.Errorf("%d starts", m.starts)
			}
			if m.executions[m.ARN(tickAtTen)] == run.Running {
				r := s.carryOut(m, tickAtTen)
				if r.Trigger != "schedule" || r.Run != tickAtTen {
					t.Errorf("%s of %s", r.Run, r.Trigger)
				}
			}
		}
		s.converged()
	})
}

func TestATickThatDiedAnywhereIsTakenUpByItsRepetition(t *testing.T) {
	for dieAt := 1; dieAt < 4; dieAt++ { // accounts, plan, lock
		t.Run(fmt.Sprint("at write ", dieAt), func(t *testing.T) {
			withMachine(t, func(s *scene, m *machine) {
				p := &process{scene: s, dieAt: dieAt, after: true, began: time.Now()}
				ctx, end := context.WithCancel(s.Context())
				defer end()
				p.end = end
				e := s.engine()
				e.Executions, e.Store = m, mortalStore{s.store, p}
				if _, err := e.Tick(ctx, ten); err == nil {
					t.Fatal("it did not die")
				}
				again, err := s.tick(m, ten)
				if s.must(err); m.starts != 1 {
					t.Errorf("after death at write %d: %+v, %d starts", dieAt, again, m.starts)
				}
				s.carryOut(m, tickAtTen)
				s.converged()
			})
		})
	}
}

func TestAnOrganizationThatTakesLongerThanAnInvocationIsListedByTheNext(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		s.world.PageSize = 1
		s.world.Fault(rule{Operation: "organizations:ListAccounts", Hook: func() { time.Sleep(432 * time.Second) }})
		_, err := s.tick(m, ten)
		if s.named(err, "DiscoverUnfinished"); m.starts > 0 {
			t.Error("it has been started")
		}
		again, err := s.tick(m, ten)
		if s.must(err); again.Skipped != "" || m.starts != 1 {
			t.Errorf("%+v, %d starts", again, m.starts)
		}
		s.carryOut(m, tickAtTen)
		s.converged()
	})
}

func TestATickIsSkippedWhileAnotherRunHoldsTheLock(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		_, err := s.tick(m, ten)
		s.must(err)
		time.Sleep(6 * time.Hour)
		next, err := s.tick(m, ten.Add(6*time.Hour))
		if s.must(err); !strings.Contains(next.Skipped, tickAtTen) || m.starts != 1 {
			t.Errorf("%+v, %d starts", next, m.starts)
		}
		// By hand it is an error, so that nobody believes that it runs.
		e := s.engine()
		e.Executions = m
		_, err = e.Discover(s.Context(), run.DiscoverRequest{Run: "by-hand", Execution: "execution:by-hand", Trigger: "manual"})
		s.named(err, "RunBusy")
		s.carryOut(m, tickAtTen)
		third, err := s.tick(m, ten.Add(12*time.Hour))
		if s.must(err); third.Skipped != "" {
			t.Errorf("the lock is free: %+v", third)
		}
	})
}

func TestALockWhoseExecutionNeverAppearedIsResolvedByStartingIt(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		m.refuse = errors.New("Step Functions does not answer")
		if _, err := s.tick(m, ten); !errors.Is(err, m.refuse) {
			t.Fatalf("got %v", err)
		}
		m.refuse = nil
		if _, err := s.tick(m, ten.Add(time.Minute)); err != nil || m.starts != 1 {
			t.Errorf("the first delivery may still be at work: %v, %d starts", err, m.starts)
		}
		time.Sleep(time.Hour)
		late, err := s.tick(m, ten.Add(time.Hour))
		if s.must(err); late.Skipped == "" || m.executions[m.ARN(tickAtTen)] != run.Running {
			t.Errorf("%+v, executions %v", late, slices.Collect(maps.Keys(m.executions)))
		}
		s.carryOut(m, tickAtTen)
		s.converged()
	})
}

func TestARunThatHasJustBegunIsNotReplacedBecauseItIsNotSeenYet(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		_, err := s.tick(m, ten)
		s.must(err)
		time.Sleep(time.Hour)
		m.blind = 2 // Step Functions answers from an older state
		late, err := s.tick(m, ten.Add(time.Hour))
		if s.must(err); late.Skipped == "" {
			t.Error("the lock was taken from a run that is at work")
		}
	})
}

func TestARunWhoseExecutionHasEndedIsReplaced(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		first, err := s.tick(m, ten)
		s.must(err)
		m.end(m.ARN(first.Run)) // and nobody closed it
		time.Sleep(time.Hour)
		next, err := s.tick(m, ten.Add(time.Hour))
		if s.must(err); next.Skipped != "" {
			t.Fatalf("%+v", next)
		}
		s.carryOut(m, next.Run)
		s.converged()
		_, err = s.engine().Sync(s.Context(), run.SyncRequest{Run: first.Run, Account: s.member(prod)})
		s.named(err, "RunSuperseded")
	})
}

func TestClosingARunDeletesNothingAndFreesTheLock(t *testing.T) {
	for name, sweeping := range map[string]bool{"while it syncs": false, "while it sweeps": true} {
		t.Run(name, func(t *testing.T) {
			withMachine(t, func(s *scene, m *machine) {
				s.run()
				s.world.Remove(prod, "sns", ireland, "alerts-11")
				s.world.Put(prod, "sns", ireland, "fresh")
				_, err := s.tick(m, ten)
				s.must(err)
				_, err = s.sync(tickAtTen, prod, time.Minute)
				s.must(err)
				if sweeping { // a sweep that may still be at work
					_, err := s.ledger().Change(s.Context(), tickAtTen, s.lock(), func(l *ledger.Lock) error {
						l.Phase, l.Holder, l.Until = ledger.Sweeping, "somebody", time.Now().Add(5*time.Minute)
						return nil
					})
					s.must(err)
				}
				m.end(m.ARN(tickAtTen))
				e := s.engine()
				why := run.CloseRequest{Run: tickAtTen, Status: "aborted", Why: "its execution ABORTED"}
				r, err := e.Close(s.Context(), why)
				s.must(err)
				if r.Verdict != report.Failed || r.Error != why.Why || r.Blueprints["topic"].Created != 1 || len(r.Deleted) > 0 {
					t.Errorf("the report: %+v", r)
				}
				if len(s.port.Entities("topic")) != 5 { // four, the one that went, and the new one
					t.Errorf("%d topics", len(s.port.Entities("topic")))
				}
				if again, err := s.engine().Close(s.Context(), why); again != nil || err != nil {
					t.Errorf("a repetition closes it again: %v, %v", again, err)
				}
				if held := s.lock().Phase != ledger.Released; held != sweeping {
					t.Errorf("the lock is held: %v, and somebody may be sweeping: %v", held, sweeping)
				}
				time.Sleep(10 * time.Minute)
				next, err := s.tick(m, ten.Add(time.Hour))
				if s.must(err); next.Skipped != "" {
					t.Fatalf("%+v", next)
				}
				s.carryOut(m, next.Run)
				s.converged()
			})
		})
	}
}

func TestClosingARunThatNeverBeganDoesNothing(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		_, err := s.tick(m, ten)
		s.must(err)
		r, err := s.engine().Close(s.Context(), run.CloseRequest{Run: "refused", Status: "failed", Why: "RunBusy"})
		if r != nil || err != nil || s.lock().Run != tickAtTen || s.lock().Phase != ledger.Syncing {
			t.Errorf("got %v, %v; the lock is %+v", r, err, s.lock())
		}
	})
}
