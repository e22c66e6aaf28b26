package access_test

import (
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
)

func TestARefusalSaysWhichActionAndWhichPolicy(t *testing.T) {
	const who = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: "
	for message, want := range map[string]access.Refusal{
		who + "s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action": {
			Action: "s3:ListAllMyBuckets", By: "no identity-based policy allows it"},
		who + "ec2:DescribeInstances with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1": {
			Action: "ec2:DescribeInstances", By: "explicit deny in arn:aws:organizations::1:policy/o-1/service_control_policy/p-1"},
		"You are not authorized to perform this operation. " + who + "ec2:DescribeVolumes with an explicit deny in a service control policy": {
			Action: "ec2:DescribeVolumes", By: "explicit deny in service control policy"},
		who + "sqs:ListQueues because no service control policy allows the sqs:ListQueues action": {
			Action: "sqs:ListQueues", By: "no service control policy allows it"},
		who + "sns:ListTopics because no permissions boundary allows the sns:ListTopics action": {
			Action: "sns:ListTopics", By: "no permissions boundary allows it"},
		who + "sns:ListTopics with an explicit deny in an identity-based policy": {
			Action: "sns:ListTopics", By: "explicit deny in identity-based policy"},
		"Access Denied": {},
	} {
		if got := access.Refused(message); got != want {
			t.Errorf("%s\ngot  %+v\nwant %+v", message, got, want)
		}
	}
}
