"""One measurement: a fresh dtmd on a fresh store, a load, and what came of it."""

import dataclasses
import json
import os
import subprocess
import time
import urllib.error
import urllib.request

from processes import Failed, Process, die_with_parent, free_port

MODES = ("saga", "tcc", "msg", "xa", "workflow")
WRK_MODES = ("saga", "tcc", "msg")
OVERHEAD_S = 90  # That a load may take beyond its time: waiting for the last transactions of a stalled store.
SCRIPTS = os.path.dirname(os.path.abspath(__file__))


@dataclasses.dataclass
class Cell:
    """What is to be measured."""

    store: str
    mode: str = "saga"
    connections: int = 32
    sync: int = 1  # UpdateBranchSync
    protocol: str = "http"
    branches: int = 2
    payload: int = 40
    load: str = "bench"  # or wrk
    seconds: float = 6.0
    warm_up: float = 2.0


def sync_micros(folder):
    """The median of what a sync of a small write takes: durable writes are as fast as the disk is at this moment."""
    times, name = [], os.path.join(folder, "sync")
    file = os.open(name, os.O_CREAT | os.O_WRONLY)
    try:
        for _ in range(100):
            os.write(file, b"x" * 4096)
            start = time.perf_counter()
            os.fdatasync(file)
            times.append(time.perf_counter() - start)
    finally:
        os.close(file)
        os.unlink(name)
    return sorted(times)[50] * 1e6


class Dtmd(Process):
    """A coordinator on free ports. `store`: its settings, see stores.py."""

    def __init__(self, binary, folder, store, **settings):
        self.http, self.grpc = free_port(20_000), free_port(20_500)
        self.address = f"http://127.0.0.1:{self.http}"
        config = os.path.join(folder, "dtmd.yml")
        values = {"Host": "127.0.0.1", "HttpPort": self.http, "GrpcPort": self.grpc, "LogLevel": "warn",
                  "Store": store, **settings}
        with open(config, "w") as file:
            json.dump(values, file)  # JSON is YAML.
        log = os.path.join(folder, "dtmd.log")
        super().__init__([binary, "serve", "-c", config], log, self.answers)

    def answers(self):
        try:
            with urllib.request.urlopen(f"{self.address}/api/health", timeout=5) as response:
                return response.status == 200
        except (OSError, urllib.error.URLError):
            return False


class Participant(Process):
    """nginx, which answers every branch at once."""

    def __init__(self, folder):
        self.port = free_port(22_500)
        self.address = f"http://127.0.0.1:{self.port}"
        scratch = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                          ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w") as file:
            file.write(f"""daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 20000; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; {scratch}
    server {{
        listen 127.0.0.1:{self.port} backlog=4096;
        default_type application/json;
        location / {{ return 200 '{{"dtm_result":"SUCCESS"}}'; }}
    }}
}}
""")
        super().__init__(["nginx", "-p", folder, "-c", config, "-e", f"{folder}/nginx.log"], f"{folder}/nginx.log",
                         self.answers)

    def answers(self):
        try:
            with urllib.request.urlopen(self.address, timeout=5) as response:
                return response.status == 200
        except (OSError, urllib.error.URLError):
            return False


def limited(command, limit):
    """Its output; it is ended when it takes longer."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=limit, preexec_fn=die_with_parent)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{os.path.basename(command[0])} has not ended within {limit:.0f} s") from error


def bench_load(binary, dtmd, cell):
    server = f"grpc://127.0.0.1:{dtmd.grpc}" if cell.protocol == "grpc" else dtmd.address
    command = [binary, "bench", "--server", server, "--mode", cell.mode, "--branches", str(cell.branches), "--payload",
               str(cell.payload), "-c", str(cell.connections), "-d", str(cell.seconds), "--warm-up",
               str(cell.warm_up), "--pid", str(dtmd.pid), "--json"]
    result = limited(command, cell.seconds + cell.warm_up + OVERHEAD_S)
    try:
        report = json.loads(result.stdout)
    except ValueError:
        raise Failed(f"dtmd bench: {result.stderr.strip()[-300:]}") from None
    if result.returncode != 0:
        raise Failed(f"dtmd bench: {'; '.join(report['complaints'])} {report['first_error']}"[:400])
    latency = report["latency"]
    return {"per_second": report["transactions_per_second"], "transactions": report["transactions"],
            "measured_s": report["seconds"], "cpu_us": report["cpu_us_per_transaction"],
            **{name: latency[f"{name}_us"] / 1000 for name in ("p50", "p90", "p99", "p99.9", "max")}}


def wrk_load(dtmd, cell, participant):
    def once(seconds):
        result = limited(["wrk", "-t1", f"-c{cell.connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s",
                          "--latency", "-s", os.path.join(SCRIPTS, "transactions.lua"), dtmd.address, "--", cell.mode,
                          participant.address], seconds + OVERHEAD_S)
        lines = [line for line in result.stdout.splitlines() if line.startswith("RESULT")]
        if result.returncode != 0 or not lines:
            raise Failed(f"wrk: {(result.stderr or result.stdout).strip()[-300:]}")
        count, duration, p50, p99, longest, answers, connections = map(float, lines[0].split()[1:])
        if count == 0 or answers + connections > 0:
            raise Failed(f"{answers:.0f} answers and {connections:.0f} connections failed: {dtmd.tail()[-300:]}")
        return count, duration, p50, p99, longest

    if cell.warm_up > 0:
        once(cell.warm_up)
    before = dtmd.cpu_seconds()
    count, duration, p50, p99, longest = once(cell.seconds)
    used = dtmd.cpu_seconds() - before
    result = {"per_second": count / duration, "transactions": int(count), "measured_s": duration,
              "cpu_us": used / count * 1e6}
    if cell.mode != "tcc":  # Its latencies are of single requests, four of which are one transaction.
        result |= {"p50": p50, "p99": p99, "max": longest}
    return result


def put_load(binary, dtmd, cell, folder):
    if cell.load == "bench":
        return bench_load(binary, dtmd, cell)
    if cell.mode not in WRK_MODES or cell.protocol != "http" or cell.branches != 2:
        raise Failed("--load wrk: only saga, tcc and msg of two branches over http")
    with Participant(folder) as participant:
        return wrk_load(dtmd, cell, participant)


def measure(binary, store, cell):
    """A row: the cell and its figures, or `failed` with the reason."""
    row = dataclasses.asdict(cell)
    try:
        row["sync_us"] = sync_micros(store.folder)
        with Dtmd(binary, store.folder, store.fresh(), UpdateBranchSync=cell.sync) as dtmd:
            before, began = store.cpu_seconds(), time.monotonic()
            row |= put_load(binary, dtmd, cell, store.folder)
            # Of warm-up and measurement together, so by time: what a transaction costs the store hardly changes.
            took = time.monotonic() - began
            loaded = min(took, cell.seconds + cell.warm_up)
            row["store_cpu_us"] = (store.cpu_seconds() - before) / (row["per_second"] * loaded) * 1e6
            row["memory_mib"], row["peak_mib"] = dtmd.memory_mib()
        row["sync_after_us"] = sync_micros(store.folder)
    except (Failed, OSError, subprocess.SubprocessError) as error:
        row["failed"] = " ".join(str(error).split())[:300]
    return row
