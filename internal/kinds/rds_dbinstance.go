package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var rdsDBInstance = kind.Kind{
	Name:    "AWS::RDS::DBInstance",
	Scope:   kind.Regional,
	Actions: []string{"rds:DescribeDBInstances"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*rds.DescribeDBInstancesOutput, error) {
			return rds.NewFromConfig(cfg).DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{Marker: token})
		},
		func(out *rds.DescribeDBInstancesOutput) ([]types.DBInstance, *string) {
			return out.DBInstances, out.Marker
		},
		dbInstance,
	),
	Enrich: []kind.Enrich{{
		Option: "ListTagsForResourceAction",
		Keys:   []string{"Tags"},
		Call:   known("TagList", "Tags"), // the listing has the tags that rds:ListTagsForResource tells
	}},
	Defaults: []string{"DescribeDBInstancesAction"},
}

var rdsDBInstanceKeys = []string{
	"ActivityStreamStatus", "AllocatedStorage", "AssociatedRoles", "AutoMinorVersionUpgrade",
	"AvailabilityZone", "BackupRetentionPeriod", "BackupTarget", "CACertificateIdentifier",
	"CertificateDetails", "CharacterSetName", "CopyTagsToSnapshot", "CustomerOwnedIpEnabled",
	"DBInstanceArn", "DBInstanceClass", "DBInstanceIdentifier", "DBInstanceStatus", "DBName",
	"DBParameterGroups", "DBSecurityGroups", "DBSubnetGroup", "DatabaseInsightsMode",
	"DbiResourceId", "DedicatedLogVolume", "DeletionProtection", "DomainMemberships",
	"EnableIAMDatabaseAuthentication", "EnablePerformanceInsights", "Endpoint", "Engine",
	"EngineLifecycleSupport", "EngineVersion", "EnhancedMonitoringResourceArn",
	"InstanceCreateTime", "Iops", "IsStorageConfigUpgradeAvailable", "KmsKeyId",
	"LatestRestorableTime", "LicenseModel", "MasterUsername", "MonitoringInterval",
	"MonitoringRoleArn", "MultiAZ", "NetworkType", "OptionGroupMemberships",
	"PendingModifiedValues", "Port", "PreferredBackupWindow", "PreferredMaintenanceWindow",
	"PubliclyAccessible", "ReadReplicaDBInstanceIdentifiers", "SecondaryAvailabilityZone",
	"StorageEncrypted", "StorageThroughput", "StorageType", "VPCSecurityGroups",
}

func dbInstance(_ kind.Site, d *types.DBInstance) kind.Item {
	p := kind.Members(d, kind.Upper)
	for name, ocean := range map[string]string{
		"DbInstancePort":                   "Port", // mostly 0: the port to connect to is Endpoint.Port
		"IAMDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
		"PerformanceInsightsEnabled":       "EnablePerformanceInsights",
		"VpcSecurityGroups":                "VPCSecurityGroups",
	} {
		if v, ok := p[name]; ok {
			p[ocean] = v
		}
	}
	return kind.Item{
		Key: aws.ToString(d.DBInstanceArn), Properties: only(p, rdsDBInstanceKeys), Known: only(p, []string{"TagList"}),
	}
}
