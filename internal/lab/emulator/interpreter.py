"""Step Functions: moto's interpreter of state machines, where it differs from AWS or takes too long."""

import datetime
import functools
import re
import sys
import threading
import uuid

import jsonpath_ng
import jsonpath_ng.ext
import moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda as task
import moto.stepfunctions.parser.asl.component.state.fail.state_fail as fail
import moto.stepfunctions.parser.asl.utils.boto_client as boto_client
from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser.api import (
    ExecutionFailedEventDetails, ExecutionStatus, HistoryEventType, LambdaFunctionFailedEventDetails)
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from emulator import clients, events

start_lock = threading.Lock()
start_execution, stop = StepFunctionsParserBackend.start_execution, Execution.stop
parse, map_run, from_error = AmazonStateLanguageParser.parse, DistributedIterationComponent._map_run, task.StateTaskLambda._from_error


def install():
    spare_work()
    StepFunctionsParserBackend.start_execution = start_named
    Execution.stop = stop_at_once
    BaseExecutionWorkerCommunication.terminated = terminated
    AmazonStateLanguageParser.parse = staticmethod(parse_percentages)
    DistributedIterationComponent._map_run = map_run_within_tolerance
    task.StateTaskLambda._from_error = lambda_error
    fail.CustomErrorName = AnyErrorName
    sys.setrecursionlimit(100_000)  # a map's worker takes its next item deeper down


def spare_work():
    """Making clients and reading paths took 50 ms for each item of a map."""
    make = boto_client.boto_client_for
    for name, module in list(sys.modules.items()):
        if not name.startswith("moto.stepfunctions"):
            continue
        if getattr(module, "boto_client_for", None) is make:
            module.boto_client_for = lambda region, service, state_credentials=None: clients.public_client(service, region)
        if getattr(module, "parse", None) in (jsonpath_ng.parse, jsonpath_ng.ext.parse):
            module.parse = functools.lru_cache(4096)(module.parse)


def start_named(self, state_machine_arn, name=None, execution_input=None, trace_header=None):
    """Executions without a name get one of their own, and two calls at once do not both start one."""
    with start_lock:
        return start_execution(self, state_machine_arn, name or str(uuid.uuid4()), execution_input, trace_header)


def stop_at_once(self, stop_date, error, cause):
    """An execution is over when somebody ends it, and not only when its tasks are."""
    stop(self, stop_date, error, cause)
    self.error, self.cause = error or None, cause or None
    end(self, ExecutionStatus.ABORTED)


def terminated(self):
    if self.execution.exec_status == ExecutionStatus.RUNNING:
        self._reflect_execution_status()
        end(self.execution, self.execution.exec_status)


def end(execution, status):
    execution.exec_status, execution.stop_date = status, datetime.datetime.now(datetime.timezone.utc)
    events.execution_ended(execution)


def parse_percentages(definition):
    """The grammar knows 100.0 only."""
    return parse(re.sub(r'("ToleratedFailurePercentage"\s*:\s*\d+)(?=\s*[,}])', r"\1.0", definition))


def map_run_within_tolerance(self, env, eval_input):
    map_run(self, env, eval_input)
    record = eval_input.map_run_record
    items = record.item_counter
    failed, share = items.failed.get() + items.timed_out.get(), record.tolerated_failure_percentage or 0
    if failed <= (record.tolerated_failure_count or 0) or failed * 100 <= share * items.total.get():
        return
    name = StatesErrorName(StatesErrorNameType.StatesExceedToleratedFailureThreshold)
    raise FailureEventException(FailureEvent(
        env, name, HistoryEventType.ExecutionFailed, EventDetails(executionFailedEventDetails=ExecutionFailedEventDetails(
            error=name.error_name, cause="The specified tolerated failure threshold was exceeded"))))


def lambda_error(self, env, ex):
    """Lambda's own errors have names also where a task is a function's ARN."""
    if isinstance(ex, ClientError):
        error, cause = "Lambda." + ex.response["Error"]["Code"], ex.response["Error"]["Message"]
    elif isinstance(ex, BotoCoreError):
        error, cause = "Lambda.SdkClientException", str(ex)
    else:
        return from_error(self, env, ex)
    return FailureEvent(env, CustomErrorName(error), HistoryEventType.LambdaFunctionFailed, EventDetails(
        lambdaFunctionFailedEventDetails=LambdaFunctionFailedEventDetails(error=error, cause=cause)))


class AnyErrorName(ErrorName):
    """A Fail state may pass on an error of Step Functions itself."""
