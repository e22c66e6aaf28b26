package lab

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The stack that most tests of the lab look at.
const (
	tiny   = "tiny"
	faulty = tiny + "-fault"
	single = tiny + "-single"
	broken = tiny + "-broken"
)

// shared is a lab with that stack, for the tests that need one. It is opened once, since that takes long.
var shared struct {
	once sync.Once
	ctx  context.Context
	lab  *Lab
	err  error
}

func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	shared.ctx = ctx
	go func() {
		<-ctx.Done()
		os.Exit(finish(1))
	}()
	code := finish(m.Run())
	_ = stop // ends the process elsewhere
	os.Exit(code)
}

func finish(code int) int {
	shared.once.Do(func() {}) // nobody opens it now
	if shared.lab == nil {
		return code
	}
	err := shared.lab.Close()
	if _, left := os.Stat(shared.lab.folder); err == nil && !os.IsNotExist(left) {
		err = fmt.Errorf("%s is left", shared.lab.folder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "close the lab:", err)
		return 1
	}
	return code
}

func open(t *testing.T) *Lab {
	t.Helper()
	shared.once.Do(func() {
		shared.lab, shared.err = Open(shared.ctx, filepath.Join("..", ".."), func(string) {})
		if shared.err == nil {
			shared.err = deployTiny(shared.lab, nil)
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	l := shared.lab
	before := map[string]int{}
	for _, f := range []string{faulty, single, broken} {
		before[f] = len(l.Lambda.Logs(f))
	}
	t.Cleanup(func() {
		for f, n := range before {
			if t.Failed() {
				t.Logf("%s\n%s", f, l.Lambda.Logs(f)[n:])
			}
		}
	})
	return l
}

func deployTiny(l *Lab, parameters map[string]string) error {
	all := map[string]string{"Root": l.World.Root}
	for k, v := range parameters {
		all[k] = v
	}
	return l.deploy(shared.ctx, filepath.Join("testdata", "tiny"), tiny, all)
}

// soon waits until something is so.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}
