package doctor

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
)

// members looks at the accounts.
func (x *examination) members(ctx context.Context) {
	var g errgroup.Group
	g.SetLimit(accountsAtOnce)
	for _, a := range x.accounts {
		g.Go(func() error {
			m := member{examination: x, Account: a, denied: map[string][]string{}, regions: map[string][]string{}}
			m.look(ctx)
			return nil
		})
	}
	_ = g.Wait()
}

// member is the look at one account.
type member struct {
	*examination
	org.Account

	mu      sync.Mutex
	found   bool                // something is not as it should be
	denied  map[string][]string // actions, by what forbids them
	regions map[string][]string // in which nothing may be read, by the same
}

func (m *member) find(f Finding) {
	m.mu.Lock()
	m.found = true
	m.mu.Unlock()
	m.examination.find(f.in(m.ID))
}

func (m *member) look(ctx context.Context) {
	cfg, err := access.Assume(ctx, m.Base, access.Role{ARN: m.Role, ExternalID: m.ExternalID, Session: "port-aws-sync-doctor"})
	if err != nil {
		m.find(m.refused(ctx, m.Account, err))
		return
	}
	names, err := access.Regions(ctx, cfg)
	if err != nil {
		m.find(regionsUnknown.of("%v", err).next("%s", m.simulate(access.RegionActions)))
		return
	}
	if i := slices.Index(names, cfg.Region); i > 0 { // ours first: it is the nearest
		names[0], names[i] = names[i], names[0]
	}
	m.version(ctx, cfg)
	m.kinds(ctx, cfg, names)
	m.elsewhere(ctx, cfg, names)
	m.conclude(names)
}

func (m *member) version(ctx context.Context, cfg aws.Config) {
	v, err := access.RoleVersion(ctx, cfg, m.Role)
	switch {
	case err == nil && v == m.Version:
		return
	case err == nil && v != "":
		m.find(roleOld.of("the role is of version %s, the functions of %s", v, m.Version).next("%s", m.renew()))
	case err == nil || access.Judge(err).State == kind.Denied:
		m.find(roleOld.of("the role does not say its version, so it is older than %s or made by other means", m.Version).next("%s", m.renew()))
	default:
		m.find(m.unseen(access.VersionAction, err))
	}
}

// renew is the command that brings the role up to date.
func (m *member) renew() string {
	if _, there := m.set.instances[m.ID]; there || m.set.name != "" && manages(m.Account) {
		return "sam build && sam deploy"
	}
	return m.makeRole(m.Account)
}

// kinds asks for the first page of each kind, and the further calls about its first item.
func (m *member) kinds(ctx context.Context, cfg aws.Config, regions []string) {
	var g errgroup.Group
	g.SetLimit(callsAtOnce)
	for _, k := range m.asked {
		i := slices.IndexFunc(regions, k.allows)
		if i < 0 {
			continue
		}
		g.Go(func() error { m.kind(ctx, cfg, k, regions[i]); return nil })
	}
	_ = g.Wait()
}

func (m *member) kind(ctx context.Context, cfg aws.Config, k asked, region string) {
	page, err := k.List(ctx, in(cfg, region), m.site(region), "")
	v := access.Judge(err)
	switch v.State {
	case kind.Denied:
		m.deny(v, k.Name, k.Actions)
	case kind.Throttled, kind.Failed:
		m.find(kindFailed.of("%s in %s: %s", k.Name, region, v.Message))
	}
	if len(page.Items) == 0 {
		return
	}
	i := max(0, slices.IndexFunc(page.Items, func(it kind.Item) bool { return it.Region == region }))
	first, asked := page.Items[i:i+1], region
	region = cmp.Or(first[0].Region, region)
	for _, e := range k.Enrich {
		if !k.wants(e) {
			continue
		}
		answers, err := e.Call(ctx, in(cfg, region), m.site(region), first)
		if err == nil {
			err = answers[first[0].Key].Err
		}
		if v := access.Judge(err); v.State == kind.Denied && !slices.Contains(e.Absent, access.Code(err)) {
			if region != asked { // of which it is not known whether it is the action or the region
				m.shut(v, region)
				continue
			}
			m.deny(v, k.Name, e.Actions)
		}
	}
}

func (m *member) site(region string) kind.Site {
	return kind.Site{Partition: m.Partition, Account: m.ID, AccountName: m.Name, Region: region, Organization: m.Record}
}

func in(cfg aws.Config, region string) aws.Config {
	cfg = cfg.Copy()
	cfg.Region = region
	return cfg
}

// deny notes a refusal of one of some actions.
func (m *member) deny(v kind.Verdict, kindName string, actions []string) {
	said := access.Refused(v.Message)
	action := said.Action
	if action == "" {
		action = strings.Join(actions, " or ")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	by := forbidder(v)
	m.denied[by] = append(m.denied[by], fmt.Sprintf("%s (%s)", action, kindName))
}

// shut notes a refusal in a region.
func (m *member) shut(v kind.Verdict, region string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	by := forbidder(v)
	if !slices.Contains(m.regions[by], region) {
		m.regions[by] = append(m.regions[by], region)
	}
}

// forbidder is what forbids, as far as AWS says it.
func forbidder(v kind.Verdict) string {
	switch by := access.Refused(v.Message).By; {
	case by != "":
		return by
	case v.Reason == access.SCP:
		return "a service control policy"
	}
	return "a policy that AWS does not name"
}

// elsewhere asks one question in each of the other regions that the mapping asks for. A service that does not
// answer there, or is not there, says nothing of the region: then another one is asked.
func (m *member) elsewhere(ctx context.Context, cfg aws.Config, regions []string) {
	var g errgroup.Group
	g.SetLimit(callsAtOnce)
	for _, region := range regions[1:] {
		g.Go(func() error {
			for _, k := range m.asked {
				if k.Scope != kind.Regional || !k.allows(region) {
					continue
				}
				_, err := k.List(ctx, in(cfg, region), m.site(region), "")
				switch v := access.Judge(err); v.State {
				case kind.Denied:
					m.shut(v, region)
					return nil
				case kind.Complete:
					return nil
				}
			}
			return nil
		})
	}
	_ = g.Wait()
}

// conclude says what may not be read, or that all may.
func (m *member) conclude(regions []string) {
	for _, by := range slices.Sorted(maps.Keys(m.denied)) {
		list := m.denied[by]
		slices.Sort(list)
		m.find(actionDenied.of("%s: %s", by, strings.Join(slices.Compact(list), ", ")).next("%s", m.cure(by, list)))
	}
	usable := len(regions)
	for _, by := range slices.Sorted(maps.Keys(m.regions)) {
		if _, everywhere := m.denied[by]; everywhere {
			continue // it is not about regions
		}
		slices.Sort(m.regions[by])
		usable -= len(m.regions[by])
		m.find(regionDenied.of("%s: %s", by, strings.Join(m.regions[by], ", ")).next("%s", policyOf(by, m.ID)))
	}
	if m.found {
		return
	}
	m.examination.mu.Lock()
	m.report.Readable++
	m.examination.mu.Unlock()
	fact := accountReadable.of("%d regions, %d kinds of the mapping", usable, len(m.asked))
	if before, known := m.last.verdicts[m.ID]; known && before.State != kind.Complete && before.State != "" {
		fact = accountRecovered.of("run %s could not read all of it: %s %s", m.last.run, before.Reason, before.Message).
			next("%s", m.start(`{"retry": "`+m.last.run+`"}`))
	}
	m.examination.find(fact.in(m.ID))
}

// cure is the command that shows or changes what forbids actions.
func (m *member) cure(by string, denied []string) string {
	switch {
	case strings.Contains(by, "service control policy") || strings.Contains(by, "/service_control_policy/"):
		return policyOf(by, m.ID)
	case strings.Contains(by, "no identity-based policy"):
		return m.renew()
	}
	var actions []string
	for _, d := range denied {
		action, _, _ := strings.Cut(d, " ")
		actions = append(actions, action)
	}
	return m.simulate(actions)
}

// simulate is the command that asks IAM which policy decides.
func (m *member) simulate(actions []string) string {
	return "aws iam simulate-principal-policy --policy-source-arn " + m.Role + " --action-names " + strings.Join(actions, " ") +
		"  # with credentials of account " + m.ID
}
