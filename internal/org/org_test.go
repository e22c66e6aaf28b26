package org_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
)

// organization is an AWS organization by parents, the whole of it under "".
type organization struct {
	accounts map[string][]string // pages of JSON objects, comma-separated
	units    map[string][]string
	refusal  map[string]refusal // by operation
	repeats  bool               // the page token never changes
	asked    []string
}

type refusal struct {
	status        int
	code, message string
}

func (o *organization) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call, err := awstest.Read(r)
	if err != nil {
		panic(err)
	}
	if call.Operation == "AssumeRole" {
		o.assume(w, call)
		return
	}
	var in struct {
		ParentID   string `json:"ParentId"`
		MaxResults int
		NextToken  string
	}
	if err := json.Unmarshal([]byte(call.Body), &in); err != nil || in.MaxResults != 20 {
		panic(fmt.Sprintf("%s %s", call, err))
	}
	o.asked = append(o.asked, strings.TrimSpace(call.Operation+" "+in.ParentID+in.NextToken))
	if no, ok := o.refusal[call.Operation]; ok {
		refuse(w, no)
		return
	}
	name, pages := "Accounts", o.accounts[in.ParentID]
	if call.Operation == "ListOrganizationalUnitsForParent" {
		name, pages = "OrganizationalUnits", o.units[in.ParentID]
	}
	if len(pages) == 0 && o.accounts[in.ParentID] == nil {
		refuse(w, refusal{400, "ParentNotFoundException", "no such parent"})
		return
	}
	o.page(w, name, pages, in.NextToken)
}

func (o *organization) page(w http.ResponseWriter, name string, pages []string, token string) {
	if strings.Trim(token, "t") != "" {
		refuse(w, refusal{400, "InvalidInputException", "INVALID_PAGINATION_TOKEN"})
		return
	}
	at := len(token) // "" is the first page, "t" the second, "tt" the third
	body := ""
	if at < len(pages) {
		body = pages[at]
	}
	next := ""
	if at+1 < len(pages) {
		next = `,"NextToken":"` + token + `t"`
	}
	if o.repeats {
		next = `,"NextToken":"t"`
	}
	io.WriteString(w, `{"`+name+`":[`+body+`]`+next+`}`)
}

func refuse(w http.ResponseWriter, r refusal) {
	w.WriteHeader(r.status)
	json.NewEncoder(w).Encode(map[string]string{"__type": r.code, "Message": r.message})
}

func (o *organization) assume(w http.ResponseWriter, call awstest.Call) {
	f := call.Form
	o.asked = append(o.asked, strings.Join([]string{
		"AssumeRole", f.Get("RoleArn"), f.Get("ExternalId"), f.Get("RoleSessionName")}, " "))
	if no, ok := o.refusal["AssumeRole"]; ok {
		w.WriteHeader(no.status)
		fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>",
			no.code, no.message)
		return
	}
	fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIDORG</AccessKeyId>`+
		`<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration>`+
		`</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
		time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}

// accounts asks s, at o, in a bubble in which its pacing takes no time.
func accounts(t *testing.T, o *organization, s org.Source) (got []org.Account, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.Base = awstest.Config(o, "eu-west-1")
		got, err = s.Accounts(t.Context())
	})
	return got, err
}

func ids(all []org.Account) []string {
	var list []string
	for _, a := range all {
		list = append(list, a.ID)
	}
	return list
}

// account is what Organizations says of id, with more members.
func account(id, more string) string {
	const arn = "arn:aws:organizations::999900001111:account/o-aaaaaaaaaa/"
	return fmt.Sprintf(`{"Id":%q,"Arn":%q%s}`, id, arn+id, more)
}

func TestAccountsAreReadInFull(t *testing.T) {
	o := &organization{accounts: map[string][]string{"": {
		`{"Id":"404455566677","Arn":"arn:aws-cn:organizations::999900001111:account/o-aaaaaaaaaa/404455566677",` +
			`"Name":"shop","Email":"shop@example.com","State":"ACTIVE","JoinedTimestamp":1772618400}`,
		"",
		account("012200330044", `,"State":"CLOSED"`),
		"",
	}}}
	got, err := accounts(t, o, org.Source{MemberRoleName: "stack-read"})
	if err != nil {
		t.Fatal(err)
	}
	want := []org.Account{
		{
			ID: "012200330044", ARN: "arn:aws:organizations::999900001111:account/o-aaaaaaaaaa/012200330044",
			State: org.Closed, Role: "arn:aws:iam::012200330044:role/stack-read", Partition: "aws",
			Record: map[string]any{
				"Id": "012200330044", "State": "CLOSED",
				"Arn": "arn:aws:organizations::999900001111:account/o-aaaaaaaaaa/012200330044",
			},
		},
		{
			ID: "404455566677", Name: "shop", Email: "shop@example.com", State: org.Active,
			ARN:    "arn:aws-cn:organizations::999900001111:account/o-aaaaaaaaaa/404455566677",
			Joined: time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC),
			Role:   "arn:aws-cn:iam::404455566677:role/stack-read", Partition: "aws-cn",
			Record: map[string]any{
				"Id": "404455566677", "Name": "shop", "Email": "shop@example.com", "State": "ACTIVE",
				"Arn":             "arn:aws-cn:organizations::999900001111:account/o-aaaaaaaaaa/404455566677",
				"JoinedTimestamp": "2026-03-04T10:00:00Z",
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	// The empty second and fourth pages did not end it, and no page was asked for twice.
	asked := []string{"ListAccounts", "ListAccounts t", "ListAccounts tt", "ListAccounts ttt"}
	if diff := cmp.Diff(asked, o.asked); diff != "" {
		t.Errorf("asked: -want +got\n%s", diff)
	}
}

func TestStateComesBeforeStatus(t *testing.T) {
	for _, c := range []struct {
		name, says string
		want       org.State
	}{
		{"active", `,"State":"ACTIVE"`, org.Active},
		{"pending activation", `,"State":"PENDING_ACTIVATION"`, org.PendingActivation},
		{"suspended", `,"State":"SUSPENDED"`, org.Suspended},
		{"pending closure", `,"State":"PENDING_CLOSURE"`, org.PendingClosure},
		{"closed, which Status calls suspended", `,"State":"CLOSED","Status":"SUSPENDED"`, org.Closed},
		{"only the retired Status", `,"Status":"ACTIVE"`, org.Active},
		{"neither", ``, org.Unknown},
		{"a state we have not heard of", `,"State":"DREAMING"`, org.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &organization{accounts: map[string][]string{"": {account("012200330044", c.says)}}}
			got, err := accounts(t, o, org.Source{MemberRoleName: "r"})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != 1 || got[0].State != c.want || got[0].ID != "012200330044" {
				t.Errorf("got %v, want 012200330044 %s", got, c.want)
			}
		})
	}
}

func TestTheOrganizationsRoleIsEnteredFirst(t *testing.T) {
	o := &organization{accounts: map[string][]string{"": {account("012200330044", "")}}}
	_, err := accounts(t, o, org.Source{
		OrganizationRoleARN: "arn:aws:iam::999900001111:role/org/lister", ExternalID: "secret/1", Session: "run-1",
		MemberRoleName: "r",
	})
	want := []string{"AssumeRole arn:aws:iam::999900001111:role/org/lister secret/1 run-1", "ListAccounts"}
	if diff := cmp.Diff(want, o.asked); diff != "" || err != nil {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
}

func TestOrganizationsIsAskedOneThingAtATimeFiveTimesASecond(t *testing.T) {
	o := &organization{accounts: map[string][]string{
		"": append(make([]string, 25), account("012200330044", "")),
	}}
	synctest.Test(t, func(t *testing.T) {
		var times []time.Duration
		start := time.Now()
		base := awstest.Config(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			times = append(times, time.Since(start))
			o.ServeHTTP(w, r)
		}), "eu-west-1")
		if _, err := (org.Source{Base: base, MemberRoleName: "r"}).Accounts(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(times) != 26 {
			t.Fatalf("%d calls, want 26", len(times))
		}
		for i := range times[1:] {
			if gap := times[i+1] - times[i]; gap < 199*time.Millisecond || gap > 201*time.Millisecond {
				t.Errorf("call %d came %s after the one before it, want 200 ms", i+1, gap)
			}
		}
	})
}

func TestRolesInsteadOfAnOrganization(t *testing.T) {
	o := &organization{}
	got, err := accounts(t, o, org.Source{
		RoleARNs: []string{
			"arn:aws:iam::404455566677:role/team/reader", "arn:aws-us-gov:iam::012200330044:role/r",
			"arn:aws:iam::404455566688:role/reader",
		},
		Excluded: []string{"404455566688"},
	})
	want := []org.Account{
		{ID: "012200330044", Name: "Account 012200330044", State: org.Active, Partition: "aws-us-gov",
			Role: "arn:aws-us-gov:iam::012200330044:role/r"},
		{ID: "404455566677", Name: "Account 404455566677", State: org.Active, Partition: "aws",
			Role: "arn:aws:iam::404455566677:role/team/reader"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
	if len(o.asked) > 0 {
		t.Errorf("asked %v, want nothing", o.asked)
	}
}

func TestThrottlesAreWaitedOut(t *testing.T) {
	o := &organization{accounts: map[string][]string{"": {account("012200330044", "")}}}
	calls := 0
	synctest.Test(t, func(t *testing.T) {
		base := awstest.Config(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if calls++; calls < 9 {
				refuse(w, refusal{400, "TooManyRequestsException", "Another is in progress."})
				return
			}
			o.ServeHTTP(w, r)
		}), "eu-west-1")
		base.Retryer = func() aws.Retryer { return access.NewRetryer() }
		got, err := org.Source{Base: base, MemberRoleName: "r"}.Accounts(t.Context())
		if err != nil || !slices.Equal(ids(got), []string{"012200330044"}) {
			t.Errorf("got %v, %v", got, err)
		}
	})
}
