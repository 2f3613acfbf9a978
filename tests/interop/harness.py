"""Starts real dtmd processes for tests, and stands in for the services that take part in their transactions."""

import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from ports import reserve_port  # noqa: E402

BINARY = os.environ.get("DTMD", "build/dev/dtmd")
PATIENCE = float(os.environ.get("DTMD_TEST_PATIENCE", "20"))  # s; sanitizers and busy machines are slow.


def eventually(condition, what, limit=PATIENCE):
    """The first true result of `condition`, or a failed test that says what was waited for."""
    deadline = time.monotonic() + limit
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit} s: {what}")
        time.sleep(0.02)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


def request(port, method, path, body=None, timeout=PATIENCE):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        data = json.dumps(body) if isinstance(body, (dict, list)) else body
        connection.request(method, path, data, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read().decode())
    finally:
        connection.close()


class Dtmd:
    """One dtmd with its own folder and port. Can be ended and started again on the same two."""

    def __init__(self, folder, **settings):
        self.folder = folder
        self.port = settings.pop("HttpPort", None) or reserve_port()
        self.grpc_port = settings.pop("GrpcPort", None) or reserve_port()
        self.config = os.path.join(folder, "dtmd.yml")
        self.log = os.path.join(folder, "log")
        self.process = None
        values = {"Host": "127.0.0.1", "HttpPort": self.port, "GrpcPort": self.grpc_port,
                  "Store": {"Path": os.path.join(folder, "store")}}
        values.update(settings)
        with open(self.config, "w") as file:
            json.dump(values, file)  # JSON is YAML.

    def launch(self, *arguments):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([BINARY, "serve", "-c", self.config, *arguments], stderr=log)
        return self

    def start(self, *arguments):
        return self.launch(*arguments).wait_until_up()

    def wait_until_up(self):
        eventually(self.is_up, "dtmd answers a ping")
        return self

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"dtmd ended with {self.process.returncode}:\n{self.log_text()}")
        try:
            return self.get("/api/ping").status == 200
        except OSError:
            return False

    def log_text(self):
        with open(self.log) as file:
            return file.read()

    def end(self, number=signal.SIGTERM, limit=PATIENCE):
        """Sends the signal and returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(limit)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def get(self, path):
        return request(self.port, "GET", path)

    def post(self, action, body):
        return request(self.port, "POST", "/api/dtmsvr/" + action, body)

    def transaction(self, gid):
        return self.get("/api/transaction?gid=" + gid).json()

    def status(self, gid):
        return self.transaction(gid)["transaction"]["status"]

    def wait_for(self, gid, status, limit=PATIENCE):
        eventually(lambda: self.status(gid) == status, f"{gid} is {status}", limit)


class Participant:
    """A service of many branches. Every path answers 200 unless `answers` has a list of (status, body) for it, which
    is used up from the front, its last entry for ever. A callable in place of a pair is called, and gives the pair."""

    def __init__(self):
        self.calls = []
        self.answers = {}
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def ops(self, gid):
        """The calls of one transaction, in order, as "01 action"."""
        calls = [call["query"] for call in list(self.calls) if call["query"].get("gid") == gid]
        return [f"{query['branch_id']} {query['op']}" for query in calls]

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, path):
        answers = self.answers.get(path, [(200, "")])
        chosen = answers.pop(0) if len(answers) > 1 else answers[0]
        return chosen() if callable(chosen) else chosen

    def handler(participant):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                parts = urllib.parse.urlsplit(self.path)
                participant.calls.append({"method": self.command, "path": parts.path, "body": body,
                                          "query": dict(urllib.parse.parse_qsl(parts.query)),
                                          "headers": dict(self.headers)})
                status, text = participant.answer(parts.path)
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text.encode())
                except OSError:
                    pass  # The coordinator was killed meanwhile.

            do_GET = do_POST = serve

            def log_message(self, *ignored):
                pass

        return Handler


class Case(unittest.TestCase):
    """Gives each test a folder, and ends what it started."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="dtmd-interop-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def dtmd(self, name="node", **settings):
        folder = os.path.join(self.folder, name)
        os.makedirs(folder, exist_ok=True)
        node = Dtmd(folder, **settings)
        self.addCleanup(node.kill)
        return node

    def participant(self):
        service = Participant()
        self.addCleanup(service.close)
        return service

    def run_dtmd(self, *arguments, **more):
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=60, **more)


def saga(gid, service, steps, **options):
    """A saga of steps named "a", "b": actions /a, compensations /a-undo."""
    return {"gid": gid, "trans_type": "saga", "retry_interval": 1,
            "steps": [{"action": service.url("/" + s), "compensate": service.url(f"/{s}-undo")} for s in steps],
            "payloads": ['{"n":1}' for _ in steps], **options}
