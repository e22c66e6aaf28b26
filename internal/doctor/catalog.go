package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// catalog looks at Port, and at what we remember of it.
func (x *examination) catalog(ctx context.Context) {
	o, err := x.Port.Organization(ctx)
	if err != nil {
		x.find(x.refusedByPort(err))
		return
	}
	x.state(ctx, o.ID)
	integration, err := x.Port.Integration(ctx)
	switch {
	case errors.Is(err, port.ErrNotFound):
		x.find(integrationMissing.of("Port has no integration %q of the type %s", x.Identifier, x.Type).
			next("sam deploy --parameter-overrides IntegrationIdentifier=<the one that Port's page of data sources shows>"))
		return
	case err != nil:
		x.find(x.refusedByPort(err))
		return
	}
	blueprints, err := x.Port.Blueprints(ctx)
	if err != nil {
		x.find(x.refusedByPort(err))
		return
	}
	x.mapping(ctx, integration, blueprints)
}

func (x *examination) refusedByPort(err error) Finding {
	var secret *access.SecretError
	switch {
	case errors.As(err, &secret):
		said := secret.Err.Error()
		if access.Code(err) != "" {
			said = access.Judge(err).Message
		}
		return portSecretUnreadable.of("%s: %s", secret.ARN, said).
			next("aws secretsmanager get-secret-value --secret-id %s --query Name", secret.ARN)
	case errors.Is(err, port.ErrUnauthorized):
		return portUnauthorized.of("%v", err).
			next("aws secretsmanager put-secret-value --secret-id %s --secret-string file://port.json", x.Secret)
	case errors.Is(err, port.ErrForbidden):
		return portForbidden.of("%v", err).next("curl -s https://checkip.amazonaws.com")
	}
	return portUnreachable.of("%v", err).next("curl -sS -o /dev/null -w '%%{http_code}' %s/v1/organization", x.PortBaseURL)
}

// mapping looks whether each of its blocks can be carried out, and keeps what they ask for.
func (x *examination) mapping(ctx context.Context, in port.Integration, blueprints []port.Blueprint) {
	if mapping.Blank(in.Config) {
		x.find(mappingEmpty.of("the integration %q has no mapping", x.Identifier))
		return
	}
	m, err := mapping.Compile(in.Config)
	if err != nil {
		x.find(mappingInvalid.of("%v", err).next("make check-mapping FILE=mapping.yml"))
		return
	}
	writable := ""
	for _, b := range m.Blocks {
		k, known := kind.Find(x.Kinds, b.Kind)
		if !known {
			k, known = x.Other(b.Kind)
		}
		if !known && !slices.Contains(x.Own, b.Kind) {
			x.find(kindUnknown.of("resources[%d].kind: %s is not a kind we read", b.Index, b.Kind))
			continue
		}
		have := slices.IndexFunc(blueprints, func(have port.Blueprint) bool { return slices.Contains(b.Blueprints, have.Identifier) })
		if len(b.Blueprints) > 0 && have < 0 {
			x.find(blueprintMissing.of("resources[%d], of %s: Port has no blueprint %s", b.Index, b.Kind, strings.Join(b.Blueprints, ", ")))
			continue
		}
		if have >= 0 && writable == "" {
			writable = blueprints[have].Identifier
		}
		if known && k.Scope != kind.Hub {
			x.ask(k, b)
		}
	}
	if writable == "" {
		return
	}
	if err := x.Port.MayWrite(ctx, writable); errors.Is(err, port.ErrForbidden) {
		x.find(portReadOnly.of("entities of %s: %v", writable, err).
			next("aws secretsmanager put-secret-value --secret-id %s --secret-string file://port.json", x.Secret))
	} else if err != nil {
		x.find(x.refusedByPort(err))
	}
}

func (x *examination) ask(k kind.Kind, b *mapping.Block) {
	i := slices.IndexFunc(x.asked, func(a asked) bool { return a.Name == k.Name })
	if i < 0 {
		i, x.asked = len(x.asked), append(x.asked, asked{Kind: k})
	}
	x.asked[i].blocks = append(x.asked[i].blocks, b)
}

// allows says that some block asks in a region.
func (a asked) allows(region string) bool {
	return slices.ContainsFunc(a.blocks, func(b *mapping.Block) bool { return b.Regions.Allows(region) })
}

// wants says that some block reads what an enrichment finds out.
func (a asked) wants(e kind.Enrich) bool {
	return slices.ContainsFunc(a.blocks, func(b *mapping.Block) bool {
		return (e.Option == "" || slices.Contains(b.Options, e.Option)) && e.Feeds(b.Reads)
	})
}
