"""Processes of a measurement: they end when it ends, however it ends."""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import time

PATIENCE = 60  # s, for a server to come up: disks can be slow.
LINUX_PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """What went wrong, for people."""


def free_port(first):
    """Below the system's ephemeral range, so that no connection can take it meanwhile."""
    for port in range(first, first + 500):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failed(f"no free port from {first} to {first + 499}")


def prepare():
    """As many files as we may, and Debian's servers within reach of whoever is not root."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def end_on_signals():
    """A signal unwinds the stack, so that everything that was started is ended."""
    def leave(number, _):
        raise SystemExit(128 + number)
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)


def die_with_parent():
    ctypes.CDLL(None).prctl(LINUX_PR_SET_PDEATHSIG, signal.SIGKILL)


def run(*command, **more):
    result = subprocess.run(command, text=True, capture_output=True, **more)
    if result.returncode != 0:
        raise Failed(f"{command[0]}: {(result.stderr or result.stdout).strip()[-500:]}")
    return result.stdout


def all_processes():
    """pid → (parent, CPU seconds)."""
    found, ticks = {}, os.sysconf("SC_CLK_TCK")
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue  # It has just ended.
        # Its own time, and that of its children that have ended.
        found[int(name)] = (int(fields[1]), sum(map(int, fields[11:15])) / ticks)
    return found


class Process:
    """One that answers when it is up. A context manager."""

    def __init__(self, command, log, is_up, **more):
        self.log = log
        with open(log, "a") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=file, preexec_fn=die_with_parent, **more)
        self.pid = self.process.pid
        try:
            self._wait_until(is_up)
        except BaseException:
            self.end()
            raise

    def _wait_until(self, is_up):
        deadline = time.monotonic() + PATIENCE
        while not is_up():
            if self.process.poll() is not None:
                raise Failed(f"{self.process.args[0]} has ended: {self.tail()}")
            if time.monotonic() > deadline:
                raise Failed(f"{self.process.args[0]} does not answer within {PATIENCE} s: {self.tail()}")
            time.sleep(0.05)

    def tail(self):
        with open(self.log, errors="replace") as file:
            return file.read()[-1000:].strip()

    def is_alive(self):
        return self.process.poll() is None

    def cpu_seconds(self):
        """Of it and of all that it has started."""
        processes, total, family = all_processes(), 0.0, {self.pid}
        grown = True
        while grown:
            more = {pid for pid, (parent, _) in processes.items() if parent in family} - family
            family |= more
            grown = bool(more)
        for pid in family:
            total += processes.get(pid, (0, 0.0))[1]
        return total

    def memory_mib(self):
        """Resident now, and at most so far."""
        with open(f"/proc/{self.pid}/status") as file:
            values = dict(line.split(":", 1) for line in file)
        return tuple(int(values[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))

    def end(self, number=signal.SIGTERM, patience=30):
        if self.is_alive():
            self.process.send_signal(number)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
