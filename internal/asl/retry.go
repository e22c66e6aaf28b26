package asl

import (
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// retriers is what Retry lists.
var retriers = handlers(shape{
	required: []string{"ErrorEquals"},
	fields: fields{
		"ErrorEquals": list(errorName), "Comment": text, "IntervalSeconds": seconds, "MaxAttempts": whole(0, 99_999_999),
		"BackoffRate": number(1, 1e6), "MaxDelaySeconds": whole(1, 31_622_400), "JitterStrategy": oneOf("FULL", "NONE"),
	},
	also: func(c *checker, at place, n *yaml.Node) {
		first, err := strconv.Atoi(value(n, "IntervalSeconds"))
		if most, e := strconv.Atoi(value(n, "MaxDelaySeconds")); err == nil && e == nil && most <= first {
			c.complain(n, at, "MaxDelaySeconds must be more than IntervalSeconds")
		}
	},
})

// catchers is what Catch lists.
var catchers = handlers(shape{
	required: []string{"ErrorEquals", "Next"},
	fields:   fields{"ErrorEquals": list(errorName), "Comment": text, "Next": target, "ResultPath": referenceOrNull},
})

// handlers is a rule for a list of which the first that names an error has it.
func handlers(s shape) rule {
	return func(c *checker, at place, v *yaml.Node) {
		list(of(s))(c, at, v)
		c.order(at, v)
	}
}

func (c *checker) order(at place, v *yaml.Node) {
	seen := map[string]bool{}
	for i, h := range v.Content {
		names := field(resolved(h), "ErrorEquals")
		if names == nil {
			continue
		}
		for _, n := range names.Content {
			switch {
			case n.Value == "States.ALL" && (len(names.Content) > 1 || i < len(v.Content)-1):
				c.complain(n, at, "States.ALL must be alone, and last")
			case seen[n.Value]:
				c.complain(n, at, "%s is handled before, so never here", n.Value)
			case seen["States.TaskFailed"] && n.Value != "States.ALL" && n.Value != "States.Timeout":
				c.complain(n, at, "States.TaskFailed has handled %s before", n.Value)
			}
			seen[n.Value] = true
		}
	}
}

// awsErrors are the names that Step Functions and its tasks give, as far as one can handle them: nothing
// handles States.Runtime.
var awsErrors = []string{
	"Lambda.AWSLambdaException", "Lambda.ClientExecutionTimeoutException", "Lambda.ResourceNotReadyException",
	"Lambda.SdkClientException", "Lambda.ServiceException", "Lambda.TooManyRequestsException", "Lambda.Unknown",
	"States.ALL", "States.BranchFailed", "States.DataLimitExceeded", "States.ExceedToleratedFailureThreshold",
	"States.HeartbeatTimeout", "States.IntrinsicFailure", "States.ItemReaderFailed", "States.NoChoiceMatched",
	"States.ParameterPathFailure", "States.Permissions", "States.ResultPathMatchFailure", "States.ResultWriterFailed",
	"States.TaskFailed", "States.Timeout",
}

func errorName(c *checker, at place, v *yaml.Node) {
	if v.Tag != "!!str" || !slices.Contains(awsErrors, v.Value) && !slices.Contains(c.declared, v.Value) {
		c.complain(v, at, "%q is the name of no error", v.Value)
	}
}
