package doctor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/doctor"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

// provocation is a way to come by a finding.
type provocation struct {
	finding string
	spoil   func(*scene)
	account string // that it is about
	says    string
	next    string // a part of the command; "" = there is none
	also    string // other findings that it leads to
}

const (
	scp      = "arn:aws:organizations::999999999999:policy/o-1/service_control_policy/p-abc123"
	dev2reg  = ohio
	startRun = "aws stepfunctions start-execution --state-machine-arn " + machine + " --input '{}'"
	deploy   = "sam build && sam deploy"
)

func (s *scene) noMachine() { s.doctor.Machine = "" }

func (s *scene) byRoles(roles ...string) {
	s.doctor.Org.RoleARNs, s.doctor.Org.MemberRoleName = roles, ""
}

func (s *scene) denyEntry(end string) { s.refuse("AssumeRole", "AccessDenied", assumed(end)) }

// provocations are in the order of doctor.Findings.
var provocations = []provocation{
	{"IdentityUnknown", func(s *scene) { s.refuse("GetCallerIdentity", "ExpiredToken", "The security token is expired") },
		"", "expired", "aws sts get-caller-identity", ""},
	{"Unseen", func(s *scene) { s.refuse("scheduler /schedules", "AccessDeniedException", "not authorized to list") },
		"", "scheduler:ListSchedules: not authorized to list", "", ""},
	{"Unseen", func(s *scene) { s.refuse("lambda /2016-08-19/account-settings", "AccessDeniedException", "no") }, "", "lambda:GetAccountSettings", "", ""},
	{"Unseen", func(s *scene) { s.refuse("ListExecutions", "AccessDeniedException", "no") }, "", "states:ListExecutions", "", ""},
	{"Unseen", func(s *scene) { s.refuse("DescribeOrganizationsAccess", "AccessDenied", "no") }, "", "cloudformation:DescribeOrganizationsAccess", "", ""},
	{"PortSecretUnreadable", func(s *scene) {
		s.doctor.Port = s.portClient(direct{s.port}, &access.SecretError{ARN: secretARN, Err: errors.New("it lacks clientId or clientSecret")})
	}, "", "lacks clientId", "aws secretsmanager get-secret-value --secret-id " + secretARN, ""},
	{"PortUnauthorized", func(s *scene) {
		s.doctor.Port = s.portClient(direct{porttest.New(porttest.Options{Credentials: map[string]string{"other": "other"}})}, nil)
	}, "", "401", "aws secretsmanager put-secret-value --secret-id " + secretARN, ""},
	{"PortForbidden", func(s *scene) {
		s.port.Fault(porttest.Rule{Route: "GET /v1/organization", Do: porttest.Fail{Status: 403}})
	}, "", "403", "checkip", ""},
	{"PortForbidden", func(s *scene) {
		s.port.Fault(porttest.Rule{Route: "GET /v1/blueprints", Do: porttest.Fail{Status: 403}})
	}, "", "403", "checkip", ""},
	{"PortUnreachable", func(s *scene) { s.doctor.Port = s.portClient(nowhere{}, nil) },
		"", "no route to host", "http://port.test/v1/organization", ""},
	{"PortReadOnly", func(s *scene) {
		s.port.Fault(porttest.Rule{Route: "POST /v1/blueprints/{bp}/entities/bulk", Do: porttest.Fail{Status: 403}})
	}, "", "entities of instance", "put-secret-value", ""},
	{"IntegrationMissing", func(s *scene) {
		s.port = porttest.New(porttest.Options{})
		s.doctor.Port = s.portClient(direct{s.port}, nil)
	}, "", `no integration "aws-test"`, "IntegrationIdentifier=", ""},
	{"MappingEmpty", func(s *scene) { s.must(s.port.EditConfig(integrated, map[string]any{})) }, "", "no mapping", "", ""},
	{"MappingInvalid", func(s *scene) {
		b := block("AWS::S3::Bucket", "bucket")
		b["selector"] = map[string]any{"query": ".Properties |"}
		s.must(s.port.EditConfig(integrated, config(b)))
	}, "", "resources[3].selector.query", "make check-mapping", ""},
	{"BlueprintMissing", func(s *scene) { s.must(s.port.EditConfig(integrated, config(block("AWS::ECS::Cluster", "cluster")))) },
		"", "no blueprint cluster", "", ""},
	{"KindUnknown", func(s *scene) { s.must(s.port.EditConfig(integrated, config(block("S3 bucket", "bucket")))) },
		"", "resources[3].kind: S3 bucket", "", ""},

	{"OrganizationDenied", func(s *scene) {
		s.world.Fault(awstest.Rule{Operation: "organizations:ListAccounts", Fail: awstest.Deny})
	},
		"", "organizations:ListAccounts", "aws organizations describe-organization", ""},
	{"OrganizationUnavailable", func(s *scene) {
		s.world.Fault(awstest.Rule{Operation: "organizations:ListAccounts", Fail: awstest.Broken})
	}, "", "the next run asks again", "", ""},
	{"SelectionInvalid", func(s *scene) { s.doctor.Org.OUs = []string{"ou-1"} }, "", "OU_IDS (OuIds)", "", ""},
	{"NoAccounts", func(s *scene) { s.doctor.Org.Excluded = []string{prod, dev} }, "", "2 in EXCLUDED_ACCOUNTS", "aws organizations list-accounts", ""},
	{"NoAccounts", func(s *scene) { s.world.SetState(prod, "SUSPENDED"); s.world.SetState(dev, "CLOSED") },
		"", "none of the 2 accounts is active", "aws organizations list-accounts", "AccountNotActive"},
	{"TrustedAccessOff", func(s *scene) { s.access = "DISABLED" }, "", "DISABLED", "aws cloudformation activate-organizations-access", ""},
	{"StackSetMissing", func(s *scene) { s.stackSet = nil }, "", "hub-member-roles", "", ""},
	{"RoleNameDiffers", func(s *scene) { s.stackSet["RoleName"] = "writer" }, "", "makes writer, the functions enter reader", deploy, ""},

	{"ScheduleMissing", func(s *scene) { s.schedule = "" }, "", "no schedule calls hub-discover", deploy, ""},
	{"ScheduleOff", func(s *scene) { s.schedule = "DISABLED" }, "", "hub-tick", "ScheduleState=ENABLED", ""},
	{"ConcurrencyLow", func(s *scene) { s.limit = 8 }, "", "8 functions at once", "request-service-quota-increase", ""},
	{"NeverRan", func(s *scene) { s.doctor.Identifier = "other" }, "", "no run", startRun, ""},
	{"NeverRan", func(s *scene) { s.noMachine(); s.doctor.Identifier = "other" }, "", "no run", "make try APPLY=1", ""},
	{"RunFailed", func(s *scene) { s.execution, s.errorName = "FAILED", "MappingEmpty" },
		"", "run newest: FAILED MappingEmpty: the mapping has no blocks", startRun, ""},
	{"RunFailed", func(s *scene) { s.execution = "TIMED_OUT" }, "", "run newest: TIMED_OUT", startRun, ""},
	{"RunsStayAway", func(s *scene) { s.began = s.began.Add(-12 * time.Hour) },
		"", "rate(6 hours)", "aws logs tail /aws/lambda/hub-discover --since 1d --region eu-west-1", ""},
	{"RunsStayAway", func(s *scene) { s.execution = "" }, "", "rate(6 hours)", "aws logs tail", ""},
	{"RunUnderWay", func(s *scene) { s.lock("r", 2, time.Hour) }, "", "run r has the lock", "", ""},
	{"StateUnreadable", func(s *scene) { s.doctor.Store = broken{} }, "", "the bucket does not answer", "StateBucketName=", ""},
	{"StateNewerThanCode", func(s *scene) {
		_, err := s.doctor.Store.Put(s.Context(), "state/"+porttest.OrgID+"/aws-v3/"+integrated+"/lock.json", []byte(`{"format": 99}`), ledger.Condition{})
		s.must(err)
	}, "", "format 99", deploy, ""},
	{"LockLeft", func(s *scene) { s.lock("r", 2, -time.Minute) }, "", "run r had the lock", startRun, ""},
	{"LeaseLive", func(s *scene) {
		lock := s.lock("r", 2, time.Hour)
		_, err := s.ledger().Take(s.Context(), prod, ledger.Lease{Fence: 2, Nonce: "n", Run: "r", Until: time.Now().Add(time.Hour)}, ledger.Syncing)
		s.must(err)
		s.must(s.ledger().Release(s.Context(), lock))
	}, "", "1 accounts", "", ""},
	{"RunIncomplete", func(s *scene) {
		lift := s.world.Fault(awstest.Rule{Account: dev, Operation: "ec2:DescribeInstances", Fail: awstest.Deny})
		s.run()
		lift()
	}, "", "1 of 2 accounts", `{"retry": "run-1"}`, "AccountRecovered"},

	{"AccountNotActive", func(s *scene) { s.world.SetState(dev, "SUSPENDED") }, dev, "SUSPENDED", "describe-account --account-id " + dev, ""},
	{"AccountNotActive", func(s *scene) {
		s.byRoles(access.RoleARN("aws", prod, "reader"), access.RoleARN("aws", dev, "reader"))
		s.world.SetState(dev, "CLOSED")
	}, dev, "CLOSED", "describe-account", ""},
	{"HubNotAllowed", func(s *scene) {
		s.denyEntry(" because no identity-based policy allows the sts:AssumeRole action")
	}, dev, "allow it sts:AssumeRole", "simulate-principal-policy --policy-source-arn " + syncRole, ""},
	{"EntryForbidden", func(s *scene) { s.denyEntry(" with an explicit deny in a service control policy: " + scp) },
		dev, "service control policy", "aws organizations describe-policy --policy-id p-abc123", ""},
	{"RoleMissing", func(s *scene) { s.denyEntry(""); delete(s.instances, dev) },
		dev, "no instance", "Accounts=" + dev + ",AccountFilterType=INTERSECTION", "TrustRefused"},
	{"RoleMissing", func(s *scene) { s.world.SetState(hub, "ACTIVE"); s.denyEntry("") }, // which StackSets skip
		hub, "the management account", "TrustedPrincipalARN=" + syncRole, "TrustRefused"},
	{"StackInstanceFailed", func(s *scene) { s.denyEntry(""); s.instances[dev] = "OUTDATED reader already exists" },
		dev, "OUTDATED: reader already exists", "create-stack-instances", "TrustRefused"},
	{"ExternalIdWrong", func(s *scene) { s.stackSet["ExternalId"] = "another"; s.denyEntry("") }, dev, "another ExternalId", deploy, ""},
	{"TrustRefused", func(s *scene) { s.stackSet["TrustedPrincipalARN"] = syncRole + "-old"; s.denyEntry("") },
		dev, "trusts " + syncRole + "-old, and " + syncRole + " enters it", deploy, ""},
	{"TrustRefused", func(s *scene) { s.denyEntry("") }, dev, "changed or deleted it", "detect-stack-set-drift --stack-set-name hub-member-roles", ""},
	{"RoleRefused", func(s *scene) { s.stackSet = nil; s.denyEntry("") },
		dev, "the role is missing, does not trust our identity", "aws iam get-role --role-name reader", "StackSetMissing"},
	{"RoleRefused", func(s *scene) {
		s.byRoles(access.RoleARN("aws", dev, "reader"))
		s.denyEntry("")
	}, dev, "it has to trust " + syncRole, "aws iam get-role --role-name reader", ""},
	{"EntryFailed", func(s *scene) {
		s.refuse("AssumeRole", "RegionDisabledException", "STS is not activated in this region")
	},
		dev, "not activated", "", ""},
	{"RegionsUnknown", func(s *scene) {
		s.world.Fault(awstest.Rule{Account: dev, Operation: "account:ListRegions", Fail: awstest.Deny})
		s.refuse("DescribeRegions", "UnauthorizedOperation", "no")
	}, dev, "ec2:DescribeRegions", "account:ListRegions ec2:DescribeRegions", ""},
	{"RegionDenied", func(s *scene) { s.world.Fault(awstest.Rule{Account: dev, Region: dev2reg, Fail: awstest.SCP}) },
		dev, "service control policy: us-east-2", "list-policies-for-target --filter SERVICE_CONTROL_POLICY --target-id " + dev, ""},
	{"RegionDenied", func(s *scene) { // where the service that is asked first has trouble of its own
		s.world.Fault(awstest.Rule{Account: dev, Region: dev2reg, Operation: "ec2:DescribeInstances", Fail: awstest.Broken})
		s.world.Fault(awstest.Rule{Account: dev, Region: dev2reg, Operation: "sns:ListTopics", Fail: awstest.SCP})
	}, dev, "service control policy: us-east-2", "list-policies-for-target", ""},
	{"RegionDenied", func(s *scene) { // which only a bucket tells
		s.world.Put(dev, "s3", dev2reg, "aaa-22", "team=core")
		s.world.Fault(awstest.Rule{Account: dev, Region: dev2reg, Operation: "s3:GetBucketTagging", Fail: awstest.SCP})
		s.world.Remove(dev, "s3", ireland, "logs-22")
	}, dev, "service control policy: us-east-2", "list-policies-for-target", ""},
	{"ActionDenied", func(s *scene) {
		s.world.Fault(awstest.Rule{Account: dev, Operation: "ec2:DescribeInstances", Fail: awstest.Deny})
	}, dev, "a policy that AWS does not name: ec2:DescribeInstances (AWS::EC2::Instance)", "--action-names ec2:DescribeInstances", ""},
	{"ActionDenied", func(s *scene) { // one that only an item leads to
		s.world.Fault(awstest.Rule{Account: dev, Operation: "s3:GetBucketTagging", Fail: awstest.Deny})
	}, dev, "s3:GetBucketTagging (AWS::S3::Bucket)", "--action-names s3:GetBucketTagging", ""},
	{"ActionDenied", func(s *scene) {
		s.refuse("DescribeInstances", "UnauthorizedOperation", "User: x is not authorized to perform: ec2:DescribeInstances "+
			"because no identity-based policy allows the ec2:DescribeInstances action")
	}, dev, "no identity-based policy allows it: ec2:DescribeInstances", deploy, ""},
	{"KindFailed", func(s *scene) {
		s.world.Fault(awstest.Rule{Account: dev, Operation: "sns:ListTopics", Fail: awstest.Broken})
	}, dev, "AWS::SNS::Topic in eu-west-1", "", ""},
	{"RoleOld", func(s *scene) { s.version = "0.9.0" }, dev, "version 0.9.0, the functions of 1.0.0", deploy, ""},
	{"RoleOld", func(s *scene) { s.version = "" }, dev, "does not say its version", deploy, ""},
	{"RoleOld", func(s *scene) {
		s.byRoles(access.RoleARN("aws", dev, "reader"))
		s.refuse("ListRoleTags", "AccessDenied", "no")
	}, dev, "does not say its version", "RoleName=reader TrustedPrincipalARN=" + syncRole, ""},
	{"AccountRecovered", func(s *scene) {
		lift := s.world.Fault(awstest.Rule{Account: dev, Operation: "ec2:DescribeInstances", Fail: awstest.Deny})
		s.run()
		lift()
	}, dev, "run-1", `{"retry": "run-1"}`, "RunIncomplete"},
	{"AccountReadable", func(*scene) {}, dev, "2 regions, 3 kinds", "", ""},
}

func TestWhatIsWrongIsFoundAndTheCommandThatMendsIt(t *testing.T) {
	for _, p := range provocations {
		t.Run(p.finding, func(t *testing.T) {
			r := examine(t, p.spoil)
			i := slices.IndexFunc(r.Findings, func(f doctor.Finding) bool { return f.Name == p.finding && f.Account == p.account })
			if i < 0 {
				t.Fatalf("not found\n%s", r.Text())
			}
			f := r.Findings[i]
			if !strings.Contains(f.Message, p.says) || !strings.Contains(f.Next, p.next) || (f.Next == "") != (p.next == "") {
				t.Errorf("says %q\n-> %s\nwant %q -> %s", f.Message, f.Next, p.says, p.next)
			}
			if line := f.String(); strings.Contains(line, "\n") {
				t.Errorf("it takes several lines: %s", line)
			}
			for _, other := range r.Findings {
				if other.Name != p.finding && other.Name != p.also && other.Level != doctor.Note {
					t.Errorf("also found: %s", other)
				}
			}
		})
	}
}

// broken is a store that cannot be read.
type broken struct{ ledger.Store }

func (broken) Get(context.Context, string) ([]byte, string, error) {
	return nil, "", errors.New("the bucket does not answer")
}

// elsewhere are the findings that another test provokes.
var elsewhere = []string{"FunctionRoleRefused", "AccountNotSelected"}

func TestEveryFindingIsProvokedAndSaysWhatToDo(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range doctor.Findings() {
		if seen[e.Name] || e.Means == "" || e.Cure == "" || !strings.HasSuffix(e.Means, ".") {
			t.Errorf("%s comes twice, or lacks what it means or what to do", e.Name)
		}
		seen[e.Name] = true
		provoked := slices.ContainsFunc(provocations, func(p provocation) bool { return p.finding == e.Name })
		if provoked == slices.Contains(elsewhere, e.Name) {
			t.Errorf("%s: provoked is %t", e.Name, provoked)
		}
	}
	for _, p := range provocations {
		if !seen[p.finding] {
			t.Errorf("%s is not among the findings", p.finding)
		}
	}
}
