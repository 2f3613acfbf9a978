#!/usr/bin/env python3
"""Finds dtmd's nodes in etcd and follows them: what a client does instead of having an address in its settings.

Usage: find_dtmd.py ETCD SERVICE, for example: find_dtmd.py 127.0.0.1:2379,127.0.0.1:22379 dtmservice

Prints the nodes whenever they change, and once a second a gid from one of them in turn. The nodes run with
    HttpMicroService: {Driver: etcd, RegistryType: etcd, RegistryAddress: "127.0.0.1:2379", Target: dtmservice,
                       EndPoint: "127.0.0.1:36789"}
"""
import base64
import http.client
import itertools
import json
import sys
import threading
import time


def encoded(text):
    return base64.b64encode(text.encode()).decode()


class Nodes:
    """The addresses of a service as etcd has them. While etcd is down the last ones hold."""

    def __init__(self, members, service):
        self.members = members
        self.addresses = []
        prefix = f"/services/{service}/"
        self.span = {"key": encoded(prefix), "range_end": encoded(prefix[:-1] + "0")}  # "0" follows "/".
        self.turn = itertools.count()
        threading.Thread(target=self.follow, daemon=True).start()

    def pick(self):
        addresses = self.addresses
        return addresses[next(self.turn) % len(addresses)] if addresses else None

    def follow(self):
        for member in itertools.cycle(self.members):
            try:
                while True:
                    self.wait_for_change(member, self.read(member))
            except (OSError, http.client.HTTPException, KeyError, ValueError):
                time.sleep(0.2)  # This member is gone, or has no leader: ask the next.

    def read(self, member):
        connection = http.client.HTTPConnection(member, timeout=2)
        connection.request("POST", "/v3/kv/range", json.dumps(self.span))
        answer = json.loads(connection.getresponse().read())
        revision = int(answer["header"]["revision"])
        self.addresses = [base64.b64decode(entry["value"]).decode() for entry in answer.get("kvs", [])]
        return revision

    def wait_for_change(self, member, revision):
        """Until something changes, and at most ten seconds: a watch that has gone dead looks like one that is quiet."""
        connection = http.client.HTTPConnection(member, timeout=10)
        request = {"create_request": {**self.span, "start_revision": str(revision + 1)}}
        connection.request("POST", "/v3/watch", json.dumps(request))
        response = connection.getresponse()
        try:
            while "events" not in json.loads(response.readline())["result"]:
                pass
        except TimeoutError:
            pass


def main():
    nodes = Nodes(sys.argv[1].split(","), sys.argv[2])
    shown = None
    while True:
        if nodes.addresses != shown:
            shown = nodes.addresses
            print("nodes:", " ".join(shown) or "none", flush=True)
        address = nodes.pick()
        if address:
            try:
                connection = http.client.HTTPConnection(address, timeout=2)
                connection.request("GET", "/api/dtmsvr/newGid")
                print("gid:", json.loads(connection.getresponse().read())["gid"], "from", address, flush=True)
            except (OSError, http.client.HTTPException) as error:
                print(address, "can't be reached:", error, flush=True)
        time.sleep(1)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main()
