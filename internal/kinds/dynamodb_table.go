package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var dynamoDBTable = kind.Kind{
	Name:    "AWS::DynamoDB::Table",
	Scope:   kind.Regional,
	Actions: []string{"dynamodb:ListTables"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*dynamodb.ListTablesOutput, error) {
			return dynamodb.NewFromConfig(cfg).ListTables(ctx, &dynamodb.ListTablesInput{
				Limit: aws.Int32(100), ExclusiveStartTableName: token,
			})
		},
		func(out *dynamodb.ListTablesOutput) ([]string, *string) {
			return out.TableNames, out.LastEvaluatedTableName
		},
		func(at kind.Site, name *string) kind.Item {
			key := arn(at, "dynamodb", "table/"+*name)
			return kind.Item{Key: key, Properties: map[string]any{"TableName": *name, "TableArn": key}}
		},
	),
	Enrich: []kind.Enrich{{
		Actions: []string{"dynamodb:DescribeTable"},
		Keys:    dynamoDBTableKeys,
		Whole:   true,
		Gone:    []string{"ResourceNotFoundException"},
		Call:    kind.Each(describeTable),
	}, {
		Option:  "GetTableTagsAction",
		Actions: []string{"dynamodb:ListTagsOfResource"},
		Keys:    []string{"Tags"},
		Gone:    []string{"ResourceNotFoundException"},
		Bulk:    tagsOf("dynamodb:table", "Tags", upperTags),
		Saves:   saves,
		Call:    tableTags,
	}, {
		Option:  "GetTableBackupStatusAction",
		Actions: []string{"dynamodb:DescribeContinuousBackups"},
		Keys:    []string{"ContinuousBackupsDescription"},
		Gone:    []string{"TableNotFoundException"},
		Call:    kind.Each(tableBackups),
	}},
	Defaults: []string{"GetTableDetailsAction", "ListTablesAction"},
}

// dynamoDBTableKeys are what the listing does not say.
var dynamoDBTableKeys = []string{
	"ArchivalSummary", "AttributeDefinitions", "BillingModeSummary", "CreationDateTime",
	"DeletionProtectionEnabled", "DisassociationProtectionEnabled", "GlobalSecondaryIndexes",
	"GlobalTableSettingsReplicationMode", "GlobalTableVersion", "GlobalTableWitnesses",
	"ItemCount", "KeySchema", "LatestStreamArn", "LatestStreamLabel", "LocalSecondaryIndexes",
	"MultiRegionConsistency", "OnDemandThroughput", "ProvisionedThroughput", "Replicas",
	"RestoreSummary", "SSEDescription", "StreamSpecification", "TableClassSummary", "TableId",
	"TableSizeBytes", "TableStatus", "VectorIndexes", "WarmThroughput",
}

func describeTable(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
	out, err := dynamodb.NewFromConfig(cfg).DescribeTable(ctx, &dynamodb.DescribeTableInput{
		TableName: member(it, "TableName"),
	})
	if err != nil {
		return nil, err
	}
	if out.Table == nil {
		return nil, without("Table")
	}
	return only(kind.Members(out.Table, kind.Upper), dynamoDBTableKeys), nil
}

// tableTags come ten a page, and are fifty at most.
var tableTags = pagedTags(kind.Upper, func(
	ctx context.Context, cfg aws.Config, it kind.Item, token *string,
) ([]types.Tag, *string, error) {
	in := &dynamodb.ListTagsOfResourceInput{ResourceArn: &it.Key, NextToken: token}
	out, err := dynamodb.NewFromConfig(cfg).ListTagsOfResource(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	return out.Tags, out.NextToken, nil
})

func tableBackups(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
	out, err := dynamodb.NewFromConfig(cfg).DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{
		TableName: member(it, "TableName"),
	})
	if err != nil {
		return nil, err
	}
	if out.ContinuousBackupsDescription == nil {
		return nil, without("ContinuousBackupsDescription")
	}
	return map[string]any{
		"ContinuousBackupsDescription": kind.Plain(out.ContinuousBackupsDescription, kind.Upper),
	}, nil
}
