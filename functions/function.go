package functions

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/edge"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// Function is what the three functions of Lambda have in common. Their events are in the folder events.
type Function struct {
	*run.Engine
	Metrics io.Writer // takes lines in CloudWatch's embedded metric format
}

// Serve answers Lambda with a method of the Function that the environment describes. That is made with
// the first event, so that a wrong setting is an error with a name.
func Serve[In, Out any](getenv func(string) string, handle func(Function, context.Context, In) (Out, error)) {
	log := edge.Logger(os.Stdout, getenv)
	var f Function
	edge.Serve(getenv, log, func(ctx context.Context, in In) (out Out, err error) {
		if f.Engine == nil {
			engine, err := Engine(ctx, getenv, log)
			if err != nil {
				return out, err
			}
			f = Function{engine, os.Stdout}
		}
		return handle(f, ctx, in)
	})
}

// nameOf is the name of the execution of an ARN, which is that of its run.
func nameOf(execution string) string { return execution[strings.LastIndex(execution, ":")+1:] }

// Turn tells the state machine whether, and when, to call a function again.
type Turn struct {
	More      bool   `json:"more"`
	WaitUntil string `json:"waitUntil,omitempty"` // RFC 3339; "" = at once
}

// turn says the same as p, in the whole seconds that a Wait state reads.
func turn(p run.Progress) Turn {
	t := Turn{More: p.More}
	if p.More && !p.WaitUntil.IsZero() {
		t.WaitUntil = p.WaitUntil.UTC().Add(time.Second - 1).Truncate(time.Second).Format(time.RFC3339)
	}
	return t
}

// count writes the figures of a run as metrics. They are not worth failing for.
func (f Function) count(ctx context.Context, figures report.Figures) {
	if _, err := fmt.Fprintln(f.Metrics, figures.Metrics(f.Identifier, f.Now())); err != nil {
		f.Log.WarnContext(ctx, "metrics not written", "err", err)
	}
}
