package house_test

import (
	"slices"
	"strings"
	"testing"
)

// mayImport says which rooms the code of a room, tests aside, may import: only such as stand below
// it. A room that is not here has no place in the house yet. lab, port/porttest, awstest and asl are in
// nobody's list: they are for tests, and for the lab.
var mayImport = map[string][]string{
	"functions": {"access", "collect", "doctor", "edge", "functions", "kind", "kinds", "ledger", "mapping", "org", "port", "report", "run", "schedule"},
	"run":       {"access", "collect", "defaults", "kind", "ledger", "mapping", "org", "port", "report", "schedule", "spelling"},
	"doctor":    {"access", "kind", "ledger", "mapping", "org", "port", "report", "schedule"},
	"collect":   {"access", "kind"},
	"ledger":    {"kind"},
	"report":    {"kind"},
	"org":       {"access", "kind"},
	"access":    {"kind"},
	"kinds":     {"kind"},
	"kind":      {"spelling"},
	"port":      {},
	"defaults":  {},
	"schedule":  {},
	"mapping":   {"onig", "spelling"},
	"onig":      {},
	"spelling":  {},
	"edge":      {},

	"port/porttest": {"port"},
	"awstest":       {},
	"asl":           {},
	"house":         {},
	"lab":           {"any"},
}

func TestRoomsImportOnlyWhatStandsBelowThem(t *testing.T) {
	for _, s := range sources(t) {
		allowed, known := mayImport[s.room]
		if !known {
			t.Errorf("%s is in the unknown room %q: give it a place in mayImport", s.path, s.room)
			continue
		}
		if s.test || slices.Contains(allowed, "any") {
			continue
		}
		for _, imported := range s.imports() {
			dir, ours := strings.CutPrefix(imported, module+"/")
			if ours && !slices.Contains(allowed, roomOf(dir)) {
				t.Errorf("%s imports %s, %q may import %q", s.path, dir, s.room, allowed)
			}
		}
	}
}

// keptIn says which rooms alone may use a part of the outside world, tests aside.
var keptIn = map[string][]string{
	"github.com/aws/aws-sdk-go-v2/service/": {"access", "doctor", "functions", "kinds", "lab", "ledger", "org"},
	"github.com/aws/aws-lambda-go/":         {"edge", "functions"},
	"github.com/itchyny/gojq":               {"mapping"},
	"github.com/dlclark/regexp2":            {"onig"},
	"golang.org/x/tools/":                   {"awstest"},
	"github.com/google/go-cmp/":             {"awstest"},
	"go.yaml.in/yaml/":                      {"asl", "mapping"},
}

func TestWhatIsKeptInARoomIsImportedNowhereElse(t *testing.T) {
	for _, s := range sources(t) {
		for _, imported := range s.imports() {
			for prefix, rooms := range keptIn {
				if !s.test && strings.HasPrefix(imported, prefix) && !slices.Contains(rooms, s.room) {
					t.Errorf("%s imports %s, which is for %q", s.path, imported, rooms)
				}
			}
		}
	}
}
