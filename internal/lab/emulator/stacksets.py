"""StackSets that Organizations grants its rights: they reach the accounts of their units, as on AWS.

moto makes the instances once, in units and their children only, and in the management account too.
"""

from moto.cloudformation.models import StackInstance, StackInstances, cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import get_stack_from_s3_url
from moto.core.responses import ActionResult

from emulator.resource import Resource


def install():
    StackInstances.create_instances = create_instances
    CloudFormationResponse.describe_organizations_access = lambda self: ActionResult({"Status": "ENABLED"})


def targets(organization, wanted):
    """The accounts that DeploymentTargets name, without the management account and closed ones."""
    units = set(wanted["OrganizationalUnitIds"])
    while more := {unit.id for unit in organization.ou if unit.parent_id in units} - units:
        units |= more
    of_units = {account.id for account in organization.accounts if account.parent_id in units}
    named = set(wanted.get("Accounts", []))
    chosen = {
        "NONE": of_units, "INTERSECTION": of_units & named, "DIFFERENCE": of_units - named, "UNION": of_units | named,
    }[wanted.get("AccountFilterType", "NONE")]
    active = {a.id for a in organization.accounts if a.status == "ACTIVE"} - {organization.org.master_account_id}
    return sorted(chosen & active)


def create_instances(self, accounts, regions, parameters, deployment_targets, permission_model):
    wanted = [(region, account) for region in regions for account in targets(self.org_backend, deployment_targets)]
    self.stack_instances += [
        StackInstance(
            account_id=account, region_name=region, stackset_id=self.stackset_id, stack_name=self.stack_name,
            name=self.stackset_name, template=self.template, parameters=parameters, permission_model=permission_model)
        for region, account in wanted if not self.get_instance(account, region)]


class StackSet(Resource):
    type = "AWS::CloudFormation::StackSet"
    name_property = "StackSetName"

    def put(self, properties, exists):
        groups = properties.pop("StackInstancesGroup", [])
        properties["StackSetName"] = self.name
        if "TemplateURL" in properties:
            properties["TemplateBody"] = get_stack_from_s3_url(properties.pop("TemplateURL"), self.account, "aws")
        if properties["PermissionModel"] != "SERVICE_MANAGED":
            raise NotImplementedError("StackSets with roles of their own")
        properties.pop("OperationPreferences", None)
        if exists:
            self.call("cloudformation", "update_stack_set", **properties)
        else:
            made = self.call("cloudformation", "create_stack_set", **properties)
            self.physical_resource_id = made["StackSetId"]
            self.attributes = {"StackSetId": made["StackSetId"]}
        self.place(groups, properties)

    def place(self, groups, properties):
        """Brings the instances into line with the groups, and up to date."""
        instances = self.instances()
        wanted = {(account, region) for group in groups for region in group["Regions"]
                  for account in targets(instances.org_backend, group["DeploymentTargets"])}
        self.withdraw(keep=wanted)
        parameters = {p["ParameterKey"]: p["ParameterValue"] for p in properties.get("Parameters", [])}
        for instance in instances.stack_instances:
            instance.stack.update(properties["TemplateBody"], parameters=parameters)
        for group in groups:
            self.call("cloudformation", "create_stack_instances", StackSetName=self.name, **group)

    def instances(self):
        return cloudformation_backends[self.account][self.region].describe_stack_set(self.name).instances

    def withdraw(self, keep=()):
        instances = self.instances()
        for instance in list(instances.stack_instances):
            if (instance.account_id, instance.region_name) not in keep:
                instances.delete([instance.account_id], [instance.region_name])

    def remove(self):
        self.withdraw()
        self.call("cloudformation", "delete_stack_set", StackSetName=self.name)
