// Package kinds lists the kinds that can be synced, one file each.
package kinds

import "github.com/port-aws-sync/port-aws-sync/internal/kind"

// All are the kinds, sorted by name.
var All = []kind.Kind{
	accountInfo,
	codeBuildBuildRun,
	codeBuildProject,
	codeDeployApplication,
	codeDeployDeployment,
	codeDeployDeploymentGroup,
	codeDeployDeploymentTarget,
	codePipelineAction,
	codePipelineActionExecution,
	codePipelinePipeline,
	codePipelinePipelineExecution,
	codePipelineStage,
	dynamoDBTable,
	ec2Instance,
	ec2Volume,
	ecrRepository,
	ecsCluster,
	ecsService,
	ecsTaskDefinition,
	eksCluster,
	elastiCacheCluster,
	lambdaFunction,
	mskCluster,
	mskServerlessCluster,
	memoryDBUser,
	organizationsAccount,
	rdsDBCluster,
	rdsDBInstance,
	s3Bucket,
	sesConfigurationSet,
	sesEmailIdentity,
	snsTopic,
	sqsQueue,
}
