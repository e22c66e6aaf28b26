"""Buckets of stacks, and the policy of a bucket."""

import json

from moto.iam.access_control import IAMPolicyStatement, PermissionResult

from emulator.resource import Resource

permitted = IAMPolicyStatement.is_action_permitted


def install():
    IAMPolicyStatement.is_action_permitted = is_action_permitted


def is_action_permitted(self, *args, **more):
    """moto takes conditions that it does not know as met: a policy that demands TLS would refuse all."""
    tls = "aws:SecureTransport" in self._statement.get("Condition", {}).get("Bool", {})
    return PermissionResult.NEUTRAL if tls else permitted(self, *args, **more)


class Bucket(Resource):
    type = "AWS::S3::Bucket"
    name_property = "BucketName"

    def put(self, properties, exists):
        properties.pop("BucketName", None)
        if not exists:
            place = {} if self.region == "us-east-1" else {"LocationConstraint": self.region}
            self.call("s3", "create_bucket", Bucket=self.name, **({"CreateBucketConfiguration": place} if place else {}))
            self.attributes = {"Arn": "arn:aws:s3:::" + self.name}
        for name, value in properties.items():
            self.set(name, value)

    def set(self, name, value):
        operation, argument = SETTINGS[name]
        if name == "LifecycleConfiguration":
            value = {"Rules": [lifecycle(rule) for rule in value["Rules"]]}
        if name == "BucketEncryption":
            value = {"Rules": [{RENAMED.get(k, k): v for k, v in rule.items()}
                               for rule in value["ServerSideEncryptionConfiguration"]]}
        if name == "Tags":
            value = {"TagSet": value}
        self.call("s3", operation, Bucket=self.name, **{argument: value})

    def remove(self):
        self.call("s3", "delete_bucket", Bucket=self.name)


# How the API calls what a template calls by the key.
SETTINGS = {
    "BucketEncryption": ("put_bucket_encryption", "ServerSideEncryptionConfiguration"),
    "LifecycleConfiguration": ("put_bucket_lifecycle_configuration", "LifecycleConfiguration"),
    "OwnershipControls": ("put_bucket_ownership_controls", "OwnershipControls"),
    "PublicAccessBlockConfiguration": ("put_public_access_block", "PublicAccessBlockConfiguration"),
    "Tags": ("put_bucket_tagging", "Tagging"),
    "VersioningConfiguration": ("put_bucket_versioning", "VersioningConfiguration"),
}
RENAMED = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault", "Id": "ID"}


def lifecycle(rule):
    rule = {RENAMED.get(k, k): v for k, v in rule.items()}
    rule["Filter"] = {"Prefix": rule.pop("Prefix", "")}
    if "ExpirationInDays" in rule:
        rule["Expiration"] = {"Days": rule.pop("ExpirationInDays")}
    return rule


class BucketPolicy(Resource):
    type = "AWS::S3::BucketPolicy"

    def put(self, properties, exists):
        self.bucket = properties["Bucket"]
        self.call("s3", "put_bucket_policy", Bucket=self.bucket, Policy=json.dumps(properties["PolicyDocument"]))

    def remove(self):
        self.call("s3", "delete_bucket_policy", Bucket=self.bucket)
