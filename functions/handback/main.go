// Command handback makes the integration ready for Ocean to go on with.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/port-aws-sync/port-aws-sync/functions"
)

func main() {
	if err := handBack(context.Background(), os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func handBack(ctx context.Context, getenv func(string) string) error {
	e, err := functions.Engine(ctx, func(name string) string {
		if name == "STATE_DIR" && getenv("STATE_BUCKET") == "" {
			return os.TempDir() // it keeps nothing
		}
		return getenv(name)
	}, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	return functions.HandBack(ctx, os.Stdout, e.Port, getenv("APPLY") == "1")
}
