"""The types of resources that stacks can have here."""

import json

import yaml
from moto.cloudformation.utils import get_stack_from_s3_url

from emulator.resource import Resource


def tags(properties):
    return {tag["Key"]: tag["Value"] for tag in properties.pop("Tags", [])}


def document(policy):
    """moto demands a version, for which AWS has a default."""
    return json.dumps({"Version": "2012-10-17", **policy})


class Role(Resource):
    type = "AWS::IAM::Role"
    name_property = "RoleName"

    def put(self, properties, exists):
        inline = {p["PolicyName"]: p["PolicyDocument"] for p in properties.pop("Policies", [])}
        managed = properties.pop("ManagedPolicyArns", [])
        trust = json.dumps(properties.pop("AssumeRolePolicyDocument"))
        properties.pop("RoleName", None)
        if exists:
            self.call("iam", "update_assume_role_policy", RoleName=self.name, PolicyDocument=trust)
            self.strip()
        else:
            made = self.call("iam", "create_role", RoleName=self.name, AssumeRolePolicyDocument=trust, **properties)
            self.attributes = {"Arn": made["Role"]["Arn"], "RoleId": made["Role"]["RoleId"]}
        for name, policy in inline.items():
            self.call("iam", "put_role_policy", RoleName=self.name, PolicyName=name, PolicyDocument=document(policy))
        for arn in managed:
            self.call("iam", "attach_role_policy", RoleName=self.name, PolicyArn=arn)

    def strip(self):
        for name in self.call("iam", "list_role_policies", RoleName=self.name)["PolicyNames"]:
            self.call("iam", "delete_role_policy", RoleName=self.name, PolicyName=name)
        for policy in self.call("iam", "list_attached_role_policies", RoleName=self.name)["AttachedPolicies"]:
            self.call("iam", "detach_role_policy", RoleName=self.name, PolicyArn=policy["PolicyArn"])

    def remove(self):
        self.strip()
        self.call("iam", "delete_role", RoleName=self.name)


class Policy(Resource):
    type = "AWS::IAM::Policy"
    name_property = "PolicyName"

    def put(self, properties, exists):
        self.roles = properties["Roles"]
        for role in self.roles:
            self.call("iam", "put_role_policy", RoleName=role, PolicyName=self.name,
                      PolicyDocument=document(properties["PolicyDocument"]))

    def remove(self):
        for role in self.roles:
            self.call("iam", "delete_role_policy", RoleName=role, PolicyName=self.name)


class Function(Resource):
    type = "AWS::Lambda::Function"
    name_property = "FunctionName"

    def put(self, properties, exists):
        properties["FunctionName"] = self.name
        reserved = properties.pop("ReservedConcurrentExecutions", None)
        labels = tags(properties)
        if exists:
            code = properties.pop("Code")
            self.call("lambda", "update_function_code", FunctionName=self.name, **code,
                      Architectures=properties.pop("Architectures", ["x86_64"]))
            self.call("lambda", "update_function_configuration", **properties)
        else:
            made = self.call("lambda", "create_function", **properties, Tags=labels)
            self.attributes = {"Arn": made["FunctionArn"]}
        if reserved is not None:
            self.call("lambda", "put_function_concurrency", FunctionName=self.name,
                      ReservedConcurrentExecutions=reserved)
        elif exists:
            self.call("lambda", "delete_function_concurrency", FunctionName=self.name)

    def remove(self):
        self.call("lambda", "delete_function", FunctionName=self.name)


class EventInvokeConfig(Resource):
    type = "AWS::Lambda::EventInvokeConfig"

    def put(self, properties, exists):
        self.function = properties["FunctionName"]
        self.call("lambda", "put_function_event_invoke_config", **properties)

    def remove(self):
        self.call("lambda", "delete_function_event_invoke_config", FunctionName=self.function)


class Permission(Resource):
    type = "AWS::Lambda::Permission"

    def put(self, properties, exists):
        if exists:
            self.remove()
        self.function = properties["FunctionName"]
        self.call("lambda", "add_permission", StatementId=self.name, **properties)

    def remove(self):
        self.call("lambda", "remove_permission", FunctionName=self.function, StatementId=self.name)


class LogGroup(Resource):
    type = "AWS::Logs::LogGroup"
    name_property = "LogGroupName"

    def put(self, properties, exists):
        days = properties.pop("RetentionInDays", None)
        if not exists:
            properties["logGroupName"] = properties.pop("LogGroupName", self.name)
            self.call("logs", "create_log_group", **properties)
            self.attributes = {"Arn": f"arn:aws:logs:{self.region}:{self.account}:log-group:{self.name}:*"}
        if days is not None:
            self.call("logs", "put_retention_policy", logGroupName=self.name, retentionInDays=days)

    def remove(self):
        self.call("logs", "delete_log_group", logGroupName=self.name)


class StateMachine(Resource):
    type = "AWS::StepFunctions::StateMachine"
    name_property = "StateMachineName"

    def put(self, properties, exists):
        definition = self.definition(properties)
        if exists:
            self.call("stepfunctions", "update_state_machine", stateMachineArn=self.physical_resource_id,
                      definition=definition, roleArn=properties["RoleArn"])
            return
        made = self.call("stepfunctions", "create_state_machine", name=self.name, definition=definition,
                         roleArn=properties["RoleArn"], type=properties.get("StateMachineType", "STANDARD"))
        self.physical_resource_id = made["stateMachineArn"]
        self.attributes = {"Arn": self.physical_resource_id, "Name": self.name}

    def definition(self, properties):
        """The definition as JSON, filled in. It may be YAML."""
        text = properties.get("DefinitionString")
        if place := properties.get("DefinitionS3Location"):
            text = self.call("s3", "get_object", Bucket=place["Bucket"], Key=place["Key"])["Body"].read().decode()
        text = json.dumps(yaml.safe_load(text))
        for name, value in properties.get("DefinitionSubstitutions", {}).items():
            text = text.replace("${%s}" % name, json.dumps(str(value))[1:-1])
        return text

    def remove(self):
        self.call("stepfunctions", "delete_state_machine", stateMachineArn=self.physical_resource_id)


class Schedule(Resource):
    type = "AWS::Scheduler::Schedule"
    name_property = "Name"

    def put(self, properties, exists):
        properties["Name"] = self.name
        made = self.call("scheduler", "update_schedule" if exists else "create_schedule", **properties)
        self.attributes = {"Arn": made["ScheduleArn"]}

    def remove(self):
        self.call("scheduler", "delete_schedule", Name=self.name)


class Rule(Resource):
    type = "AWS::Events::Rule"
    name_property = "Name"

    def put(self, properties, exists):
        targets = properties.pop("Targets", [])
        properties["Name"], properties["EventPattern"] = self.name, json.dumps(properties["EventPattern"])
        if exists:
            self.clear()
        self.attributes = {"Arn": self.call("events", "put_rule", **properties)["RuleArn"]}
        self.call("events", "put_targets", Rule=self.name, Targets=targets)

    def clear(self):
        targets = self.call("events", "list_targets_by_rule", Rule=self.name)["Targets"]
        self.call("events", "remove_targets", Rule=self.name, Ids=[target["Id"] for target in targets])

    def remove(self):
        self.clear()
        self.call("events", "delete_rule", Name=self.name)


class Secret(Resource):
    type = "AWS::SecretsManager::Secret"
    name_property = "Name"

    def put(self, properties, exists):
        properties["Name"] = self.name
        if exists:
            self.call("secretsmanager", "update_secret", SecretId=properties.pop("Name"), **properties)
            return
        made = self.call("secretsmanager", "create_secret", **properties)
        self.physical_resource_id = made["ARN"]
        self.attributes = {"Id": made["ARN"]}

    def remove(self):
        self.call("secretsmanager", "delete_secret", SecretId=self.name, ForceDeleteWithoutRecovery=True)


class Alarm(Resource):
    type = "AWS::CloudWatch::Alarm"
    name_property = "AlarmName"

    def put(self, properties, exists):
        self.call("cloudwatch", "put_metric_alarm", **{**properties, "AlarmName": self.name})
        self.attributes = {"Arn": f"arn:aws:cloudwatch:{self.region}:{self.account}:alarm:{self.name}"}

    def remove(self):
        self.call("cloudwatch", "delete_alarms", AlarmNames=[self.name])


class Dashboard(Resource):
    type = "AWS::CloudWatch::Dashboard"
    name_property = "DashboardName"

    def put(self, properties, exists):
        json.loads(properties["DashboardBody"])
        self.call("cloudwatch", "put_dashboard", **{**properties, "DashboardName": self.name})

    def remove(self):
        self.call("cloudwatch", "delete_dashboards", DashboardNames=[self.name])


class NestedStack(Resource):
    type = "AWS::CloudFormation::Stack"

    def put(self, properties, exists):
        template = get_stack_from_s3_url(properties["TemplateURL"], self.account, "aws")
        parameters = [{"ParameterKey": k, "ParameterValue": v} for k, v in properties.get("Parameters", {}).items()]
        if not exists:
            made = self.call("cloudformation", "create_stack", StackName=self.name, TemplateBody=template,
                             Parameters=parameters, Capabilities=["CAPABILITY_NAMED_IAM"])
            self.physical_resource_id = made["StackId"]
        elif (template, parameters) != self.content:
            self.call("cloudformation", "update_stack", StackName=self.name, TemplateBody=template,
                      Parameters=parameters, Capabilities=["CAPABILITY_NAMED_IAM"])
        self.content = template, parameters
        stack = self.call("cloudformation", "describe_stacks", StackName=self.physical_resource_id)["Stacks"][0]
        self.attributes = {"Outputs." + o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}

    def remove(self):
        self.call("cloudformation", "delete_stack", StackName=self.physical_resource_id)
