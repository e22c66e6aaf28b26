package run_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// entity is what Port has of one, or should have.
type entity struct {
	Title                 string `json:",omitempty"`
	Properties, Relations object
}

// catalog is what Port has, by blueprint/identifier.
func (s *scene) catalog() map[string]entity {
	var list []struct {
		Blueprint, Identifier string
		entity
	}
	s.must(json.Unmarshal(s.port.Dump(), &list))
	all := map[string]entity{}
	for _, e := range list {
		all[e.Blueprint+"/"+e.Identifier] = e.entity
	}
	return all
}

// wanted is what the mapping makes of the world.
func (s *scene) wanted() map[string]entity {
	all := map[string]entity{}
	for _, id := range []string{prod, dev, lab} {
		all["account/"+id] = entity{Title: "account " + id}
	}
	for _, t := range s.world.Things() {
		all[name(t)] = entity{Relations: object{"account": t.Account}, Properties: properties(t)}
	}
	return all
}

// name is the entity that a resource yields.
func name(t awstest.Thing) string {
	switch t.Service {
	case "ec2":
		return "instance/" + t.Name
	case "s3":
		return "bucket/" + t.Name
	case "ecs":
		return "cluster/" + t.ARN()
	}
	return "topic/" + t.ARN()
}

func properties(t awstest.Thing) object {
	p, list := object{}, []any{}
	for _, tag := range t.Tags {
		list = append(list, object{"Key": tag.Key, "Value": tag.Value})
		switch {
		case tag.Key == "owner" && (t.Service == "ec2" || t.Service == "ecs"):
			p["owner"] = tag.Value
		case tag.Key == "DisplayName" && t.Service == "sns":
			p["display"] = tag.Value
		}
	}
	switch t.Service {
	case "ec2":
		p["region"] = t.Region
	case "s3":
		p["tags"], p["tagged"] = list, len(list) > 0
	case "ecs":
		p["name"] = t.Name
	case "sns":
		if p["display"] == nil {
			p["display"] = ""
		}
	}
	return p
}

// converged compares Port with the world, but for what else the test says of single entities; nil says
// that there is none.
func (s *scene) converged(but ...map[string]*entity) {
	s.Helper()
	want := s.wanted()
	for _, changes := range but {
		for key, e := range changes {
			if delete(want, key); e != nil {
				want[key] = *e
			}
		}
	}
	if diff := cmp.Diff(want, s.catalog()); diff != "" {
		s.Errorf("catalog (-want +got):\n%s", diff)
	}
}

// writes are what Port was asked to do since the last run began.
type writes struct{ Created, Updated, Unchanged, Deleted int }

func (s *scene) wrote(want writes) {
	s.Helper()
	got := s.port.Stats()
	if diff := cmp.Diff(want, writes{got.Created, got.Updated, got.Unchanged, got.Deleted}); diff != "" {
		s.Errorf("writes (-want +got):\n%s", diff)
	}
}

// swept is what became of the entities that may go, each as "blueprint/identifier reason outcome".
type swept struct{ Deleted, Held, Released, Stayed []string }

func (s *scene) swept(r *report.Report, want swept) {
	s.Helper()
	lines := func(list []report.Departure) (all []string) {
		for _, d := range list {
			line := d.Blueprint + "/" + d.Identifier + ": " + d.Reason + ", " + d.Outcome
			all = append(all, strings.TrimSuffix(line, ", Deleted"))
		}
		slices.Sort(all)
		return all
	}
	got := swept{lines(r.Deleted), lines(r.Held), lines(r.Released), lines(r.Stayed)}
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("swept (-want +got):\n%s", diff)
	}
}

// frozen compares what the run could not read in full: each account with its verdict, and how many of
// its cells prove nothing.
func (s *scene) frozen(r *report.Report, want ...string) {
	s.Helper()
	var got []string
	hidden := len(r.Blocks) > 0
	for _, a := range r.Accounts {
		if a.Reason != "" {
			got = append(got, fmt.Sprintf("%s %s %s %d", a.ID, a.State, a.Reason, len(a.Frozen)))
		}
		hidden = hidden || a.State != "complete" && a.State != "listed"
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("frozen (-want +got):\n%s", diff)
	}
	if (r.Verdict == report.Frozen) != hidden {
		s.Errorf("verdict %s", r.Verdict)
	}
}

// problems are the report's, as "reason: entity or resource".
func problems(r *report.Report) (all []string) {
	for _, a := range r.Accounts {
		for _, p := range a.Problems {
			all = append(all, p.Reason+": "+p.Entity+p.Resource)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// state is every object of ours but those of one run, by key.
func (s *scene) state(but string) map[string]string {
	all := map[string]string{}
	s.must(fs.WalkDir(os.DirFS(s.dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") ||
			but != "" && strings.Contains(name, "/"+but+"/") {
			return err
		}
		data, err := os.ReadFile(filepath.Join(s.dir, name))
		all[name] = string(data)
		return err
	}))
	return all
}

// equal compares Port with an earlier catalog.
func (s *scene) equal(want map[string]entity) {
	s.Helper()
	if diff := cmp.Diff(want, s.catalog()); diff != "" {
		s.Errorf("catalog (-want +got):\n%s", diff)
	}
}
