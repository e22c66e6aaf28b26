package lab

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// accept takes on an asynchronous invocation.
func (h *Host) accept(ctx context.Context, name, id string, payload []byte) error {
	if _, err := h.lookup(ctx, name); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.ctx.Err(); err != nil {
		return err
	}
	h.pending++
	h.work.Go(func() {
		h.attempt(name, id, payload)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.pending--
	})
	return nil
}

// attempt carries out an asynchronous invocation: again where the function fails, as often as its
// configuration says, and as long as Lambda itself cannot, as on AWS.
func (h *Host) attempt(name, id string, payload []byte) {
	attempts, age := h.patience(name)
	began, failed := time.Now(), 0
	h.mu.Lock()
	pause := h.pause
	h.mu.Unlock()
	for ; ; pause *= 2 {
		got, err := h.invoke(h.ctx, name, id, payload)
		if err == nil && !got.failed {
			return
		}
		if err == nil {
			failed++
		}
		if failed > attempts || time.Since(began)+pause > age {
			h.journal(name).note("DROPPED RequestId: %s after %d attempts", id, failed)
			return
		}
		select {
		case <-time.After(pause):
		case <-h.ctx.Done():
			return
		}
	}
}

// patience is how often, and for how long, an asynchronous invocation is tried again.
func (h *Host) patience(name string) (attempts int, age time.Duration) {
	config := struct{ MaximumRetryAttempts, MaximumEventAgeInSeconds int }{2, 21600}
	err := h.desk.get(h.ctx, "lambda", "/2019-09-25/functions/"+url.PathEscape(name)+"/event-invoke-config", &config)
	var none *refusal
	if err != nil && !errors.As(err, &none) {
		h.journal(name).note("no configuration of asynchronous invocations: %v", err)
	}
	return config.MaximumRetryAttempts, time.Duration(config.MaximumEventAgeInSeconds) * time.Second
}

// Settle waits until all asynchronous invocations are through, further attempts included.
func (h *Host) Settle(ctx context.Context) error {
	for {
		h.mu.Lock()
		left := h.pending
		h.mu.Unlock()
		if left == 0 {
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%d asynchronous invocations are not through: %w", left, context.Cause(ctx))
		}
	}
}
