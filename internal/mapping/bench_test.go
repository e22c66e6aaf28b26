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
