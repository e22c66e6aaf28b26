package doctor_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
)

// serve answers for AWS: what the hub asks of its own services here, all else the World.
func (s *scene) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	s.must(err)
	r.Body = io.NopCloser(bytes.NewReader(body))
	c, err := awstest.Read(r)
	s.must(err)
	r.Body = io.NopCloser(bytes.NewReader(body))
	service, _, _ := strings.Cut(r.Host, ".")
	operation := c.Operation
	if operation == "" {
		operation = service + " " + c.Path
	}
	if no, refused := s.refusals[operation]; refused {
		s.complain(w, service, no[0], no[1])
		return
	}
	switch operation {
	case "GetCallerIdentity":
		fmt.Fprint(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>999999999999</Account>"+
			"<Arn>arn:aws:sts::999999999999:assumed-role/hub-sync/s</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>")
	case "ListRoleTags":
		fmt.Fprintf(w, "<ListRoleTagsResponse><ListRoleTagsResult><Tags>%s</Tags></ListRoleTagsResult></ListRoleTagsResponse>",
			s.tag())
	case "DescribeStackSet":
		s.describeStackSet(w)
	case "ListStackInstances":
		fmt.Fprint(w, "<ListStackInstancesResponse><ListStackInstancesResult><Summaries>")
		for account, state := range s.instances {
			status, reason, _ := strings.Cut(state, " ")
			fmt.Fprintf(w, "<member><Account>%s</Account><Status>%s</Status><StatusReason>%s</StatusReason></member>", account, status, reason)
		}
		fmt.Fprint(w, "</Summaries></ListStackInstancesResult></ListStackInstancesResponse>")
	case "DescribeOrganizationsAccess":
		fmt.Fprintf(w, "<DescribeOrganizationsAccessResponse><DescribeOrganizationsAccessResult><Status>%s</Status>"+
			"</DescribeOrganizationsAccessResult></DescribeOrganizationsAccessResponse>", s.access)
	default:
		if !s.serveJSON(w, operation) {
			s.world.ServeHTTP(w, r)
		}
	}
}

func (s *scene) tag() string {
	if s.version == "" {
		return ""
	}
	return "<member><Key>port-aws-sync</Key><Value>" + s.version + "</Value></member>"
}

func (s *scene) describeStackSet(w http.ResponseWriter) {
	if s.stackSet == nil {
		s.complain(w, "cloudformation", "StackSetNotFoundException", "StackSet hub-member-roles not found")
		return
	}
	fmt.Fprintf(w, "<DescribeStackSetResponse><DescribeStackSetResult><StackSet><TemplateBody>%s</TemplateBody>"+
		"<OrganizationalUnitIds><member>r-ab12</member></OrganizationalUnitIds><Parameters>", s.template)
	for k, v := range s.stackSet {
		fmt.Fprintf(w, "<member><ParameterKey>%s</ParameterKey><ParameterValue>%s</ParameterValue></member>", k, v)
	}
	fmt.Fprint(w, "</Parameters></StackSet></DescribeStackSetResult></DescribeStackSetResponse>")
}

// serveJSON answers for the hub's services that speak JSON, if the operation is of one of them.
func (s *scene) serveJSON(w http.ResponseWriter, operation string) bool {
	var answer any
	arn := strings.Replace(machine, "stateMachine", "execution", 1) + ":newest"
	switch operation {
	case "lambda /2016-08-19/account-settings":
		answer = map[string]any{"AccountLimit": map[string]any{"UnreservedConcurrentExecutions": s.limit}}
	case "scheduler /schedules":
		list := []any{map[string]any{"Name": "hub-other", "State": "ENABLED", "Target": map[string]any{"Arn": "arn:aws:lambda:::function:hub-other"}}}
		if s.schedule != "" {
			list = append(list, map[string]any{"Name": "hub-tick", "GroupName": "default", "State": s.schedule,
				"LastModificationDate": time.Now().Add(-30 * 24 * time.Hour).Unix(),
				"Target":               map[string]any{"Arn": "arn:aws:lambda:eu-west-1:999999999999:function:hub-discover"}})
		}
		answer = map[string]any{"Schedules": list}
	case "scheduler /schedules/hub-tick":
		answer = map[string]any{"ScheduleExpression": s.expression}
	case "ListExecutions":
		list := []any{}
		if s.execution != "" {
			list = append(list, map[string]any{"executionArn": arn, "status": s.execution, "startDate": s.began.Unix()})
		}
		answer = map[string]any{"executions": list}
	case "DescribeExecution":
		answer = map[string]any{"executionArn": arn, "name": "newest", "status": s.execution, "error": s.errorName,
			"cause": `{"errorMessage": "the mapping has no blocks"}`}
	default:
		return false
	}
	s.must(json.NewEncoder(w).Encode(answer))
	return true
}

// complain refuses in the service's own words.
func (s *scene) complain(w http.ResponseWriter, service, code, message string) {
	switch service {
	case "lambda", "scheduler", "states", "organizations":
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(http.StatusBadRequest)
		s.must(json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message}))
	case "ec2":
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors></Response>", code, message)
	default:
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
	}
}

// assumed is the message of STS that ends like this.
func assumed(end string) string {
	return "User: " + syncRole + " is not authorized to perform: sts:AssumeRole on resource: " + access.RoleARN("aws", dev, "reader") + end
}
