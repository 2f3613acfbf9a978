"""Coordinators and banks as processes that can be killed, stopped, continued and started again."""

import http.client
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "interop"))
import harness  # noqa: E402

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


class EndedByItself(Exception):
    """A process ended although nobody killed it."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Process:
    """Something on a port of its own. Subclasses say what to run."""

    def __init__(self, name, folder):
        self.name, self.folder, self.port = name, folder, harness.reserve_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = os.path.join(folder, name + ".log")
        self.process, self.wanted, self.starts, self.launched_at = None, False, 0, 0.0

    def arguments(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def launch(self):
        """Does not wait for anything. What is started ends with us, however we end."""
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.arguments()], stdout=log,
                                            stderr=log, env={**os.environ, **self.environment()})
        self.wanted, self.starts, self.launched_at = True, self.starts + 1, time.monotonic()

    def kill(self):
        """Works on stopped processes too."""
        self.wanted = False
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def signal(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)

    def is_up(self):
        try:
            return harness.request(self.port, "GET", "/api/ping", timeout=2).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def check(self):
        """Raises if it should be running and is not."""
        code = self.process.poll()
        if self.wanted and code is not None:
            raise EndedByItself(code, f"{self.name} ended by itself with {code}:\n{self.log_tail()}")

    def wait_until_up(self, limit=60.0):
        deadline = time.monotonic() + limit
        while not self.is_up():
            self.check()
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name} does not answer within {limit:.0f} s:\n{self.log_tail()}")
            time.sleep(0.02)

    def log_tail(self, lines=30):
        with open(self.log, errors="replace") as file:
            return "".join(file.readlines()[-lines:])


class Node(Process):
    """One coordinator."""

    # Short times, so that what depends on them happens often: clients and banks take up to two seconds on purpose.
    SETTINGS = {"RequestTimeout": 1, "RetryInterval": 1, "TimeoutToFail": 5, "TransCronInterval": 1,
                "LogLevel": "info", "Limits": {"MaxRetryInterval": 3, "StopTimeout": 2}}

    def __init__(self, name, folder, store, overrides=None, fake_clock=False):
        super().__init__(name, folder)
        self.config = os.path.join(folder, name + ".yml")
        self.clock = os.path.join(folder, name + ".clock") if fake_clock else None
        settings = {**self.SETTINGS, **store.settings(name), "Host": "127.0.0.1", "HttpPort": self.port,
                    "GrpcPort": harness.reserve_port(), **(overrides or {})}
        with open(self.config, "w") as file:
            json.dump(settings, file)  # JSON is YAML.
        if self.clock:
            self.set_clock(0)

    def arguments(self):
        return [harness.BINARY, "serve", "-c", self.config]

    def environment(self):
        if not self.clock:
            return {}
        # The monotonic clock stays true, as it does on a machine whose time is set.
        return {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": self.clock, "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}

    def kill(self):
        super().kill()
        for name in ("faketime_shm_", "sem.faketime_sem_") if self.clock and self.process else ():
            left = f"/dev/shm/{name}{self.process.pid}"  # libfaketime can't clear up after a kill -9.
            if os.path.exists(left):
                os.unlink(left)

    def set_clock(self, offset):
        """Seconds by which its wall clock is wrong from now on."""
        with open(self.clock + ".new", "w") as file:
            file.write(f"{offset:+d}\n")
        os.replace(self.clock + ".new", self.clock)


class Bank(Process):
    """One participant. Its accounts are in a file that outlives it."""

    def __init__(self, name, folder, accounts, opening, seed):
        super().__init__(name, folder)
        self.accounts, self.opening, self.seed = accounts, opening, seed
        self.file = os.path.join(folder, name + ".db")
        self.trouble = os.path.join(folder, name + ".trouble")

    def arguments(self):
        return [sys.executable, os.path.join(HERE, "bank_service.py"), "--file", self.file, "--port", str(self.port),
                "--accounts", str(self.accounts), "--opening", str(self.opening), "--trouble", self.trouble,
                "--seed", str(self.seed + self.starts)]

    def is_up(self):
        try:
            return harness.request(self.port, "GET", "/ping", timeout=2).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def make_trouble(self, chances):
        with open(self.trouble + ".new", "w") as file:
            json.dump(chances, file)
        os.replace(self.trouble + ".new", self.trouble)
