// Package kinds lists the kinds that can be synced, one file each.
package kinds

import "github.com/port-aws-sync/port-aws-sync/internal/kind"

// All are the kinds, sorted by name.
var All = []kind.Kind{
	accountInfo,
	ec2Instance,
	ecsCluster,
	s3Bucket,
	snsTopic,
}
