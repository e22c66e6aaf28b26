// Package functions wires the program: what every function and the one-process run have in common.
package functions

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/edge"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
	"github.com/port-aws-sync/port-aws-sync/internal/schedule"
)

// Version is in the datasource of every entity we write, and in AWS's logs. The tag of a release is v and this.
const Version = "0.1.0"

// What one process has under way at once: more does not finish sooner on two cores.
const (
	awsCalls    = 64
	portWrites  = 16
	portTimeout = 30 * time.Second
)

// Engine is the engine that the environment describes.
func Engine(ctx context.Context, getenv func(string) string, log *slog.Logger) (*run.Engine, error) {
	s, err := edge.Load(getenv)
	if err != nil {
		return nil, err
	}
	hub, err := access.LoadBase(ctx)
	if err != nil {
		return nil, err
	}
	if hub, err = proved(ctx, s, hub); err != nil {
		return nil, err
	}
	base, err := identity(ctx, s, hub)
	if err != nil {
		return nil, err
	}
	return engine(ctx, s, hub, base, log)
}

// proved is who we are in the hub: whose secrets and state are read, and whose executions are started.
func proved(ctx context.Context, s edge.Settings, ambient aws.Config) (aws.Config, error) {
	if s.BaseIdentity == "web-identity" {
		return access.WebIdentity(ctx, ambient, s.WebIdentityRole, s.WebIdentityToken)
	}
	return ambient, nil
}

// identity is who enters accounts and asks Organizations.
func identity(ctx context.Context, s edge.Settings, hub aws.Config) (aws.Config, error) {
	if s.BaseIdentity == "user-key" {
		return access.UserKey(ctx, hub, s.BaseKeySecretARN)
	}
	return hub, nil
}

func engine(ctx context.Context, s edge.Settings, hub, base aws.Config, log *slog.Logger) (*run.Engine, error) {
	if s.Identifier == "" {
		me, err := sts.NewFromConfig(hub).GetCallerIdentity(ctx, nil)
		if err != nil {
			return nil, errors.Join(errors.New("INTEGRATION_IDENTIFIER is not set and our account not known"), err)
		}
		s.Identifier = "aws" + aws.ToString(me.Account)
	}
	plan, err := schedule.Parse(s.Schedule, s.ScheduleTimezone)
	if err != nil { // EventBridge knows better when it is due: this is for Port to show it
		log.WarnContext(ctx, "schedule not understood", "err", err)
	}
	store, err := store(s, hub)
	if err != nil {
		return nil, err
	}
	return &run.Engine{
		Kinds: kinds.All,
		Other: kinds.Other,
		Base:  base,
		Org: org.Source{
			Base: base, ExternalID: s.ExternalID, Session: "port-aws-sync", RoleARNs: s.RoleARNs,
			OrganizationRoleARN: s.OrganizationRoleARN, OUs: s.OUs, Tags: s.AccountTags, Excluded: s.Excluded, MemberRoleName: s.MemberRoleName,
		},
		Port: port.New(port.Config{
			BaseURL: s.PortBaseURL, Type: s.Type, Version: Version, Identifier: s.Identifier,
			Credentials: func(ctx context.Context) (c port.Credentials, err error) {
				return credentials(ctx, hub, s.PortSecretARN)
			},
			Bulks: portWrites, Timeout: portTimeout,
		}),
		Executions: executions{sfn.NewFromConfig(hub), s.StateMachineARN},
		Store:      store, Pool: collect.NewPool(awsCalls), Log: log,
		Type: s.Type, Identifier: s.Identifier, Version: Version, ExternalID: s.ExternalID, Reveal: s.RevealSecrets, Width: s.Width,
		PortTimeout: portTimeout, SecondProof: time.Hour, AccountGrace: time.Duration(s.GraceDays) * 24 * time.Hour,
		RefreshEvery: time.Duration(s.RefreshDays) * 24 * time.Hour, Now: time.Now,
		Schedule: plan, Initialize: s.InitializeResources, TeamTag: s.TeamTag,
	}, nil
}

func store(s edge.Settings, hub aws.Config) (ledger.Store, error) {
	if s.StateBucket != "" {
		return ledger.NewS3(hub, s.StateBucket), nil
	}
	if s.StateDir == "" {
		return nil, errors.New("STATE_BUCKET: missing; name the bucket that keeps the state")
	}
	return ledger.NewDir(s.StateDir)
}

func credentials(ctx context.Context, hub aws.Config, arn string) (port.Credentials, error) {
	var secret struct{ ClientID, ClientSecret string }
	if err := access.Secret(ctx, hub, arn, &secret); err != nil {
		return port.Credentials{}, err
	}
	if secret.ClientID == "" || secret.ClientSecret == "" {
		return port.Credentials{}, &access.SecretError{ARN: arn, Err: errors.New("it lacks clientId or clientSecret")}
	}
	return port.Credentials{ClientID: secret.ClientID, ClientSecret: secret.ClientSecret}, nil
}
