package kinds_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
)

// refusals are what services answer to somebody without the right.
var refusals = map[string]struct{ code, header, body string }{
	"ec2": {"UnauthorizedOperation", "",
		"<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>"},
	"s3":          {"AccessDenied", "", "<Error><Code>AccessDenied</Code></Error>"},
	"rds":         {"AccessDenied", "", queryRefusal("AccessDenied")},
	"elasticache": {"AccessDenied", "", queryRefusal("AccessDenied")},
	"sns":         {"AuthorizationError", "", queryRefusal("AuthorizationError")},
	"kafka":       {"ForbiddenException", "ForbiddenException", "{}"},
}

func queryRefusal(code string) string {
	return "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code></Error></ErrorResponse>"
}

func TestARefusedListingIsAnErrorAndNeverAnEmptyList(t *testing.T) {
	for _, k := range kinds.All {
		if len(k.Actions) == 0 {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			service, _, _ := strings.Cut(k.Actions[0], ":")
			refusal, ok := refusals[service]
			if !ok {
				refusal.code, refusal.header, refusal.body = "AccessDeniedException", "AccessDeniedException", "{}"
			}
			cfg := awstest.Config(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if refusal.header != "" {
					w.Header().Set("X-Amzn-Errortype", refusal.header)
				}
				w.WriteHeader(http.StatusForbidden)
				io.WriteString(w, refusal.body)
			}), site.Region)
			for _, cursor := range []string{"", `{"page":"t1"}`} {
				page, err := k.List(t.Context(), cfg, site, cursor)
				denied := access.Judge(err).State == kind.Denied
				if !denied || code(err) != refusal.code || len(page.Items) > 0 || page.Next != "" {
					t.Errorf("from %q: got %v, %v, want %s", cursor, page, err, refusal.code)
				}
			}
		})
	}
}

func TestACancelledListingIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cfg := awstest.Config(http.NotFoundHandler(), site.Region)
	items := []kind.Item{{Key: "a", Properties: map[string]any{}}}
	for _, k := range kinds.All {
		if len(k.Actions) == 0 {
			continue
		}
		if _, err := k.List(ctx, cfg, site, ""); code(err) != "Canceled" {
			t.Errorf("%s: list: got %v", k.Name, err)
		}
		for _, e := range k.Enrich {
			if len(e.Actions) == 0 {
				continue
			}
			if _, err := e.Call(ctx, cfg, site, items); code(err) != "Canceled" {
				t.Errorf("%s: %s: got %v", k.Name, e.Actions, err)
			}
		}
	}
}

// TestEveryKindIsInAll reads the source: a kind that is declared and not listed is never synced.
func TestEveryKindIsInAll(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared, listed := []string{}, []string{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 {
				return true
			}
			lit, ok := v.Values[0].(*ast.CompositeLit)
			if !ok {
				return true
			}
			if s, ok := lit.Type.(*ast.SelectorExpr); ok && s.Sel.Name == "Kind" {
				declared = append(declared, v.Names[0].Name+" in "+path)
			}
			if v.Names[0].Name == "All" {
				for _, e := range lit.Elts {
					listed = append(listed, e.(*ast.Ident).Name)
				}
			}
			return true
		})
	}
	for i, k := range kinds.All {
		listed[i] += " in " + fileName(k) + ".go"
	}
	slices.Sort(declared)
	slices.Sort(listed)
	if diff := cmp.Diff(declared, listed); diff != "" {
		t.Errorf("-declared +listed\n%s", diff)
	}
}

func TestAllAreSortedAndTheirNamesUnique(t *testing.T) {
	names := []string{}
	for _, k := range kinds.All {
		names = append(names, k.Name)
	}
	want := slices.Compact(slices.Sorted(slices.Values(names)))
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

var (
	kindName   = regexp.MustCompile(`^AWS::[A-Z][A-Za-z0-9]+::[A-Z][A-Za-z0-9]+$`)
	actionName = regexp.MustCompile(`^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$`)
	optionName = regexp.MustCompile(`^[A-Z][A-Za-z]+(Action|Tags)$`)
)

func TestKindsAreWellFormed(t *testing.T) {
	for _, k := range kinds.All {
		t.Run(k.Name, func(t *testing.T) {
			if !kindName.MatchString(k.Name) {
				t.Error("its name is none of CloudFormation's")
			}
			if k.List == nil {
				t.Error("it has no listing")
			}
			if k.Scope != kind.Hub && len(k.Actions) == 0 {
				t.Error("it needs no actions")
			}
			requireActions(t, k.Actions)
			options := map[string]bool{}
			for _, e := range k.Enrich {
				requireEnrich(t, e)
				if e.Option != "" && options[e.Option] {
					t.Errorf("option %s came twice", e.Option)
				}
				options[e.Option] = true
			}
		})
	}
}

func requireEnrich(t *testing.T, e kind.Enrich) {
	if e.Option != "" && !optionName.MatchString(e.Option) {
		t.Errorf("option %q is none of Ocean's class names", e.Option)
	}
	if len(e.Keys) == 0 || e.Call == nil {
		t.Errorf("%q has no keys or call", e.Option)
	}
	requireActions(t, e.Actions)
	requireActions(t, e.Saves)
	if !slices.IsSorted(e.Keys) || len(slices.Compact(slices.Clone(e.Keys))) != len(e.Keys) {
		t.Errorf("keys of %s are not sorted and unique: %q", e.Actions, e.Keys)
	}
	if len(e.Empty) > 0 && len(e.Absent) == 0 {
		t.Errorf("%s has an empty value and no code that says so", e.Actions)
	}
	for key := range e.Empty {
		if !slices.Contains(e.Keys, key) {
			t.Errorf("%s empties %s, which its keys do not name", e.Actions, key)
		}
	}
}

func requireActions(t *testing.T, actions []string) {
	for _, a := range actions {
		if !actionName.MatchString(a) {
			t.Errorf("%q is no IAM action", a)
		}
	}
}
