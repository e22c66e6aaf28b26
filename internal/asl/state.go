package asl

import (
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// kinds are the states, by Type.
func kinds() map[string]shape {
	return map[string]shape{
		"Task": shape{
			required: []string{"Resource"},
			fields: fields{
				"Resource": matching(function, "ARN of a function"), "TimeoutSeconds": seconds, "TimeoutSecondsPath": path,
				"HeartbeatSeconds": seconds, "HeartbeatSecondsPath": path,
			},
			most: [][]string{{"TimeoutSeconds", "TimeoutSecondsPath"}, {"HeartbeatSeconds", "HeartbeatSecondsPath"}},
		}.with(through, worked, failing),
		"Pass": shape{fields: fields{"Result": nothing}}.with(through, worked),
		"Wait": shape{
			fields: fields{"Seconds": seconds, "SecondsPath": path, "Timestamp": timestamp, "TimestampPath": path},
			one:    [][]string{{"Seconds", "SecondsPath", "Timestamp", "TimestampPath"}},
		}.with(through),
		"Choice": shape{
			required: []string{"Choices", "Default"}, // without a Default there are inputs that end the run
			fields:   fields{"Choices": list(choice), "Default": target},
		}.with(in),
		"Succeed": shape{}.with(in),
		"Fail": {
			fields: fields{"Error": text, "ErrorPath": path, "Cause": text, "CausePath": path},
			most:   [][]string{{"Error", "ErrorPath"}, {"Cause", "CausePath"}},
		},
		"Parallel": shape{
			required: []string{"Branches"},
			fields:   fields{"Branches": list(branch)},
		}.with(through, worked, failing),
		"Map": shape{
			required: []string{"ItemProcessor"},
			fields: fields{
				"ItemsPath": path, "ItemSelector": inItem(payload), "MaxConcurrency": whole(0, 10_000), "MaxConcurrencyPath": path,
				"ItemProcessor": nothing, "ItemReader": of(itemReader), "Label": matching(label, "label"),
				"ToleratedFailurePercentage": number(0, 100), "ToleratedFailureCount": whole(0, 100_000_000),
			},
			most: [][]string{{"MaxConcurrency", "MaxConcurrencyPath"}, {"ItemsPath", "ItemReader"}},
			also: processor,
		}.with(through, worked, failing),
	}
}

// What several states have.
var (
	in      = shape{fields: fields{"InputPath": pathOrNull, "OutputPath": pathOrNull}}
	through = shape{
		fields: fields{"InputPath": pathOrNull, "OutputPath": pathOrNull, "Next": target, "End": isTrue},
		one:    [][]string{{"Next", "End"}},
	}
	worked  = shape{fields: fields{"Parameters": payload, "ResultPath": referenceOrNull}}
	failing = shape{fields: fields{"ResultSelector": payload, "Retry": retriers, "Catch": catchers}}
)

// nested is a machine within a state.
var nested = shape{
	required: machine.required,
	fields:   fields{"Comment": text, "StartAt": text, "States": nothing},
}

func branch(c *checker, at place, v *yaml.Node) {
	c.object(v, at, nested)
	states(c, at, v)
}

// itemReader reads a list from S3. Buckets and keys of other forms exist, which we have no use for.
var itemReader = shape{
	required: []string{"Resource", "ReaderConfig", "Parameters"},
	fields: fields{
		"Resource": matching(reader, "ARN such as arn:aws:states:::s3:getObject"),
		"ReaderConfig": of(shape{
			required: []string{"InputType"},
			fields:   fields{"InputType": oneOf("JSON"), "MaxItems": whole(1, 100_000_000)},
		}),
		"Parameters": func(c *checker, at place, v *yaml.Node) {
			payload(c, at, v)
			c.object(v, at, shape{
				fields: fields{"Bucket": text, "Bucket.$": nothing, "Key": text, "Key.$": nothing},
				one:    [][]string{{"Bucket", "Bucket.$"}, {"Key", "Key.$"}},
			})
		},
	},
}

// with adds what several states have.
func (s shape) with(others ...shape) shape {
	s.fields = maps.Clone(s.fields)
	if s.fields == nil {
		s.fields = fields{}
	}
	for _, o := range others {
		maps.Copy(s.fields, o.fields)
		s.one = slices.Concat(s.one, o.one)
	}
	return s
}

// inItem is a rule for what is evaluated once for each item of a map.
func inItem(r rule) rule {
	return func(c *checker, at place, v *yaml.Node) {
		at.item = true
		r(c, at, v)
	}
}

// processor checks what a map does with its items.
func processor(c *checker, at place, n *yaml.Node) {
	v := field(n, "ItemProcessor")
	if v == nil {
		return
	}
	config := field(v, "ProcessorConfig")
	distributed := config != nil && value(config, "Mode") == "DISTRIBUTED"
	at.child, at.item = at.child || distributed, !distributed
	c.object(v, at, nested.with(shape{fields: fields{"ProcessorConfig": nothing}}))
	states(c, at, v)
	if config != nil {
		s := shape{required: []string{"Mode"}, fields: fields{"Mode": oneOf("INLINE", "DISTRIBUTED")}}
		if distributed {
			// An Express child lives five minutes, a function may take fifteen.
			s.required = append(s.required, "ExecutionType")
			s.fields["ExecutionType"] = oneOf("STANDARD")
		}
		c.object(config, at, s)
	}
	for _, name := range []string{"ItemReader", "Label", "ToleratedFailurePercentage", "ToleratedFailureCount"} {
		if w := field(n, name); w != nil && !distributed {
			c.complain(w, at, "%s is for a map of Mode DISTRIBUTED", name)
		}
	}
}
