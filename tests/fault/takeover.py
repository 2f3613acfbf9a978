#!/usr/bin/env python3
"""One of two coordinators on one store is killed with calls open. How long until the other one makes them?

Usage: takeover.py [--store NAME] [--transactions N] [--slack S]    exit status 0 if within the lease and S seconds

The binary is $DTMD, or build/dev/dtmd.
"""

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time

from processes import Node, harness
from stores import STORES

SETTINGS = {"RequestTimeout": 3, "RetryInterval": 1, "TransCronInterval": 3}  # All but the second are the defaults.
LEASE = SETTINGS["RequestTimeout"] + 10  # s; how far a call's lease reaches from when it is made.


class Service(harness.Participant):
    """Answers /held only when `released`, and notes when each call of it arrived."""

    def __init__(self):
        super().__init__()
        self.server.socket.listen(1024)
        self.released, self.arrivals = threading.Event(), []
        self.answers["/held"] = [self.hold]

    def hold(self):
        self.arrivals.append(time.monotonic())
        self.released.wait(30)
        return 200, ""


def all_ended(node):
    """Whether nothing is left in the store."""
    reply = harness.request(node.port, "GET", "/api/dtmsvr/all?limit=1&status=submitted")
    return reply.status == 200 and not reply.json()["transactions"]


def measure(options, folder, store):
    """(seconds from the kill to the first call by the other node, to the last one, to the last end)"""
    nodes = [Node(f"node{n}", folder, store, SETTINGS) for n in range(2)]
    service = Service()
    try:
        for node in nodes:
            node.launch()
        for node in nodes:
            node.wait_until_up()
        for n in range(options.transactions):
            saga = harness.saga(f"held-{n}", service, ["first", "held"])
            reply = harness.request(nodes[0].port, "POST", "/api/dtmsvr/submit", saga)
            assert reply.status == 200, reply.body
        harness.eventually(lambda: len(service.arrivals) >= options.transactions, "all calls are open", limit=30)
        killed_at, before = time.monotonic(), len(service.arrivals)
        nodes[0].kill()
        service.released.set()
        harness.eventually(lambda: all_ended(nodes[1]), "the other node has ended all", limit=LEASE + 30)
        ended = time.monotonic()
        later = service.arrivals[before:]
        calls = sum(1 for call in service.calls if call["path"] == "/first")
        assert calls == options.transactions, f"{calls} calls of steps that had been done"
        return later[0] - killed_at, later[-1] - killed_at, ended - killed_at
    finally:
        for node in nodes:
            node.kill()
        service.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--store", choices=sorted(set(STORES) - {"embedded"}), default="redis")
    parser.add_argument("--transactions", type=int, default=200)
    parser.add_argument("--slack", type=float, default=2.0)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="dtmd-fault-")
    store = STORES[options.store](folder)
    try:
        store.start()
        first, last, ended = measure(options, folder, store)
    finally:
        store.stop()
    shutil.rmtree(folder)
    good = ended <= LEASE + options.slack
    print(f"{options.store}: {options.transactions} open calls taken over {first:.1f} to {last:.1f} s after the death of "
          f"their node, all ended after {ended:.1f} s; the lease is {LEASE} s: {'ok' if good else 'TOO LATE'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
