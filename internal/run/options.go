package run

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// unavailable are the run options that have a name and no effect yet.
var unavailable = []string{"approve", "refresh", "retry"}

var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	shortID    = regexp.MustCompile(`^[0-9]{9,12}$`)
	regionName = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`)
	typeName   = regexp.MustCompile(`^[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+$`) // the mapping says whether it is asked for
)

// ParseOptions reads the run options of a manual execution: {} or some of accounts, kinds, regions
// and dryRun. The error has every problem and the name OptionsInvalid, or OptionNotAvailable for an
// option that is known and not available in this version.
func ParseOptions(input []byte, known []kind.Kind) (ledger.Options, error) {
	var o ledger.Options
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(input, &raw); err != nil || raw == nil {
		return o, &Error{"OptionsInvalid", "the options are not a JSON object", err}
	}
	for _, name := range unavailable {
		if value, given := raw[name]; given && !isNothing(value) {
			return o, &Error{"OptionNotAvailable", "the option " + name + " is not available in this version", nil}
		}
		delete(raw, name)
	}
	var problems []string
	for name, value := range raw {
		switch name {
		case "accounts":
			o.Accounts = accountList(value, &problems)
		case "kinds":
			o.Kinds = kindList(value, known, &problems)
		case "regions":
			o.Regions = regionList(value, &problems)
		case "dryRun":
			if err := json.Unmarshal(value, &o.DryRun); err != nil {
				problems = append(problems, fmt.Sprintf("dryRun: %s is neither true nor false", value))
			}
		default:
			problems = append(problems, fmt.Sprintf("%s: there is no such option (accounts, kinds, regions, dryRun)", name))
		}
	}
	if len(problems) > 0 {
		slices.Sort(problems)
		return o, &Error{"OptionsInvalid", strings.Join(problems, "; "), nil}
	}
	return o, nil
}

func isNothing(value json.RawMessage) bool {
	return slices.Contains([]string{"null", "false", `""`}, string(bytes.TrimSpace(value)))
}

func accountList(value json.RawMessage, problems *[]string) (ids []string) {
	var list []json.RawMessage
	if err := json.Unmarshal(value, &list); err != nil {
		*problems = append(*problems, "accounts: not a list")
		return nil
	}
	for i, v := range list {
		var id string
		err := json.Unmarshal(v, &id)
		if id = strings.TrimSpace(id); err != nil || !accountID.MatchString(id) {
			fix := ""
			if digits := strings.Trim(string(v), `" `); shortID.MatchString(digits) { // leading zeros lost
				fix = fmt.Sprintf(` (did you mean "%s"?)`, strings.Repeat("0", 12-len(digits))+digits)
			}
			*problems = append(*problems, fmt.Sprintf("accounts[%d]: %s: account ids are strings of 12 digits%s", i, v, fix))
		}
		ids = append(ids, id)
	}
	return ids
}

func stringList(name string, value json.RawMessage, problems *[]string) (list []string) {
	if err := json.Unmarshal(value, &list); err != nil {
		*problems = append(*problems, name+": not a list of strings")
	}
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// regionList knows what a region looks like, not which there are: every account has its own.
func regionList(value json.RawMessage, problems *[]string) []string {
	list := stringList("regions", value, problems)
	for i, name := range list {
		if name != kind.GlobalRegion && !regionName.MatchString(name) {
			*problems = append(*problems, fmt.Sprintf("regions[%d]: %q is not a region such as eu-west-1, nor %q", i, name, kind.GlobalRegion))
		}
	}
	return list
}

func kindList(value json.RawMessage, known []kind.Kind, problems *[]string) []string {
	list := stringList("kinds", value, problems)
	for i, name := range list {
		if _, is := kind.Find(known, name); !is && !typeName.MatchString(name) {
			*problems = append(*problems, fmt.Sprintf("kinds[%d]: %q is not a kind we read", i, name))
		}
	}
	return list
}
