package run

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// carryOut decides, unless an earlier invocation has, and does what was decided.
func (s *sweep) carryOut(ctx context.Context) (Progress, error) {
	if err := s.decide(ctx); err != nil || s.work.Options.DryRun {
		return Progress{}, err
	}
	stages := s.stages(s.work.ranks(s.Deletes))
	for ; s.progress.Stage < len(stages); s.progress.Stage++ {
		wait, err := s.carryOutStage(ctx, stages[s.progress.Stage])
		if err != nil {
			return Progress{}, err
		}
		select {
		case <-s.act.stop:
			return Progress{More: true, WaitUntil: wait}, s.pause(ctx, wait)
		default:
			s.progress.Done = nil
		}
	}
	if !s.idle() {
		var err error
		if s.states, err = s.work.ledger.States(ctx); err != nil { // the report tells what is left
			return Progress{}, err
		}
	}
	return Progress{}, nil
}

// idle says that there is nothing to do.
func (d *decisions) idle() bool { return len(d.Marks)+len(d.Drops)+len(d.Holds)+len(d.Deletes) == 0 }

// decide gathers and stores what is to be done. Where there is nothing to do there is nothing to store:
// gathered again it would be nothing again, since nobody syncs meanwhile.
func (s *sweep) decide(ctx context.Context) (err error) {
	if s.known {
		return nil
	}
	d, err := s.work.gather(ctx, s.states, s.engine.SecondProof)
	if err == nil && !d.idle() {
		err = s.work.ledger.WriteOnce(ctx, s.work.Run, decisionsName, &d)
	}
	s.decisions = d
	return err
}

// stepsAtOnce is how many accounts are swept at the same time.
const stepsAtOnce = 16

// carryOutStage does the steps of a stage that are not done yet, until the act is to stop: because its
// time is over, or because somebody is busy, until when it then says.
func (s *sweep) carryOutStage(ctx context.Context, steps []step) (wait time.Time, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(stepsAtOnce)
	done := slices.Clone(s.progress.Done)
	for _, one := range steps {
		if slices.Contains(done, one.account) {
			continue
		}
		g.Go(func() error {
			select {
			case <-s.act.stop:
				return nil
			default:
			}
			out, ended, err := s.do(ctx, one)
			var portBusy *port.BusyError
			var accountBusy *ledger.BusyError
			s.mu.Lock()
			defer s.mu.Unlock()
			s.progress.Outcome.add(out)
			if ended {
				s.progress.Done = append(s.progress.Done, one.account)
			}
			switch {
			case errors.As(err, &portBusy):
				wait = later(wait, portBusy.Until)
			case errors.As(err, &accountBusy):
				wait = later(wait, accountBusy.Until)
			case err != nil:
				return err
			default:
				return nil
			}
			s.act.halt()
			return nil
		})
	}
	err = g.Wait()
	return wait, err
}

// pause stores how far the decisions are carried out, for the next invocation.
func (s *sweep) pause(ctx context.Context, wait time.Time) error {
	s.progress.Format = ledger.Format
	s.progress.PortCalls += int(s.toPort.Load())
	err := s.work.ledger.WriteDocument(ctx, s.work.Run, progressName, s.progress)
	return errors.Join(err, s.yield(ctx, wait))
}
