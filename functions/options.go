package functions

import (
	"encoding/json"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// Options are the run options that the environment of a run in one process names: lists, parted by commas or
// blanks, in ACCOUNTS, KINDS and REGIONS; runs in RETRY and APPROVE; an integration in PURGE; REFRESH=1, SETUP=1, ADOPT=1.
// What is empty is not asked for.
// Without APPLY=1 it is a dry run. The error is that of [run.ParseOptions].
func Options(getenv func(string) string, known []kind.Kind) (ledger.Options, error) {
	input := map[string]any{"dryRun": getenv("APPLY") != "1", "refresh": getenv("REFRESH") == "1", "setup": getenv("SETUP") == "1",
		"adopt": getenv("ADOPT") == "1"}
	for _, name := range []string{"accounts", "kinds", "regions"} {
		if list := words(getenv(strings.ToUpper(name))); len(list) > 0 {
			input[name] = list
		}
	}
	for _, name := range []string{"retry", "approve", "purge"} {
		if id := getenv(strings.ToUpper(name)); id != "" {
			input[name] = id
		}
	}
	text, err := json.Marshal(input)
	if err != nil {
		return ledger.Options{}, err
	}
	return run.ParseOptions(text, known)
}

// words parts a list in an environment variable.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}
