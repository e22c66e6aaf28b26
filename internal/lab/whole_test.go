package lab

import (
	"context"
	"testing"
	"time"
)

func TestWhole(t *testing.T) {
	began := time.Now()
	tell := func(s string) { t.Logf("%5.1f %s", time.Since(began).Seconds(), s) }
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	l, err := Open(ctx, "../..", tell)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			for _, f := range []string{Discover, Sync, Sweep} {
				t.Log(f, l.Lambda.Logs(f))
			}
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		tell("closed")
	}()
	tell("open")
	if err := l.Deploy(ctx, map[string]string{"FunctionTimeout": "60"}); err != nil {
		t.Fatal(err)
	}
	tell("deployed")
	arn, err := l.Execute(ctx, "{}")
	if err != nil {
		t.Fatal(err)
	}
	x, err := l.Wait(ctx, arn)
	tell(x.Status + x.Error + x.Cause + x.Output)
	if err != nil || x.Status != "SUCCEEDED" {
		t.Fatal(x, err)
	}
	at := time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)
	if err := l.Tick(ctx, at); err != nil {
		t.Fatal(err)
	}
	if err := l.Lambda.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	x, err = l.Wait(ctx, l.ExecutionOf("20261125T040000Z"))
	tell(x.Status + x.Error + x.Cause + x.Output)
	if err != nil || x.Status != "SUCCEEDED" {
		t.Fatal(x, err)
	}
	r, err := l.ReadReport(ctx, "20261125T040000Z")
	if err != nil {
		t.Fatal(err)
	}
	tell(r.Text())
}
