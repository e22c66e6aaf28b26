"""What the resources of stacks have in common: they are made, updated and deleted through the API of their
service. A property that this API does not know fails the stack."""

import re

from botocore.exceptions import ClientError
from moto.core.common_models import CloudFormationModel

from emulator import clients

SERVED = {}  # the classes below by type


class Resource(CloudFormationModel):
    """A resource of a stack. Each type says how to put it in place and how to remove it."""

    type = ""
    name_property = None

    def __init_subclass__(cls):
        SERVED[cls.type] = cls

    def __init__(self, name, account, region):
        self.name, self.account, self.region = name, account, region
        self.physical_resource_id = name  # what Ref gives
        self.attributes = {}  # what Fn::GetAtt gives

    def put(self, properties, exists):
        raise NotImplementedError

    def remove(self):
        raise NotImplementedError

    def call(self, service, operation, **arguments):
        api = clients.client(service, self.region, self.account)
        shape = api.meta.service_model.operation_model(api.meta.method_to_api_mapping[operation]).input_shape
        return getattr(api, operation)(**fit(arguments, shape))

    def delete(self):
        try:
            self.remove()
        except ClientError as error:
            if not re.search("NoSuch|NotFound|NotExist", error.response["Error"]["Code"]):
                raise

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        made = cls(resource_name, account_id, region_name)
        made.put(dict(cloudformation_json["Properties"]), False)
        return made

    @classmethod
    def update_from_cloudformation_json(
            cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        properties = dict(cloudformation_json["Properties"])
        if properties.get(cls.name_property, original_resource.name) != original_resource.name:
            raise NotImplementedError(f"another {cls.name_property}, that is another resource in place of this one")
        original_resource.put(properties, True)
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, *_):
        raise NotImplementedError("stacks call delete")

    @classmethod
    def cloudformation_type(cls):
        return cls.type

    @classmethod
    def cloudformation_name_type(cls):
        return cls.name_property

    @classmethod
    def has_cfn_attr(cls, attr):
        return True

    def get_cfn_attribute(self, name):
        return self.attributes[name]

    def is_created(self):
        return True


def fit(value, shape):
    """CloudFormation takes "5" for 5 and true for "true", whichever the API wants."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return {k: fit(v, shape.members[k]) if k in shape.members else v for k, v in value.items()}
    if kind == "map" and isinstance(value, dict):
        return {k: fit(v, shape.value) for k, v in value.items()}
    if kind == "list" and isinstance(value, list):
        return [fit(v, shape.member) for v in value]
    if kind == "string" and isinstance(value, (bool, int, float)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if kind in ("integer", "long") and isinstance(value, str):
        return int(value)
    if kind == "boolean" and isinstance(value, str):
        return {"true": True, "false": False}[value]
    return value
