"""Moto's server on a free port of this machine: prints its URL, and ends with its standard input."""

import datetime
import os
import sys
import threading

import moto.organizations.models
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server


class Quiet(MotoRequestHandler):
    def log(self, *args, **more):
        pass


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


def years_ago():
    return datetime.datetime(2024, 2, 29)


moto.organizations.models.utcnow = years_ago  # accounts that have just been made are a case of their own
application = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
threading.Thread(target=end_with_parent, daemon=True).start()
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
