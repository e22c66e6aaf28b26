"""Step Functions: moto's interpreter of state machines, where it differs from AWS or takes too long."""

import datetime
import functools
import re
import sys
import threading
import time
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
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from emulator import clients, events

start_lock = threading.Lock()
start_execution, stop = StepFunctionsParserBackend.start_execution, Execution.stop
parse, map_run = AmazonStateLanguageParser.parse, DistributedIterationComponent._map_run
from_error, equals = task.StateTaskLambda._from_error, ErrorEqualsDecl._eval_body


def install():
    spare_work()
    StepFunctionsParserBackend.start_execution = start_named
    Execution.stop = stop_at_once
    BaseExecutionWorkerCommunication.terminated = terminated
    AmazonStateLanguageParser.parse = staticmethod(parse_percentages)
    DistributedIterationComponent._map_run = map_run_within_tolerance
    task.StateTaskLambda._from_error = lambda_error
    fail.CustomErrorName = AnyErrorName
    ErrorEqualsDecl._eval_body = error_equals
    Timestamp._get_wait_seconds = seconds_left
    WaitFunction._wait_interval = wait
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
    while self.exec_status == ExecutionStatus.RUNNING and not (self.exec_worker.env and self.exec_worker.env.is_running()):
        time.sleep(0.01)  # it has not begun yet
    if self.exec_status != ExecutionStatus.RUNNING:
        return
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
    elif isinstance(ex, NoSuchJsonPathError):
        return ExecutionState._from_error(self, env, ex)
    else:
        return from_error(self, env, ex)
    return FailureEvent(env, CustomErrorName(error), HistoryEventType.LambdaFunctionFailed, EventDetails(
        lambdaFunctionFailedEventDetails=LambdaFunctionFailedEventDetails(error=error, cause=cause)))


def error_equals(self, env):
    """States.ALL is all but what ends an execution whatever it catches."""
    error = env.stack[-1]
    equals(self, env)
    if isinstance(error, StatesErrorName) and error.error_name in ("States.Runtime", "States.DataLimitExceeded"):
        env.stack[-1] = error in self.error_names


def seconds_left(self, env):
    """Until a timestamp, which is not in local time and has a fraction of a second to go."""
    self.string.eval(env=env)
    text = env.stack.pop()
    until = self._from_timestamp_string(text)
    if until is None:
        raise FailureEventException(self._create_failure_event(env, text))
    return (until.replace(tzinfo=datetime.timezone.utc) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


def wait(self, env, wait_seconds):
    end = time.monotonic() + wait_seconds
    while env.is_running() and (left := end - time.monotonic()) > 0:
        env.program_state_event.wait(min(left, 0.2))


class AnyErrorName(ErrorName):
    """A Fail state may pass on an error of Step Functions itself."""
