"""The emulated AWS: moto's server on a free port, with what moto lacks. It prints its URL, and ends with
its standard input.

PUBLIC_URL is where programs find this AWS: a proxy that answers for Lambda and hands all else on to here.
"""

import datetime
import os
import sys
import threading

import moto.organizations.models
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from emulator import buckets, clients, interpreter, lambdas, oidc, stacks, stacksets, trust


class Quiet(MotoRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *args, **more):
        pass


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


def years_ago():
    return datetime.datetime(2024, 2, 29)


moto.organizations.models.utcnow = years_ago  # accounts that have just been made are a case of their own
default_user_config["stepfunctions"] = {"execute_state_machine": True}
for part in buckets, interpreter, lambdas, oidc, stacks, stacksets, trust:
    part.install()
server = make_server(
    "127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True, request_handler=Quiet)
clients.own_url = f"http://localhost:{server.server_port}"
threading.Thread(target=end_with_parent, daemon=True).start()
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
