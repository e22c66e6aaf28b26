// Command demo shows the system at work on this machine: it needs Go and Python, no AWS account and
// no Port.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() { os.Exit(demo()) }

func demo() int {
	ctx, stop := signal.NotifyContext(context.Background(),
		os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE) // SIGPIPE: whoever reads us has left
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go watchParent(ctx, cancel)
	root, err := checkout(ctx)
	if err == nil {
		err = tell(ctx, os.Stdout, root)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		return 1
	}
	return 0
}

var errAlone = errors.New("the process that started the demo has ended")

// watchParent ends the demo with its parent: go run, when it is terminated, does not say so.
func watchParent(ctx context.Context, cancel context.CancelCauseFunc) {
	for parent := os.Getppid(); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(200 * time.Millisecond):
		}
		if os.Getppid() != parent {
			cancel(errAlone)
			return
		}
	}
}

// checkout is the folder of the module that we stand in.
func checkout(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the checkout: go env GOMOD: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if mod == "" || mod == os.DevNull {
		return "", errors.New("find the checkout: this folder is not in one")
	}
	return filepath.Dir(mod), nil
}
