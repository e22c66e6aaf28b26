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

// process is a started program, with all that it has started itself. A Ctrl-C in the terminal reaches none
// of them.
type process struct {
	group int
	ended chan struct{}
	err   error // why, once it has
}

func start(c *exec.Cmd) (*process, error) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.WaitDelay = time.Second // what it has left behind may hold its output open
	if err := c.Start(); err != nil {
		return nil, err
	}
	p := &process{group: c.Process.Pid, ended: make(chan struct{})}
	go func() {
		p.err = c.Wait()
		p.signal(syscall.SIGKILL) // as a rule nobody is left
		close(p.ended)
	}()
	return p, nil
}

func (p *process) signal(s syscall.Signal) {
	select {
	case <-p.ended: // others may have its number by now
	default:
		_ = syscall.Kill(-p.group, s)
	}
}

// stop asks the process to end and kills it if it does not.
func (p *process) stop() {
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(grace):
		p.kill()
	}
}

// kill ends the process at once.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// run carries out c, which is not started yet, to its end. When ctx ends first, so does c's process, and
// the error is ctx's cause. Nothing that the process has started itself outlives it.
func run(ctx context.Context, c *exec.Cmd) error {
	p, err := start(c)
	if err != nil {
		return err
	}
	select {
	case <-p.ended:
	case <-ctx.Done():
		p.stop()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return p.err
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
