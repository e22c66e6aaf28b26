package functions

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// CheckMapping writes what is wrong with the mapping in a file, YAML or JSON, and what its blocks
// read and need. With a sample, raw resources in a JSON file, it writes the entities they become.
func CheckMapping(out io.Writer, file, sample string) error {
	if file == "" {
		return errors.New("say which file: make check-mapping FILE=mapping.yml [SAMPLE=raw.json]")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	doc, err := mapping.ReadYAML(text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	m, err := mapping.Compile(doc.Config)
	if invalid, ok := errors.AsType[*mapping.InvalidError](err); ok {
		return problems(file, doc, invalid.Problems)
	} else if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	c := checker{out: out, actions: map[string]bool{}}
	for _, w := range m.Warnings {
		c.line("warning: %s: %s", place(file, doc, w.Path), w)
	}
	for _, b := range m.Blocks {
		c.block(b)
	}
	if len(c.wrong) > 0 {
		return problems(file, doc, c.wrong)
	}
	// Without blanks, as the parameter ReadActions takes them.
	c.line("IAM actions that the mapping needs in the accounts: %s", cmp.Or(strings.Join(slices.Sorted(maps.Keys(c.actions)), ","), "none"))
	if sample == "" {
		return c.err
	}
	return errors.Join(c.err, c.sample(m, sample))
}

func problems(file string, doc mapping.Document, list []mapping.Problem) error {
	slices.SortStableFunc(list, func(a, b mapping.Problem) int { return doc.Line(a.Path) - doc.Line(b.Path) })
	lines := make([]string, len(list))
	for i, p := range list {
		lines[i] = place(file, doc, p.Path) + ": " + p.String()
	}
	return errors.New(strings.Join(lines, "\n"))
}

// place is where a path stands, as editors and compilers write it.
func place(file string, doc mapping.Document, path string) string {
	if line := doc.Line(path); line > 0 {
		return fmt.Sprintf("%s:%d", file, line)
	}
	return file
}

func listed(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return strings.Join(names, ", ")
}

type checker struct {
	out     io.Writer
	err     error // of writing
	actions map[string]bool
	wrong   []mapping.Problem
}

func (c *checker) line(format string, args ...any) {
	if _, err := fmt.Fprintf(c.out, format+"\n", args...); c.err == nil {
		c.err = err
	}
}

// block writes what a block reads, asks and needs.
func (c *checker) block(b *mapping.Block) {
	at := fmt.Sprintf("resources[%d]", b.Index)
	k, ours := kind.Find(slices.Concat(kinds.All, run.OwnKinds()), b.Kind)
	if !ours {
		var isType bool
		if k, isType = kinds.Other(b.Kind); !isType {
			c.wrong = append(c.wrong, mapping.Problem{Block: b.Index, Path: at + ".kind",
				Reason: b.Kind + " is not the name of a CloudFormation type, such as AWS::Logs::LogGroup"})
			return
		}
	}
	c.line("%s: %s becomes %s", at, k.Name, listed(b.Blueprints, "what a program says"))
	if !ours {
		c.line("  read by Cloud Control: the role needs the read rights of this type too, by a policy that the parameter OtherKindsPolicyArn names")
	}
	for _, w := range run.Misfits(kinds.All, k, b) {
		c.line("  warning: %s", w)
	}
	keys, whole := b.Keys()
	if whole {
		keys = []string{"all: a program uses .Properties or the item as a whole"}
	}
	c.line("  keys of .Properties that it reads: %s", listed(keys, "none"))
	c.needs(k, k.Actions)
	for _, e := range k.Enrich {
		c.enrichment(k, b, e)
	}
}

// enrichment writes whether a further call is made for a block, and why not.
func (c *checker) enrichment(k kind.Kind, b *mapping.Block, e kind.Enrich) {
	what := fmt.Sprintf("%s (%s)", some(e.Keys), listed(e.Actions, "no IAM action"))
	switch reads := e.Feeds(b.Reads); {
	case e.Option != "" && !slices.Contains(b.Options, e.Option):
		if reads {
			c.line("  not asked: %s; includeActions does not name %s", what, e.Option)
		}
	case !reads:
		c.line("  not asked: %s; no program reads it", what)
	default:
		c.line("  asked for each item: %s", what)
		c.needs(k, slices.Concat(e.Actions, e.Saves))
	}
}

// some shortens a list of keys that nobody reads to its end.
func some(keys []string) string {
	if len(keys) == 1 && keys[0] == kind.Any {
		return "all keys"
	}
	if len(keys) > 5 {
		keys = append(slices.Clone(keys[:5]), "…")
	}
	return strings.Join(keys, ", ")
}

// needs notes what the role in the accounts must be allowed. Kinds of the hub take the hub's own rights.
func (c *checker) needs(k kind.Kind, actions []string) {
	if k.Scope == kind.Hub {
		return
	}
	for _, a := range actions {
		c.actions[a] = true
	}
}

// sample writes the entities of raw resources.
func (c *checker) sample(m *mapping.Mapping, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var resources []map[string]any
	if err := json.Unmarshal(text, &resources); err != nil {
		one := map[string]any{}
		if json.Unmarshal(text, &one) != nil {
			return fmt.Errorf("%s: neither a resource nor a list of them: %w", file, err)
		}
		resources = append(resources, one)
	}
	failed := 0
	for i, r := range resources {
		blocks := 0
		for _, b := range m.Blocks {
			if b.Kind != r["Type"] {
				continue
			}
			blocks++
			c.line("%s[%d] by resources[%d]:", file, i, b.Index)
			if !c.outcome(b.Map(context.Background(), r, nil)) {
				failed++
			}
		}
		if blocks == 0 {
			c.line("%s[%d]: no block is of its kind, %v", file, i, r["Type"])
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of the sample could not be mapped", failed)
	}
	return nil
}

func (c *checker) outcome(o mapping.Outcome) bool {
	for _, e := range o.Entities {
		body := maps.Clone(e.Body)
		body["blueprint"] = e.Blueprint
		text, err := json.MarshalIndent(body, "  ", "  ")
		if err != nil {
			c.line("  %v", err)
			continue
		}
		c.line("  %s", text)
		for _, n := range e.Notes {
			c.line("  note: %s %s, in `%s`", n.Path, n.Reason, n.Program)
		}
	}
	switch {
	case o.Err != nil:
		c.line("  not mapped: %v", o.Err)
	case len(o.Entities) == 0:
		c.line("  not selected")
	}
	return o.Err == nil
}
