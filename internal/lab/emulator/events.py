"""EventBridge: executions that end are events, and rules that match them call functions."""

import json
import re
import sys
import threading
import time
import uuid

from botocore.exceptions import BotoCoreError, ClientError
from moto.events.models import events_backends
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from emulator import clients


def execution_ended(execution):
    """Tells of the end of an execution as AWS does."""
    event = {
        "version": "0", "id": str(uuid.uuid4()), "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change", "account": execution.account_id,
        "time": execution.stop_date.strftime("%Y-%m-%dT%H:%M:%SZ"), "region": execution.region_name,
        "resources": [execution.exec_arn],
        "detail": {
            "executionArn": execution.exec_arn, "stateMachineArn": execution.state_machine.arn,
            "name": execution.name, "status": execution.status, "startDate": milliseconds(execution.start_date),
            "stopDate": milliseconds(execution.stop_date), "input": to_json_str(execution.input_data),
            "output": None, "error": execution.error, "cause": execution.cause,
        },
    }
    threading.Thread(target=publish, args=(event,), daemon=True).start()


def milliseconds(moment):
    return int(moment.timestamp() * 1000)


def publish(event):
    for rule in list(events_backends[event["account"]][event["region"]].event_buses["default"].rules.values()):
        if rule.state == "ENABLED" and rule.event_pattern.matches_event(event):
            for target in rule.targets:
                deliver(event, rule, target)


def deliver(event, rule, target):
    """Calls a function asynchronously, again where that fails."""
    payload = json.dumps(event)
    if transformer := target.get("InputTransformer"):
        payload = transform(transformer["InputTemplate"], transformer.get("InputPathsMap", {}), event)
    for _ in range(1 + int(target.get("RetryPolicy", {}).get("MaximumRetryAttempts", 185))):
        try:
            require_permission(target["Arn"], rule)
            clients.public_client("lambda", rule.region_name).invoke(
                FunctionName=target["Arn"], InvocationType="Event", Payload=payload.encode())
            return
        except (BotoCoreError, ClientError, PermissionError) as error:
            print(f"rule {rule.name}: {error}", file=sys.stderr)
            time.sleep(0.5)


def require_permission(function, rule):
    policy = clients.client("lambda", rule.region_name).get_policy(FunctionName=function)["Policy"]
    for statement in json.loads(policy)["Statement"]:
        source = statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", rule.arn)
        if statement["Principal"] == {"Service": "events.amazonaws.com"} and source == rule.arn:
            return
    raise PermissionError(f"{function} does not let it")


def transform(template, paths, event):
    """Fills in a template: a value within quotation marks as text, elsewhere as JSON."""
    def fill(part):
        quoted = part.startswith('"')

        def value(match):
            found = event
            for step in paths[match[1]].split(".")[1:]:
                found = found.get(step)
            text = json.dumps(found)
            return text[1:-1] if quoted and isinstance(found, str) else text
        return re.sub(r"<([\w-]+)>", value, part)
    return "".join(fill(part) for part in re.split(r'("(?:[^"\\]|\\.)*")', template))
