"""Builds an AWS organization in moto, or changes the one it has built.

    python seed.py URL build                prints the world as JSON
    python seed.py URL change < world.json  prints the world as it is after the changes
    python seed.py URL crowd < world.json   the same, with an account that has a lot more
    python seed.py URL stir < world.json    the same, with a few changes in one account
    python seed.py URL leave < world.json   the same, without the account sandbox in the organization
    python seed.py URL roll-7 < world.json  the same, with the changes that the dice of number 7 throw
    python seed.py URL variety < world.json the same, with one of each kind that the catalog does not have

The world is what this script has made, not what AWS says: the demo holds Port's catalog against it.
What it does is told on standard error, one line each. PORT_SECRET is the text of the secret it makes.
"""

import io
import json
import os
import random
import sys
import urllib.request
import zipfile

import boto3

URL, ACT = sys.argv[1:]
HOME = "eu-west-1"
# The regions in which each account works.
ACCOUNTS = {
    "shop-production": ["eu-west-1", "eu-central-1", "us-east-1"],
    "shop-staging": ["eu-west-1", "us-east-1"],
    "payments": ["eu-west-1", "eu-central-1"],
    "sandbox": ["us-east-1"],
    "legacy": [],
}
STATE_BUCKET = "northwind-state"  # of local runs
ARTIFACTS = "northwind-artifacts"  # what sam uploads
SERVICES = "codepipeline.amazonaws.com", "lambda.amazonaws.com"  # that may enter the role of others

session = boto3.session.Session("hub", "secret")
clients = {}


def aws(service, account=None, region=HOME):
    key = service, account, region
    if key not in clients:
        clients[key] = session.client(service, region, endpoint_url=URL)
        if account:  # moto's short cut past AssumeRole
            clients[key].meta.events.register(
                "before-sign", lambda request, **_: request.headers.add_header("x-moto-account-id", account))
    return clients[key]


def tell(line):
    print(line, file=sys.stderr, flush=True)


def pairs(tags, key="Key", value="Value"):
    return [{key: k, value: v} for k, v in tags.items()]


class World:
    def __init__(self, accounts=(), resources=(), secret="", bucket="", root=""):
        self.accounts, self.resources = list(accounts), list(resources)
        self.secret, self.bucket, self.root = secret, bucket, root

    def add(self, kind, account, region, identifier, name, tags, **facts):
        self.resources.append({"kind": kind, "account": account, "region": region, "id": identifier,
                               "name": name, "tags": tags, "facts": facts})

    def account(self, name):
        return next(a["id"] for a in self.accounts if a["name"] == name)

    def find(self, kind, account, region, name):
        return next(r for r in self.resources if (r["kind"], r["account"], r["region"], r["name"])
                    == (kind, self.account(account), region, name))

    def instance(self, account, region, name, size, tags):
        i = aws("ec2", account, region).run_instances(
            ImageId="ami-0abcdef1234567890", InstanceType=size, MinCount=1, MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": pairs({"Name": name, **tags})}],
        )["Instances"][0]
        self.add("AWS::EC2::Instance", account, region, i["InstanceId"], name, {"Name": name, **tags},
                 type=size, state="running", privateIp=i["PrivateIpAddress"])

    def cluster(self, account, region, name, tags):
        ecs = aws("ecs", account, region)
        arn = ecs.create_cluster(clusterName=name, tags=pairs(tags, "key", "value"))["cluster"]["clusterArn"]
        self.add("AWS::ECS::Cluster", account, region, arn, name, tags, status="ACTIVE")

    def topic(self, account, region, name, tags):
        arn = aws("sns", account, region).create_topic(Name=name, Tags=pairs(tags))["TopicArn"]
        self.add("AWS::SNS::Topic", account, region, arn, name, tags)

    def store(self, account, region, name, tags, public=True):
        s3 = aws("s3", account, region)
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **place)
        if tags:
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs(tags)})
        if not public:
            names = "BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(names, True))
        self.add("AWS::S3::Bucket", account, region, "arn:aws:s3:::" + name, name, tags, private=not public)


def build():
    urllib.request.urlopen(urllib.request.Request(URL + "/moto-api/seed?a=1", method="POST")).read()
    world = World()
    organizations = aws("organizations")
    organizations.create_organization(FeatureSet="ALL")
    for name in ACCOUNTS:
        organizations.create_account(Email=f"{name}@example.com", AccountName=name)
    listed = {a["Name"]: a["Id"] for a in organizations.list_accounts()["Accounts"]}
    organizations.close_account(AccountId=listed["legacy"])
    world.accounts = [{"id": i, "name": name, "active": name != "legacy"} for name, i in listed.items()]
    hub = next(a["id"] for a in world.accounts if a["name"] not in ACCOUNTS)
    world.root = organizations.list_roots()["Roots"][0]["Id"]
    world.bucket = STATE_BUCKET
    for account in world.accounts:
        trust_local_runs(hub, account["id"])
    for bucket in STATE_BUCKET, ARTIFACTS:
        world.store(hub, HOME, bucket, {}, public=False)
    secret = os.environ["PORT_SECRET"]
    world.secret = aws("secretsmanager").create_secret(Name="port", SecretString=secret)["ARN"]
    for name, regions in ACCOUNTS.items():
        furnish(world, name, regions)
    tell(f"{len(listed)} accounts with {len(world.resources)} resources in 3 regions")
    return world


def trust_local_runs(hub, account):
    """Makes the role with which a person's run enters an account; the stack brings its own."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{hub}:root"},
             "Condition": {"StringEquals": {"sts:ExternalId": "northwind-port"}}}
    aws("iam", account).create_role(
        RoleName="northwind-local-read",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    aws("iam", account).put_role_policy(
        RoleName="northwind-local-read", PolicyName="all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}))


def furnish(world, name, regions):
    account, team = world.account(name), {"team": name.split("-")[0]}
    for region in regions:
        for server, size in ("web-1", "t3.small"), ("web-2", "t3.small"), ("worker-1", "m6i.large"):
            world.instance(account, region, server, size, {"stage": name, **team})
        world.cluster(account, region, "apps", team)
        for topic in "orders", "alerts":
            world.topic(account, region, topic, team)
    for region in regions[:1]:
        world.store(account, region, name + "-assets", team)
        world.store(account, region, name + "-logs", {}, public=False)


def change(world):
    production = world.account("shop-production")
    terminate(world, "shop-production", "eu-west-1", "web-2")
    terminate(world, "payments", "eu-west-1", "web-1")

    world.instance(production, "eu-central-1", "web-3", "t3.large", {"team": "shop"})
    tell("shop-production eu-central-1: instance web-3 started")

    world.resources.remove(world.find("AWS::S3::Bucket", "shop-staging", "eu-west-1", "shop-staging-logs"))
    aws("s3", world.account("shop-staging")).delete_bucket(Bucket="shop-staging-logs")
    tell("shop-staging eu-west-1: bucket shop-staging-logs deleted")

    drop_topic(world, "shop-production", "eu-west-1", "orders")
    world.topic(production, "eu-west-1", "orders-v2", {"team": "shop"})
    tell("shop-production eu-west-1: topic orders is now orders-v2")
    drop_topic(world, "shop-staging", "us-east-1", "alerts")
    tell("shop-staging us-east-1: topic alerts deleted")

    cluster = world.find("AWS::ECS::Cluster", "shop-production", "us-east-1", "apps")
    cluster["tags"]["team"] = "platform"
    aws("ecs", production, "us-east-1").tag_resource(
        resourceArn=cluster["id"], tags=[{"key": "team", "value": "platform"}])
    tell("shop-production us-east-1: cluster apps tagged team=platform")

    worker = world.find("AWS::EC2::Instance", "shop-staging", "us-east-1", "worker-1")
    worker["facts"]["state"] = "stopped"
    aws("ec2", worker["account"], "us-east-1").stop_instances(InstanceIds=[worker["id"]])
    tell("shop-staging us-east-1: instance worker-1 stopped")
    return world


def terminate(world, account, region, name):
    instance = world.find("AWS::EC2::Instance", account, region, name)
    aws("ec2", instance["account"], region).terminate_instances(InstanceIds=[instance["id"]])
    world.resources.remove(instance)
    tell(f"{account} {region}: instance {name} terminated")


def drop_topic(world, account, region, name):
    topic = world.find("AWS::SNS::Topic", account, region, name)
    aws("sns", topic["account"], region).delete_topic(TopicArn=topic["id"])
    world.resources.remove(topic)


def stir(world):
    drop_topic(world, "payments", "eu-west-1", "orders")
    for name in "refunds", "payouts", "disputes":
        world.topic(world.account("payments"), "eu-west-1", name, {"team": "payments"})
    world.instance(world.account("payments"), "eu-west-1", "web-9", "t3.small", {"team": "payments"})
    tell("payments eu-west-1: four come and one goes")
    return world


def leave(world):
    aws("organizations").remove_account_from_organization(AccountId=world.account("sandbox"))
    tell("sandbox has left the organization")
    return world


def crowd(world):
    for n in range(450):
        world.topic(world.account("payments"), "eu-central-1", f"crowd-{n:03d}", {"team": "payments"})
    tell("payments eu-central-1: 450 topics more")
    return world


def roll(world, dice):
    for n in range(3):
        topics = [r for r in world.resources if r["kind"] == "AWS::SNS::Topic" and not r["name"].startswith("crowd")]
        gone = dice.choice(topics)
        aws("sns", gone["account"], gone["region"]).delete_topic(TopicArn=gone["id"])
        world.resources.remove(gone)
        if dice.random() < 0.3:  # and comes again as it was
            world.topic(gone["account"], gone["region"], gone["name"], gone["tags"])
        at = dice.choice(topics)
        world.topic(at["account"], at["region"], f"roll-{dice.randrange(10**6)}", {"team": "dice"})
    tell("three topics go and at least as many come")
    return world


def variety(world):
    """Their kinds are in no mapping of the lab's own, so they are not among the world's resources."""
    account, tags = world.account("payments"), pairs({"team": "payments"})
    small = pairs({"team": "payments"}, "key", "value")

    def of(service):
        return aws(service, account)

    subnets = [s["SubnetId"] for s in of("ec2").describe_subnets()["Subnets"][:2]]
    role = of("iam").create_role(RoleName="service", AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": service}} for service in SERVICES]}))["Role"]["Arn"]
    of("codebuild").create_project(
        name="build", serviceRole=role, artifacts={"type": "NO_ARTIFACTS"}, tags=small,
        source={"type": "GITHUB", "location": "https://github.com/northwind/payments"},
        environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0",
                     "computeType": "BUILD_GENERAL1_SMALL"})
    of("codebuild").start_build(projectName="build")
    of("codedeploy").create_application(applicationName="payments", computePlatform="Server", tags=tags)
    of("codedeploy").create_deployment_group(
        applicationName="payments", deploymentGroupName="all", serviceRoleArn=role, tags=tags)
    of("codedeploy").create_deployment(
        applicationName="payments", deploymentGroupName="all",
        revision={"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k", "bundleType": "zip"}})

    def action(category, provider, **configuration):
        return {"name": category, "runOrder": 1, "configuration": configuration,
                "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"}}

    of("codepipeline").create_pipeline(tags=small, pipeline={
        "name": "release", "roleArn": role, "artifactStore": {"type": "S3", "location": "payments-assets"},
        "stages": [{"name": "Source", "actions": [action("Source", "S3", S3Bucket="payments-assets", S3ObjectKey="k")]},
                   {"name": "Build", "actions": [action("Build", "CodeBuild", ProjectName="build")]}]})
    of("dynamodb").create_table(
        TableName="ledger", BillingMode="PAY_PER_REQUEST", Tags=tags,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    of("ecr").create_repository(repositoryName="payments/api", tags=tags)
    of("ecs").register_task_definition(
        family="api", containerDefinitions=[{"name": "api", "image": "payments/api", "memory": 128}], tags=small)
    of("ecs").create_service(cluster="apps", serviceName="api", taskDefinition="api:1", desiredCount=1, tags=small)
    of("eks").create_cluster(name="apps", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    of("elasticache").create_cache_cluster(
        CacheClusterId="sessions", Engine="redis", CacheNodeType="cache.t3.micro", NumCacheNodes=1, Tags=tags)
    of("kafka").create_cluster_v2(ClusterName="events", Tags={"team": "payments"}, Serverless={
        "VpcConfigs": [{"SubnetIds": subnets, "SecurityGroupIds": ["sg-1"]}]})
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("api.py", "def handle(event, context): pass")
    of("lambda").create_function(
        FunctionName="refund", Runtime="python3.12", Role=role, Handler="api.handle",
        Code={"ZipFile": archive.getvalue()}, Tags={"team": "payments"})
    for make, name in ("create_db_instance", "DBInstance"), ("create_db_cluster", "DBCluster"):
        more = {"DBInstanceClass": "db.t3.micro", "AllocatedStorage": 20} if name == "DBInstance" else {}
        getattr(of("rds"), make)(**{name + "Identifier": "ledger"}, Tags=tags, MasterUsername="admin1",
                                 Engine="postgres" if more else "aurora-postgresql",
                                 MasterUserPassword="long-enough", **more)
    of("sesv2").create_email_identity(EmailIdentity="example.com", Tags=tags)
    of("sesv2").create_configuration_set(ConfigurationSetName="receipts", Tags=tags)
    of("sqs").create_queue(QueueName="refunds", tags={"team": "payments"})
    tell("payments eu-west-1: one of each kind")
    return world


def act(world):
    name, _, number = ACT.partition("-")
    if name == "roll":
        return roll(world, random.Random(int(number)))
    return {"change": change, "crowd": crowd, "leave": leave, "stir": stir, "variety": variety}[name](world)


world = build() if ACT == "build" else act(World(**json.load(sys.stdin)))
json.dump(vars(world), sys.stdout)
