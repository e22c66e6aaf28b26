package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/lab"
)

// stage is where the story takes place.
type stage struct {
	*lab.Lab
	out     io.Writer
	tell    func(string)
	denials map[lab.Rule]func() // each with what lifts it
	known   lab.World           // what runs could see so far
}

// act is one run and what leads to it.
type act struct {
	title   string
	scene   func(context.Context, *stage) error // what happens before; may be nil
	options func(*stage) string                 // of a run by hand; nil = the schedule starts it
	only    string                              // name of the one account that it reads; "" = all
	dry     bool                                // the run only says what it would do
	quiet   bool                                // it has nothing to write
}

var acts = []act{{
	title: "A dry run by hand: what would happen? Nothing is written",
	scene: open, options: func(*stage) string { return `{"dryRun": true}` }, dry: true,
}, {
	title: "The schedule fires: Port shows the organization, as far as it can be read",
}, {
	title: "The world changes, and part of it goes dark. What cannot be read stays as it was",
	scene: turn,
}, {
	title: "Once more, nothing has happened: not one entity is written",
	quiet: true,
}, {
	title: "An account can be read again: a run by hand, of this account alone",
	scene: relight, only: "payments",
	options: func(s *stage) string { return `{"accounts": ["` + s.World.Account("payments").ID + `"]}` },
}, {
	title: "The last light is on again: what went in the dark is proved gone, and goes",
	scene: permit, options: func(*stage) string { return `{}` },
}}

// tell tells the whole story. Its error says what was not as it should be.
func tell(ctx context.Context, out io.Writer, root string) (err error) {
	began := time.Now()
	var mu sync.Mutex
	note := func(line string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(out, "%6.1f s  %s\n", time.Since(began).Seconds(), line)
	}
	note("an AWS organization (moto), a Port that enforces Port's rules, and the stack of template.yaml between them")
	opened, err := lab.Open(ctx, root, note)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	if err := opened.Deploy(ctx, nil); err != nil {
		return err
	}
	note("deployed: three functions, a state machine, a schedule, and by StackSet a role in every account")
	s := &stage{Lab: opened, out: out, tell: note, denials: map[lab.Rule]func(){}}
	for i, a := range acts {
		fmt.Fprintf(out, "\n=== %d of %d. %s\n", i+1, len(acts), a.title)
		if err := s.play(ctx, a); err != nil {
			return fmt.Errorf("act %d: %w", i+1, err)
		}
	}
	s.summary()
	note("all as it should be")
	return nil
}

func (s *stage) play(ctx context.Context, a act) error {
	if a.scene != nil {
		if err := a.scene(ctx, s); err != nil {
			return err
		}
	}
	s.Port.ResetStats()
	if err := s.run(ctx, a); err != nil {
		return err
	}
	if !a.dry {
		s.known = s.World.Seen(s.known, func(r lab.Resource) bool {
			return s.dark(r) || a.only != "" && r.Account != s.World.Account(a.only).ID
		})
	}
	want := s.known.Catalog()
	if err := s.check(a, want); err != nil {
		return err
	}
	checked := fmt.Sprintf("checked: Port holds exactly the %d entities that it should", len(want))
	if a.dry || a.quiet {
		checked += ", and none was written"
	}
	s.tell(checked)
	return nil
}

// run has the state machine carry out a run, and prints its report.
func (s *stage) run(ctx context.Context, a act) (err error) {
	var arn string
	if a.options == nil {
		arn, err = s.scheduled(ctx)
	} else {
		options := a.options(s)
		s.tell("aws stepfunctions start-execution --input '" + options + "'")
		arn, err = s.Execute(ctx, options)
	}
	if err != nil {
		return err
	}
	ended, err := s.Wait(ctx, arn)
	if err != nil {
		return err
	}
	name := lab.RunOf(arn)
	s.tell("execution " + name + " " + ended.Status)
	if ended.Status != "SUCCEEDED" {
		return fmt.Errorf("%s: %s\n%s", ended.Error, ended.Cause, s.logs())
	}
	r, err := s.ReadReport(ctx, name)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%s\n", r.Text())
	return nil
}

// scheduled lets time fly until the schedule has started an execution.
func (s *stage) scheduled(ctx context.Context) (string, error) {
	before, err := s.Executions(ctx)
	if err != nil {
		return "", err
	}
	const period = 6 * time.Hour // the template's
	s.tell("six hours later the schedule fires")
	stop := s.Clock(ctx, float64(period/(2*time.Second)))
	defer stop()
	for {
		now, err := s.Executions(ctx)
		if err != nil {
			return "", err
		}
		for _, arn := range now {
			if !slices.Contains(before, arn) {
				stop()
				return arn, s.Lambda.Settle(ctx)
			}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return "", fmt.Errorf("no execution was started: %w\n%s", context.Cause(ctx), s.logs())
		}
	}
}

// logs are those of the functions.
func (s *stage) logs() string {
	return s.Lambda.Logs(lab.Discover) + s.Lambda.Logs(lab.Sync) + s.Lambda.Logs(lab.Sweep)
}

// check holds Port against what it should hold, and what it was asked against what was to be done.
func (s *stage) check(a act, want lab.Catalog) error {
	got, err := lab.Held(s.Port)
	if err != nil {
		return err
	}
	if diff := want.Diff(got); diff != "" {
		return fmt.Errorf("what Port holds is wrong (- is missing, + should not be there):\n%s", diff)
	}
	stats := s.Port.Stats()
	if len(stats.Misuse) > 0 {
		return fmt.Errorf("rules of Port's API were broken:\n%s", strings.Join(stats.Misuse, "\n"))
	}
	for _, route := range slices.Sorted(maps.Keys(stats.Requests)) {
		switch {
		case a.dry && !reads(route):
			return fmt.Errorf("a dry run wrote: %s", route)
		case a.quiet && !reads(route) && strings.Contains(route, "entities"):
			return fmt.Errorf("nothing has changed, and yet it wrote: %s", route)
		}
	}
	return nil
}

// reads says that calls of one of Port's routes change nothing.
func reads(route string) bool {
	return strings.HasPrefix(route, "GET ") || route == "POST /v1/auth/access_token" ||
		strings.HasSuffix(route, "/entities/search") || strings.HasSuffix(route, "/datasource-entities")
}

func (s *stage) deny(d lab.Rule) { s.denials[d] = s.AWS.Fault(d) }

// dark says that a denial hides a resource.
func (s *stage) dark(r lab.Resource) bool {
	for d := range s.denials {
		cell := d.Service == r.Service() && d.Region == r.Region
		if d.Account == r.Account && (d.Operation == "AssumeRole" || cell) {
			return true
		}
	}
	return false
}

func (s *stage) role(account string) lab.Rule {
	return lab.Rule{Account: s.World.Account(account).ID, Service: "sts", Operation: "AssumeRole", Do: lab.Deny{}}
}

func (s *stage) topics() lab.Rule {
	return lab.Rule{
		Account: s.World.Account("shop-staging").ID, Region: "us-east-1", Service: "sns", Do: lab.Deny{Because: lab.SCP},
	}
}

func open(_ context.Context, s *stage) error {
	s.deny(s.role("sandbox"))
	s.tell("sandbox has no role for us; legacy was closed")
	s.deny(s.role("legacy")) // as AWS does
	return nil
}

func turn(ctx context.Context, s *stage) error {
	if err := s.Change(ctx); err != nil {
		return err
	}
	s.deny(s.role("payments"))
	s.tell("payments: somebody deleted our role")
	s.deny(s.topics())
	s.tell("shop-staging us-east-1: a service control policy forbids SNS")
	return nil
}

func relight(_ context.Context, s *stage) error {
	s.lift(s.role("payments"))
	s.tell("payments: the role is back")
	return nil
}

func permit(_ context.Context, s *stage) error {
	s.lift(s.topics())
	s.tell("shop-staging us-east-1: the policy is gone")
	return nil
}

func (s *stage) lift(d lab.Rule) {
	s.denials[d]()
	delete(s.denials, d)
}

// summary shows what Port holds, by account and blueprint.
func (s *stage) summary() {
	blueprints := []string{"awsAccount", "s3Bucket", "ec2Instance", "ecsCluster", "snsTopic"}
	count := map[string]map[string]int{}
	for _, b := range blueprints {
		count[b] = map[string]int{}
		for id, e := range s.Port.Entities(b) {
			if account, ok := e.Relations["account"].(string); ok {
				id = account
			}
			count[b][id]++
		}
	}
	fmt.Fprintln(s.out, "\nWhat Port holds now")
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "  account\t\t%s\n", strings.Join(blueprints, "\t"))
	for _, a := range s.World.Accounts {
		fmt.Fprintf(t, "  %s\t%s", a.ID, a.Name)
		for _, b := range blueprints {
			fmt.Fprintf(t, "\t%d", count[b][a.ID])
		}
		fmt.Fprintln(t)
	}
	t.Flush()
	fmt.Fprintln(s.out)
}
