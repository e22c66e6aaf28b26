package doctor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/doctor"
)

func TestWhereAllIsWellThereIsNoProblem(t *testing.T) {
	r := examine(t, func(*scene) {})
	if !r.Sound() || r.Accounts != 2 || r.Readable != 2 || !strings.Contains(r.Text(), "no problem was found") {
		t.Errorf("%s", r.Text())
	}
	for _, f := range r.Findings {
		if f.Level != doctor.Note {
			t.Errorf("%s", f)
		}
	}
}

// TestAnAccountThatIsClosedDoesNotMakeRunsIncomplete: it would for 90 days.
func TestAnAccountThatIsClosedDoesNotMakeRunsIncomplete(t *testing.T) {
	r := examine(t, func(s *scene) {
		s.run()
		s.world.SetState(dev, "CLOSED")
		s.runAs("run-2")
	})
	if i := slices.IndexFunc(r.Findings, func(f doctor.Finding) bool { return f.Name == "RunIncomplete" }); i >= 0 {
		t.Errorf("%s", r.Text())
	}
}

func TestOnlyTheAccountsThatAreAskedForAreEntered(t *testing.T) {
	var entered int
	r := examine(t, func(s *scene) {
		s.Cleanup(func() { entered = s.world.Count(awstest.Rule{Account: prod, Operation: "sts:AssumeRole"}) })
	}, dev, "333333333333")
	if entered > 0 || r.Accounts != 1 {
		t.Errorf("%d accounts, the other was entered %d times", r.Accounts, entered)
	}
	i := slices.IndexFunc(r.Findings, func(f doctor.Finding) bool { return f.Name == "AccountNotSelected" })
	if i < 0 || r.Findings[i].Account != "333333333333" || r.Sound() {
		t.Errorf("%s", r.Text())
	}
}

func TestAFunctionThatMayNotBorrowARoleSaysSo(t *testing.T) {
	r := doctor.CannotEnter(syncRole, version, errors.New("no"))
	if r.Sound() || r.Findings[0].Name != "FunctionRoleRefused" || !strings.Contains(r.Text(), syncRole) {
		t.Errorf("%s", r.Text())
	}
}

func TestAnIdentityThatCannotBeProvedIsNamed(t *testing.T) {
	r := doctor.NoIdentity(version, &access.SecretError{ARN: secretARN, Err: errors.New("it lacks accessKeyId or secretAccessKey")})
	if f := r.Findings[0]; r.Sound() || f.Name != "IdentityUnknown" || !strings.Contains(f.Message, "accessKeyId") || !strings.Contains(f.Next, secretARN) {
		t.Errorf("%s", r.Text())
	}
}

// TestTheDoctorChangesNothing: neither in Port nor in what is remembered.
func TestTheDoctorChangesNothing(t *testing.T) {
	var before, after []string
	var s *scene
	examine(t, func(it *scene) {
		s = it
		s.run()
		before = s.keys()
		s.port.ResetStats()
		s.Cleanup(func() { after = s.keys() })
	})
	if !slices.Equal(before, after) {
		t.Errorf("the state was %q and is %q", before, after)
	}
	if deletes := s.port.Stats().Deletes; len(deletes) > 0 || len(s.port.Entities("instance")) != 2 {
		t.Errorf("deletes: %v, instances: %v", deletes, s.port.Entities("instance"))
	}
}

func (s *scene) keys() []string {
	keys, err := s.doctor.Store.List(context.Background(), "")
	s.must(err)
	return keys
}
