package lab

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

var errEnough = errors.New("enough")

// TestNothingOutlivesRun knows that all are gone by their standard output: it ends when the last one
// that holds it does.
func TestNothingOutlivesRun(t *testing.T) {
	for _, c := range []struct {
		name, script string
		cancel       bool // once it has printed
		want         string
	}{
		{"a process that ends by itself", `echo ready; sleep 1000 & exit 3`, false, "exit status 3"},
		{"one that ends when asked", `sleep 1000 & echo ready; wait`, true, "enough"},
		{"one that does not", `trap '' TERM; sleep 1000 & echo ready; while :; do wait; done`, true, "enough"},
		{"one whose children do not", `(trap '' TERM; echo ready; sleep 1000; sleep 1000) & wait`, true, "enough"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, said, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			command := exec.Command("sh", "-c", c.script)
			command.Stdout = said
			ended := make(chan error, 1)
			go func() {
				ended <- run(ctx, command)
				said.Close()
			}()
			if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
				t.Fatal(err)
			}
			if c.cancel {
				cancel(errEnough)
			}
			if err := <-ended; err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if _, err := io.ReadAll(out); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	var last tail
	for range 3000 {
		_, _ = last.Write([]byte("early "))
	}
	_, _ = last.Write([]byte("late"))
	err := last.explain("act", errEnough)
	if !errors.Is(err, errEnough) || !strings.HasPrefix(err.Error(), "act: enough\n") ||
		!strings.HasSuffix(err.Error(), " late") || len(err.Error()) > 5000 {
		t.Errorf("got %v", err)
	}
	if err := last.explain("act", nil); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}
