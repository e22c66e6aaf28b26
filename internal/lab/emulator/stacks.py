"""CloudFormation: stacks do what their template says, or fail.

moto leaves out the transform of SAM, takes types that it does not know for made, keeps neither outputs nor
parameters of a stack that a change set makes, and updates and deletes in no order.
"""

import contextlib
import functools
import json

import boto3
import moto.cloudformation.models as models
import moto.cloudformation.parsing as parsing
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from emulator import resource, resources  # noqa: F401, its classes are served

resolve, create = parsing.clean_json, parsing.parse_and_create_resource


def install():
    parsing.get_model_map = functools.cache(lambda: {
        **{model.cloudformation_type(): model for model in parsing.get_model_list()}, **resource.SERVED})
    parsing.resource_name_property_from_type = lambda type: parsing.get_model_map()[type].cloudformation_name_type()
    parsing.clean_json = without_no_value
    parsing.parse_and_create_resource = create_or_name
    parsing.ResourceMap.create = apply
    parsing.ResourceMap.update = apply
    parsing.ResourceMap.delete = delete
    models.Stack.stack_parameters = property(lambda self: {**self.resource_map.resolved_parameters, **self.parameters})
    backend = models.CloudFormationBackend
    backend.execute_change_set = execute_change_set
    for name in "create_stack", "create_change_set", "update_stack":
        setattr(backend, name, prepared(getattr(backend, name)))


def prepared(method):
    """Looks at a template as CloudFormation does before it makes anything of it."""
    @functools.wraps(method)
    def call(self, *args, **more):
        if more.get("template"):
            more["template"] = expand(more["template"], more.get("parameters"), self.region_name)
            refuse_unserved(models.Stack.parse_template(more["template"]))
        return method(self, *args, **more)
    return call


def expand(template, parameters, region):
    document = yaml_parse(template)
    if document.get("Transform") != "AWS::Serverless-2016-10-31":
        return template
    translator = Translator({}, Parser(), boto_session=boto3.session.Session(region_name=region))
    return json.dumps(translator.translate(document, dict(parameters or {})))


def refuse_unserved(template):
    unknown = {r["Type"] for r in template["Resources"].values()} - set(parsing.get_model_map())
    if unknown:
        raise ValidationError(message=f"Template format error: Unrecognized resource types: {sorted(unknown)}")


def without_no_value(value, known):
    """AWS::NoValue vanishes from lists too."""
    resolved = resolve(value, known)
    return [v for v in resolved if v is not None] if isinstance(value, list) else resolved


def apply(self, template, parameters=None):
    """Makes what is new, updates what was there, deletes what is no longer wanted."""
    before, templates = list(made(self)), dict(self._resource_json_map)
    self._template, self._resource_json_map = template, template["Resources"]
    if parameters is not None:
        self.input_parameters = parameters
    self.load_mapping()
    self.load_parameters()
    self.load_conditions()
    settled = set()
    for name in self._resource_json_map:
        settle(self, name, before, settled)
    for name in reversed(before):
        if name not in settled:
            drop(self, name, templates[name])
    return True


def made(self):
    """The names of the resources that exist, in the order in which they were made."""
    return [name for name, r in self._parsed_resources.items() if isinstance(r, CloudFormationModel)]


def settle(self, name, before, settled):
    body = self._resource_json_map[name]
    if name in settled or "Condition" in body and not self.lazy_condition_map[body["Condition"]]:
        return
    settled.add(name)
    others = body.get("DependsOn", [])
    for other in [others] if isinstance(others, str) else others:
        settle(self, other, before, settled)
    if name not in before:
        self[name]
        return
    with naming(name, body):
        updated = parsing.parse_and_update_resource(name, body, self, self._account_id, self._region_name)
        if updated is None:
            raise NotImplementedError("moto does not update resources of this type")
        self._parsed_resources[name] = updated


def create_or_name(name, body, *context, **more):
    with naming(name, body):
        return create(name, body, *context, **more)


@contextlib.contextmanager
def naming(name, body):
    """Says in an error which resource it is about."""
    try:
        yield
    except Failed:
        raise
    except Exception as error:
        raise Failed(message=f"{name} ({body['Type']}): {type(error).__name__}: {error}") from error


class Failed(ValidationError):
    """A resource cannot be made or updated."""


def drop(self, name, body):
    gone = self._parsed_resources.pop(name)
    if body.get("DeletionPolicy", "Delete").startswith("Retain"):
        return
    if isinstance(gone, resource.Resource):
        gone.delete()
    else:
        self._delete_resource(gone, body)


def delete(self):
    for name in reversed(made(self)):
        drop(self, name, self._resource_json_map[name])


def execute_change_set(self, change_set_name, stack_name=None):
    """Also tells of a failure as CloudFormation does: by the stack's status and an event."""
    change_set = self.describe_change_set(change_set_name)
    stack, act = change_set.stack, change_set.change_set_type
    stack._add_stack_event(act + "_IN_PROGRESS")
    stack.template, stack.parameters = change_set.template, change_set.parameters
    stack._parse_template()
    change_set.execution_status = "EXECUTE_COMPLETE"
    try:
        stack.resource_map.update(stack.template_dict, stack.parameters)
        stack.output_map = stack._create_output_map()
        stack.outputs
    except Exception as error:
        stack.status = act + "_FAILED"
        stack._add_stack_event(stack.status, resource_status_reason=getattr(error, "message", None) or str(error))
    else:
        stack.status = act + "_COMPLETE"
        stack._add_stack_event(stack.status)
