package lab

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// grace is how long a process that is asked to end may take before it is killed.
const grace = 2 * time.Second

// run carries out c, which is not started yet, to its end. When ctx ends first, c's process is asked
// to end too, killed if it does not, and the error is ctx's cause. Nothing that the process has
// started itself outlives it, and a Ctrl-C in the terminal reaches none of them: only ctx does.
func run(ctx context.Context, c *exec.Cmd) error {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.WaitDelay = time.Second // what it has left behind may hold its output open
	if err := c.Start(); err != nil {
		return err
	}
	var err error
	ended := make(chan struct{})
	go func() { defer close(ended); err = c.Wait() }()
	group := -c.Process.Pid
	select {
	case <-ended:
	case <-ctx.Done():
		_ = syscall.Kill(group, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(grace):
		}
	}
	_ = syscall.Kill(group, syscall.SIGKILL) // as a rule nobody is left
	<-ended
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// tail keeps the end of what a program writes.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 4 << 10
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-most):]
	return len(p), nil
}

// explain adds what the program said last to why it ended; nil stays nil.
func (t *tail) explain(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case len(t.text) == 0:
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %w\n%s", what, err, t.text)
}
