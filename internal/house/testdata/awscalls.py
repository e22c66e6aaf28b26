"""Reads calls of the AWS CLI, one JSON list of arguments a line, and says what in them does not exist."""

import json
import sys

import botocore.session
from botocore import xform_name

EVERYWHERE = {"query", "output", "region", "profile"}
# What the CLI has beside the operations of the services, with their options.
OWN = {
    ("s3", "cp"): {"recursive"},
    ("s3", "ls"): {"recursive"},
    ("s3", "rb"): set(),
    ("logs", "tail"): {"since", "filter-pattern", "follow", "format"},
}

session = botocore.session.get_session()


def options_of(service, operation):
    if (service, operation) in OWN:
        return OWN[service, operation]
    model = session.get_service_model(service)
    for name in model.operation_names:
        if xform_name(name, "-") == operation:
            return {xform_name(member, "-") for member in model.operation_model(name).input_shape.members}
    return None


def options_of_waiter(service, name):
    waiters = session.get_waiter_model(service)
    for waiter in waiters.waiter_names:
        if xform_name(waiter, "-") == name:
            return options_of(service, xform_name(waiters.get_waiter(waiter).operation, "-"))
    return None


def known(service, operation, rest):
    if (service, operation) not in OWN:
        service = {"s3": "", "s3api": "s3"}.get(service, service)
    if service not in session.get_available_services():
        return None
    return options_of_waiter(service, rest[0]) if operation == "wait" else options_of(service, operation)


for line in sys.stdin:
    service, operation, *rest = json.loads(line)
    options = known(service, operation, rest)
    if options is None:
        print("there is no aws", service, operation, *rest)
        continue
    for word in rest:
        if word.startswith("--") and word[2:] not in options | EVERYWHERE:
            print(f"aws {service} {operation} has no {word}")
