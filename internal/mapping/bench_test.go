package mapping_test

import "testing"

// An EC2 block as people have it: paths, a constant, and the Name tag by expression.
func BenchmarkMap(b *testing.B) {
	paths := blockOf(b, `, "title": ".Id", "properties": {"type": ".Properties.InstanceType",
		"state": ".Properties.State.Name", "privateIp": ".Properties.PrivateIpAddress", "vpc":
			".Properties.VpcId",
		"tags": ".Properties.Tags", "region": ".__ExtraContext.Region"},
		"relations": {"account": ".__ExtraContext.AccountId"}`)
	tagged := blockOf(b, `,
		"title": "(.Properties.Tags // [] | map(select(.Key == \"Name\")) | first | .Value) // .Id",
		"properties": {"type": ".Properties.InstanceType", "state": ".Properties.State.Name"},
		"relations": {"account": ".__ExtraContext.AccountId"}`)
	resource := object(b, `{"Id": "i-0aa11", "Type": "AWS::EC2::Instance", "Properties": {"InstanceType":
		"t3.micro",
		"State": {"Name": "running"}, "PrivateIpAddress": "10.0.0.1", "VpcId": "vpc-1",
		"Tags": [{"Key": "env", "Value": "prod"}, {"Key": "Name", "Value": "till-42"}]},
		"__ExtraContext": {"AccountId": "404455566677", "Region": "eu-west-1"}}`)
	b.Run("ten paths", func(b *testing.B) {
		for b.Loop() {
			paths.Map(b.Context(), resource, nil)
		}
	})
	b.Run("name tag", func(b *testing.B) {
		for b.Loop() {
			tagged.Map(b.Context(), resource, nil)
		}
	})
	b.Run("encode", func(b *testing.B) {
		e := paths.Map(b.Context(), resource, nil).Entities[0]
		for b.Loop() {
			if _, _, err := e.Encode(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// Ten thousand instances by a mapping of 16 properties, as people have them: paths, the Name tag, a
// date, a regular expression.
func BenchmarkMapTenThousandInstances(b *testing.B) {
	block := blockOf(b, `,
		"title": "(.Properties.Tags // [] | map(select(.Key == \"Name\")) | first | .Value) // .Id",
		"properties": {"type": ".Properties.InstanceType", "state": ".Properties.State.Name",
			"zone": ".Properties.Placement.AvailabilityZone", "tenancy": ".Properties.Placement.Tenancy",
			"privateIp": ".Properties.PrivateIpAddress", "publicIp": ".Properties.PublicIpAddress",
			"vpc": ".Properties.VpcId", "subnet": ".Properties.SubnetId", "image": ".Properties.ImageId",
			"architecture": ".Properties.Architecture", "tags": ".Properties.Tags",
			"launched": ".Properties.LaunchTime", "region": ".__ExtraContext.Region",
			"arn": "\"arn:aws:ec2:\" + .__ExtraContext.Region + \":\" + .__ExtraContext.AccountId + \":instance/\" + .Id",
			"slug": ".Id | gsub(\"[^\\\\w]+\"; \"-\")",
			"owner": "first(.Properties.Tags[]? | select(.Key == \"owner\") | .Value) // \"nobody\""},
		"relations": {"account": ".__ExtraContext.AccountId"}`)
	resource := object(b, `{"Id": "i-0aa11", "Type": "AWS::EC2::Instance", "Properties": {"InstanceType": "t3.micro",
		"State": {"Name": "running"}, "Placement": {"AvailabilityZone": "eu-west-1c", "Tenancy": "default"},
		"PrivateIpAddress": "10.0.0.1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "ImageId": "ami-1",
		"Architecture": "arm64", "LaunchTime": "2026-01-02T03:04:05Z",
		"Tags": [{"Key": "env", "Value": "prod"}, {"Key": "Name", "Value": "till-42"}]},
		"__ExtraContext": {"AccountId": "404455566677", "Region": "eu-west-1"}}`)
	b.ReportAllocs()
	for b.Loop() {
		for range 10_000 {
			out := block.Map(b.Context(), resource, nil)
			if out.Err != nil {
				b.Fatal(out.Err)
			}
			if _, _, err := out.Entities[0].Encode(); err != nil {
				b.Fatal(err)
			}
		}
	}
}
