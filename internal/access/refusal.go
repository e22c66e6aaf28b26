package access

import (
	"cmp"
	"regexp"
)

// Refusal is what AWS says of an action that it refuses; empty where it does not say.
type Refusal struct {
	Action string // ec2:DescribeInstances
	By     string // which sort of policy, with its ARN if AWS names it
}

var (
	refusedAction = regexp.MustCompile(`not authorized to perform: ([\w-]+:\w+)`)
	explicitDeny  = regexp.MustCompile(`with an explicit deny in an? ([\w -]+policy|permissions boundary)(?:: (arn:\S+))?`)
	nothingAllows = regexp.MustCompile(`because no ([\w -]+policy|permissions boundary) allows`)
)

// Refused reads a message of AWS, in the wordings of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html. Many services say less.
func Refused(message string) (r Refusal) {
	if m := refusedAction.FindStringSubmatch(message); m != nil {
		r.Action = m[1]
	}
	if m := explicitDeny.FindStringSubmatch(message); m != nil {
		r.By = "explicit deny in " + cmp.Or(m[2], m[1])
	} else if m := nothingAllows.FindStringSubmatch(message); m != nil {
		r.By = "no " + m[1] + " allows it"
	}
	return r
}
