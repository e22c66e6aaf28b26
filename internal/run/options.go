package run

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	shortID    = regexp.MustCompile(`^[0-9]{9,12}$`)
	regionName = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`)
	typeName   = regexp.MustCompile(`^[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+$`) // the mapping says whether it is asked for
)

// ParseOptions reads the run options of a manual execution: {} or some of accounts, kinds, regions
// and dryRun, refresh, retry, approve, purge, adopt, setup. The error has every problem and the name OptionsInvalid.
func ParseOptions(input []byte, known []kind.Kind) (ledger.Options, error) {
	var o ledger.Options
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(input, &raw); err != nil || raw == nil {
		return o, &Error{"OptionsInvalid", "the options are not a JSON object", err}
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
			o.DryRun = flag(name, value, &problems)
		case "refresh":
			o.Refresh = flag(name, value, &problems)
		case "adopt":
			o.Adopt = flag(name, value, &problems)
		case "setup":
			o.Setup = flag(name, value, &problems)
		case "retry":
			o.Retry = word(name, runExample, value, &problems)
		case "approve":
			o.Approve = word(name, runExample, value, &problems)
		case "purge":
			if o.Purge = word(name, "the identifier of the integration", value, &problems); o.Purge == "" {
				problems = append(problems, "purge: say of which integration: its identifier is the value")
			}
		default:
			problems = append(problems, fmt.Sprintf("%s: there is no such option (accounts, kinds, regions, dryRun, refresh, retry, approve, purge, adopt, setup)", name))
		}
	}
	if o.Retry != "" && o.Approve != "" {
		problems = append(problems, "approve and retry: what a run held is in cells that it completed, and a retry does "+
			"not read these: start one run for each")
	}
	if o.Purge != "" && (o.Narrow() || o.Refresh) {
		problems = append(problems, "purge: it removes everything and reads nothing, so only dryRun and approve go with it")
	}
	if len(problems) > 0 {
		slices.Sort(problems)
		return o, &Error{"OptionsInvalid", strings.Join(problems, "; "), nil}
	}
	return o, nil
}

func flag(name string, value json.RawMessage, problems *[]string) (is bool) {
	if err := json.Unmarshal(value, &is); err != nil {
		*problems = append(*problems, fmt.Sprintf("%s: %s is neither true nor false", name, value))
	}
	return is
}

const runExample = "the id of a run, such as \"20261124T220000Z\""

// word is the value of an option that names what is: a run, for instance.
func word(name, what string, value json.RawMessage, problems *[]string) (id string) {
	if err := json.Unmarshal(value, &id); err != nil {
		*problems = append(*problems, fmt.Sprintf("%s: %s is not %s", name, value, what))
	}
	return strings.TrimSpace(id)
}

func accountList(value json.RawMessage, problems *[]string) (ids []string) {
	var list []json.RawMessage
	if err := json.Unmarshal(value, &list); err != nil {
		*problems = append(*problems, "accounts: not a list")
		return nil
	}
	empty("accounts", value, len(list), problems)
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

// empty refuses a list of nothing: whoever computed it may not have meant everything.
func empty(name string, value json.RawMessage, n int, problems *[]string) {
	if n == 0 && string(value) != "null" {
		*problems = append(*problems, name+": the list is empty: leave it out to ask for all")
	}
}

func stringList(name string, value json.RawMessage, problems *[]string) (list []string) {
	if err := json.Unmarshal(value, &list); err != nil {
		*problems = append(*problems, name+": not a list of strings")
		return nil
	}
	empty(name, value, len(list), problems)
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
