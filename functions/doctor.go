package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/doctor"
	"github.com/port-aws-sync/port-aws-sync/internal/edge"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// DoctorEvent asks for all accounts to be looked at, or for some.
type DoctorEvent struct {
	Accounts []string `json:"accounts"` // ids
}

// Doctor is the function of that name, and on a person's machine the command: that looks as the environment's
// settings and credentials let it, or where STACK names a stack, lets that one's function look. It returns
// the exit code: 0 if there is no problem, 1 if there is one, 2 if it could not look.
func Doctor(getenv func(string) string, out, problems io.Writer) int {
	if getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		log := edge.Logger(out, getenv)
		edge.Serve(getenv, log, func(ctx context.Context, event DoctorEvent) (*doctor.Report, error) {
			return examine(ctx, getenv, log, event)
		})
		return 0
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	look := examine
	if getenv("STACK") != "" {
		look = asked
	}
	r, err := look(ctx, getenv, slog.New(slog.DiscardHandler), DoctorEvent{words(getenv("ACCOUNTS"))})
	if err == nil {
		err = show(out, r, getenv("JSON") == "1")
	}
	var coded interface{ Code() string }
	switch {
	case errors.As(err, &coded):
		fmt.Fprintf(problems, "%s: %v\n", coded.Code(), err)
		return 2
	case err != nil:
		fmt.Fprintln(problems, err)
		return 2
	case !r.Sound():
		return 1
	}
	return 0
}

func show(out io.Writer, r *doctor.Report, asJSON bool) error {
	if !asJSON {
		_, err := io.WriteString(out, r.Text())
		return err
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// examine looks at what the environment describes. In Lambda it sees Port, the state and the accounts with the
// role of sync, and the organization with that of discover: what these may, and nothing else, is the question.
func examine(ctx context.Context, getenv func(string) string, log *slog.Logger, event DoctorEvent) (*doctor.Report, error) {
	s, err := edge.Load(WithStateDir(getenv))
	if err != nil {
		return nil, err
	}
	hub, err := access.LoadBase(ctx)
	if err != nil {
		return nil, err
	}
	if hub, err = proved(ctx, s, hub); err != nil {
		return doctor.NoIdentity(Version, err), nil
	}
	sync, discover := hub, hub
	if getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		var role string
		if role, err = functionRole(s.StateMachineARN, "sync"); err != nil {
			return nil, err
		}
		if sync, err = as(ctx, hub, role); err != nil {
			return doctor.CannotEnter(role, Version, err), nil
		}
		role, _ = functionRole(s.StateMachineARN, "discover")
		if discover, err = as(ctx, hub, role); err != nil {
			return doctor.CannotEnter(role, Version, err), nil
		}
	}
	if s.Identifier == "" {
		if me, err := sts.NewFromConfig(hub).GetCallerIdentity(ctx, nil); err == nil { // or the doctor says why not
			s.Identifier = "aws" + aws.ToString(me.Account)
		} else {
			s.Identifier = "aws"
		}
	}
	base, err := identity(ctx, s, sync)
	if err != nil {
		return doctor.NoIdentity(Version, err), nil
	}
	e, err := engine(ctx, s, sync, base, log)
	if err != nil {
		return nil, err
	}
	if e.Org.Base, err = identity(ctx, s, discover); err != nil {
		return doctor.NoIdentity(Version, err), nil
	}
	if e.Org, err = selecting(ctx, s, discover, e.Org); err != nil {
		return nil, err
	}
	d := &doctor.Doctor{
		Hub: hub, Base: base, Org: e.Org, Port: e.Port, Store: e.Store, Kinds: e.Kinds, Other: e.Other, Own: kind.Names(run.OwnKinds()),
		Type: e.Type, Identifier: e.Identifier, ExternalID: e.ExternalID, Width: e.Width,
		PortBaseURL: s.PortBaseURL, Secret: s.PortSecretARN, Machine: s.StateMachineARN, Version: Version, Now: time.Now,
	}
	return d.Examine(ctx, event.Accounts), nil
}

// selecting is the source of accounts as discover finds it. A state that cannot be read the doctor finds itself.
func selecting(ctx context.Context, s edge.Settings, discover aws.Config, source org.Source) (org.Source, error) {
	store, err := store(s, discover)
	if err != nil {
		return source, err
	}
	listed, err := run.Selecting(ctx, store, source)
	if _, wrong := errors.AsType[*org.SelectionError](err); err != nil && !wrong {
		return source, nil
	}
	return listed, err
}

// functionRole is the ARN of the role of a function of the stack of a state machine.
func functionRole(machine, function string) (string, error) {
	part := strings.Split(machine, ":")
	if len(part) < 7 {
		return "", edge.Invalid("STATE_MACHINE_ARN is missing in the environment")
	}
	return access.RoleARN(part[1], part[4], part[6]+"-"+function), nil
}

func as(ctx context.Context, hub aws.Config, role string) (aws.Config, error) {
	return access.Assume(ctx, hub, access.Role{ARN: role, Session: "port-aws-sync-doctor"})
}

// asked lets the function of a stack look.
func asked(ctx context.Context, getenv func(string) string, _ *slog.Logger, event DoctorEvent) (*doctor.Report, error) {
	cfg, err := access.LoadBase(ctx)
	if err != nil {
		return nil, err
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	name := getenv("STACK") + "-doctor"
	// It answers once it has looked at all accounts; a second call would only look twice.
	client := lambda.NewFromConfig(cfg, func(o *lambda.Options) {
		o.HTTPClient, o.Retryer = awshttp.NewBuildableClient().WithTimeout(15*time.Minute), aws.NopRetryer{}
	})
	answer, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: payload})
	if err != nil {
		return nil, fmt.Errorf("ask %s: %s", name, access.Judge(err).Message)
	}
	if answer.FunctionError != nil {
		return nil, fmt.Errorf("%s failed: %s", name, answer.Payload)
	}
	r := &doctor.Report{}
	if err := json.Unmarshal(answer.Payload, r); err != nil || r.Format != doctor.Format {
		return nil, fmt.Errorf("%s is of another version than this command: deploy the stack again", name)
	}
	return r, nil
}

// WithStateDir is an environment in which the state is in a folder, unless it says where it is.
func WithStateDir(getenv func(string) string) func(string) string {
	return func(name string) string {
		if v := getenv(name); name != "STATE_DIR" || v != "" || getenv("STATE_BUCKET") != "" {
			return v
		}
		return ".state"
	}
}
