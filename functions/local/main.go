// Command local carries out one whole run in one process.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/port-aws-sync/port-aws-sync/functions"
	"github.com/port-aws-sync/port-aws-sync/internal/edge"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

func main() {
	edge.SpendMemory(200 << 20)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	rep, err := once(ctx, os.Getenv, log)
	var coded interface{ Code() string }
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "stopped: the next run goes on from here")
	case errors.As(err, &coded):
		fmt.Fprintf(os.Stderr, "%s: %v\n", coded.Code(), err)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
	default:
		fmt.Print(rep.Text())
	}
	if err != nil || rep.Verdict == report.Failed {
		os.Exit(1)
	}
}

func once(ctx context.Context, getenv func(string) string, log *slog.Logger) (*report.Report, error) {
	e, err := functions.Engine(ctx, functions.WithStateDir(getenv), log)
	if err != nil {
		return nil, err
	}
	options, err := functions.Options(getenv, e.Kinds)
	if err != nil {
		return nil, err
	}
	return e.Once(ctx, run.DiscoverRequest{
		Run: "local-" + strings.ReplaceAll(time.Now().UTC().Format("20060102T150405.000Z"), ".", "-"), Trigger: "manual", Options: options,
	})
}
