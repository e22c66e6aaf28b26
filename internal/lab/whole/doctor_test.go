package whole_test

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/port-aws-sync/port-aws-sync/internal/doctor"
	"github.com/port-aws-sync/port-aws-sync/internal/lab"
)

// examined lets the stack's doctor look, as a person asks it to.
func (w whole) examined() {
	if r, code := w.look(); code != 0 || r.Readable != r.Accounts || r.Accounts < 3 {
		w.Errorf("all is well, and it finds (%d)\n%s", code, r.Text())
	}
	payments := w.World.Account("payments").ID
	w.must(w.Withhold(w.ctx, w.MemberRole(payments), "sns:ListTopics"))
	w.must(w.Withhold(w.ctx, w.FunctionRole(lab.Discover), "organizations:ListAccounts"))
	r, code := w.look()
	if code != 1 || !found(r, "OrganizationDenied", "") {
		w.Errorf("discover may not list accounts, and it finds (%d)\n%s", code, r.Text())
	}
	w.Restore()
	w.must(w.Withhold(w.ctx, w.MemberRole(payments), "sns:ListTopics"))
	if r, code = w.look("ACCOUNTS=" + payments); code != 1 || !found(r, "ActionDenied", payments) {
		w.Errorf("the role may not list topics, and it finds (%d)\n%s", code, r.Text())
	}
	w.Restore()
}

// look is what the doctor of the stack says, and the exit code of the command that asks it.
func (w whole) look(settings ...string) (*doctor.Report, int) {
	w.Helper()
	var out bytes.Buffer
	code, err := w.Doctor(w.ctx, &out, append(settings, "STACK="+lab.Stack, "JSON=1")...)
	w.must(err)
	r := &doctor.Report{}
	w.must(json.Unmarshal(out.Bytes(), r))
	return r, code
}

func found(r *doctor.Report, name, account string) bool {
	return slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool { return f.Name == name && f.Account == account })
}
