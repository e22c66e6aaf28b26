package functions

import (
	"context"
	"fmt"
	"io"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// HandBack gives the integration a mapping that Ocean takes, if apply says so, and writes what that changes.
// The entities need nothing: they carry Ocean's own mark.
func HandBack(ctx context.Context, out io.Writer, p *port.Client, apply bool) error {
	in, err := p.Integration(ctx)
	if err != nil {
		return fmt.Errorf("read the integration: %w", err)
	}
	config, changes, err := mapping.ForOcean(in.Config, kind.Names(kinds.All))
	if err != nil {
		return err
	}
	text := fmt.Sprintf("integration %s of type %s\n", in.Identifier, in.Type)
	for _, c := range changes {
		text += "  " + c + "\n"
	}
	switch {
	case len(changes) == 0:
		text += "Ocean takes its mapping as it is.\n"
	case !apply:
		text += "Nothing is written. Stop the stack's schedule and polling first, then APPLY=1 writes this mapping.\n"
	default:
		if _, err := p.SetConfig(ctx, config); err != nil {
			return fmt.Errorf("write the mapping: %w", err)
		}
		text += "The mapping is written. Ocean can be started with this identifier.\n"
	}
	_, err = io.WriteString(out, text)
	return err
}
