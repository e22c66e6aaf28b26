package functions

import (
	"context"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/edge"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// SweepEvent asks for a run to be swept or, where Status is not empty, to be closed because its execution
// has come to a bad end or is about to.
type SweepEvent struct {
	Run       string `json:"run"`
	Execution string `json:"execution"`
	Status    string `json:"status"` // FAILED, TIMED_OUT or ABORTED
	Error     string `json:"error"`
	Cause     string `json:"cause"`
}

// SweepAnswer says how far a run is swept, and once it is, with what verdict.
type SweepAnswer struct {
	Turn
	Verdict report.Verdict `json:"verdict,omitempty"`
}

// Sweep ends a run.
func (f Function) Sweep(ctx context.Context, event SweepEvent) (SweepAnswer, error) {
	if event.Run == "" {
		return SweepAnswer{}, edge.Invalid("run is missing")
	}
	if event.Status != "" {
		return SweepAnswer{Verdict: report.Failed}, f.close(ctx, event)
	}
	swept, err := f.Engine.Sweep(ctx, event.Run)
	if err != nil || swept.More {
		return SweepAnswer{Turn: turn(swept.Progress)}, err
	}
	r := swept.Report
	f.Log.InfoContext(ctx, "run ended", "run", r.Run, "verdict", r.Verdict, "deleted", len(r.Deleted), "held", len(r.Held))
	if !r.DryRun {
		f.count(ctx, r.Figures())
	}
	return SweepAnswer{Verdict: r.Verdict}, nil
}

func (f Function) close(ctx context.Context, event SweepEvent) error {
	r := run.CloseRequest{Run: event.Run, Status: "failed", Why: "its execution " + event.Status}
	if event.Status == "ABORTED" {
		r.Status = "aborted"
	}
	if event.Error != "" {
		r.Why = event.Error + ": " + access.Cause(event.Cause)
	}
	f.Log.WarnContext(ctx, "closing the run", "run", r.Run, "why", r.Why)
	rep, err := f.Close(ctx, r)
	if err == nil && rep != nil && !rep.DryRun {
		f.count(ctx, rep.Figures())
	}
	return err
}
