package run_test

import "strings"

func blueprint(name string, relations map[string]any, properties ...string) map[string]any {
	schema := map[string]any{}
	for _, p := range properties {
		key, kind, _ := strings.Cut(p, " ")
		schema[key] = map[string]any{"type": kind}
	}
	return object{
		"identifier": name, "title": name, "relations": relations, "schema": object{"properties": schema},
	}
}

// relations are to one entity each, named by its blueprint.
func relations(targets ...string) object {
	all := object{}
	for _, target := range targets {
		all[target] = object{"target": target, "required": false, "many": false}
	}
	return all
}

func blueprints() []map[string]any {
	account := relations("account")
	return []map[string]any{
		blueprint("account", nil),
		blueprint("instance", account, "owner string", "region string"),
		blueprint("bucket", account, "tags array", "tagged boolean"),
		blueprint("cluster", account, "name string", "owner string"),
		blueprint("topic", account, "display string"),
		blueprint("service", relations("bucket"), "note string"), // people's own
	}
}

type object = map[string]any

// block is an entry of the mapping's resources.
func block(kind, blueprint, identifier string, properties object) object {
	m := object{"identifier": identifier, "blueprint": `"` + blueprint + `"`, "properties": properties}
	if kind == "AWS::Account::Info" {
		m["title"] = ".Properties.Name"
	} else {
		m["relations"] = object{"account": ".__ExtraContext.AccountId"}
	}
	b := object{"kind": kind, "port": object{"entity": object{"mappings": m}}}
	return selecting(b, "true")
}

func accounts() object { return block("AWS::Account::Info", "account", ".Properties.Id", object{}) }

func instances() object {
	return block("AWS::EC2::Instance", "instance", ".Properties.InstanceId", object{
		"owner":  `first(.Properties.Tags[]? | select(.Key == "owner") | .Value) // null`,
		"region": ".__ExtraContext.Region",
	})
}

func buckets() object {
	return block("AWS::S3::Bucket", "bucket", ".Properties.BucketName", object{
		"tags": ".Properties.Tags", "tagged": ".Properties.Tags | length > 0"})
}

func clusters() object {
	return block("AWS::ECS::Cluster", "cluster", ".Properties.ClusterArn", object{
		"name":  ".Properties.ClusterName",
		"owner": `first(.Properties.Tags[]? | select(.key == "owner") | .value) // null`,
	})
}

func topics() object {
	return block("AWS::SNS::Topic", "topic", ".Properties.TopicArn", object{"display": ".Properties.DisplayName"})
}

// config is a mapping of blocks.
func config(blocks ...any) object { return object{"resources": blocks} }

// mapping is that of all kinds, with options as name, value, name, value.
func mapping(options ...any) object {
	m := config(accounts(), instances(), buckets(), clusters(), topics())
	for i := 0; i+1 < len(options); i += 2 {
		m[options[i].(string)] = options[i+1]
	}
	return m
}

// selecting is a block whose selector is query.
func selecting(b object, query string) object {
	b["selector"] = object{"query": query}
	return b
}

// change changes a block's mappings.
func change(b object, key string, value any) object {
	b["port"].(object)["entity"].(object)["mappings"].(object)[key] = value
	return b
}

// unbound is mapping with no bound on what one run may delete.
func unbound() object { return mapping("entityDeletionThreshold", 1) }

// strictTopic is the blueprint of topics that may only have these display names.
func strictTopic(names ...any) map[string]any {
	b := blueprint("topic", relations("account"), "display string")
	b["schema"].(object)["properties"].(object)["display"].(object)["enum"] = names
	return b
}
