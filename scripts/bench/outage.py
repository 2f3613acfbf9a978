#!/usr/bin/env python3
"""How fast transactions that were stuck behind a participant's outage end when it is back.

Usage: outage.py [--server URL[,URL...]] [--transactions N] [--latency-ms MS] [--outage-s S]
       outage.py --store STORE [--nodes N] ...

Submits N two-branch sagas to running coordinators while their participant (a port of ours) refuses connections, waits,
starts the participant, and reports when the last saga has ended. Each call is answered after MS milliseconds.
With --store it starts the store of that name (see tests/fault/stores.py) and N coordinators ($DTMD) on it itself, with
default times.
"""
import argparse
import asyncio
import contextlib
import itertools
import json
import os
import sys
import tempfile
import time
import urllib.error
import urllib.request


def post(server, path, body):
    request = urllib.request.Request(server + path, json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def status(server, gid):
    with urllib.request.urlopen(f"{server}/api/dtmsvr/query?gid={gid}", timeout=30) as response:
        return json.load(response)["transaction"]["status"]


class Participant:
    def __init__(self, latency_s):
        self.latency_s = latency_s
        self.calls = 0
        self.first_call = None

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = 0
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                await reader.readexactly(length)
                if self.first_call is None:
                    self.first_call = time.monotonic()
                self.calls += 1
                await asyncio.sleep(self.latency_s)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()


@contextlib.contextmanager
def own_servers(options):
    """Addresses of coordinators on a store of our own."""
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "fault"))
    from processes import Node
    from stores import STORES
    times = {"RequestTimeout": 3, "RetryInterval": 10, "TimeoutToFail": 35, "TransCronInterval": 3, "Limits": {}}
    with tempfile.TemporaryDirectory(prefix="dtmd-outage-") as folder:
        store, nodes = STORES[options.store](folder), []
        try:
            store.start()
            nodes = [Node(f"node{n}", folder, store, times) for n in range(options.nodes)]
            for node in nodes:
                node.launch()
            for node in nodes:
                node.wait_until_up()
            yield [node.url for node in nodes]
        finally:
            for node in nodes:
                node.kill()
            store.stop()


async def wait_until_ended(servers, gids, deadline):
    """All have ended: each gid is asked until it says so."""
    loop = asyncio.get_running_loop()
    for server, gid in zip(itertools.cycle(servers), gids):
        while (await loop.run_in_executor(None, status, server, gid)) not in ("succeed", "failed"):
            if time.monotonic() > deadline:
                raise SystemExit(f"outage.py: {gid} has not ended in time")
            await asyncio.sleep(0.01)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="http://127.0.0.1:36789")
    parser.add_argument("--store")
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--transactions", type=int, default=1500)
    parser.add_argument("--latency-ms", type=float, default=50)
    parser.add_argument("--outage-s", type=float, default=20)
    parser.add_argument("--port", type=int, default=20083)
    options = parser.parse_args()
    given = contextlib.nullcontext(options.server.split(","))
    with own_servers(options) if options.store else given as servers:
        asyncio.run(measure(options, servers))


async def measure(options, servers):
    participant = f"http://127.0.0.1:{options.port}"
    prefix = f"outage-{int(time.time())}-"
    gids = [prefix + str(i) for i in range(options.transactions)]
    for server, gid in zip(itertools.cycle(servers), gids):
        post(server, "/api/dtmsvr/submit", {
            "gid": gid, "trans_type": "saga",
            "steps": [{"action": participant + "/out", "compensate": participant + "/out-undo"},
                      {"action": participant + "/in", "compensate": participant + "/in-undo"}],
            "payloads": ["{}", "{}"]})
    print(f"{len(gids)} sagas submitted; the participant stays down for {options.outage_s:g} s")
    await asyncio.sleep(options.outage_s)

    world = Participant(options.latency_ms / 1000)
    listener = await asyncio.start_server(world.serve, "127.0.0.1", options.port, backlog=4096)
    back = time.monotonic()
    await wait_until_ended(servers, gids, back + 120)
    ended = time.monotonic()
    first = world.first_call - back
    print(f"first call {first:.2f} s after the participant's return, all ended {ended - back:.2f} s after it, "
          f"{ended - back - first:.2f} s after the first call; {world.calls} calls for {2 * len(gids)} branches")
    listener.close()


if __name__ == "__main__":
    try:
        main()
    except urllib.error.URLError as error:
        raise SystemExit(f"outage.py: the coordinator does not answer: {error.reason}")
