"""Clients with which the emulator calls itself, as one service of AWS calls another."""

import functools
import os
import threading

import boto3
import botocore.config

PUBLIC_URL = os.environ["PUBLIC_URL"]
HUB = "123456789012"  # moto's own account

own_url = ""  # set once it is known
lock = threading.Lock()  # botocore makes one client at a time


def client(service, region, account=HUB):
    """A client that asks the emulator itself, past all faults."""
    return make(service, region, account, own_url)


def public_client(service, region):
    """A client that asks whoever answers for AWS: functions run, and faults are met."""
    return make(service, region, HUB, PUBLIC_URL)


def make(service, region, account, url):
    with lock:
        return cached(service, region, account, url)


@functools.lru_cache(None)
def cached(service, region, account, url):
    config = botocore.config.Config(
        retries={"total_max_attempts": 1}, read_timeout=1000, max_pool_connections=200,
        parameter_validation=url == own_url)
    made = boto3.session.Session("lab", "secret").client(service, region, endpoint_url=url, config=config)
    made.meta.events.register(
        "before-sign", lambda request, **_: request.headers.add_header("x-moto-account-id", account))
    return made
