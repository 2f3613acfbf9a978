#!/usr/bin/env python3
"""One bank as a process of its own, to be killed and started again at any moment. Its accounts are in FILE.

Usage: bank_service.py --file FILE --port PORT [--accounts N --opening MONEY] [--seed N] [--trouble FILE]

POST /<operation> {"account":..,"amount":..}   see OPERATIONS in bank_db.py; "refuse":true answers FAILURE
POST /xa          the same body, amount signed; phase one registers the branch with the coordinator in ?dtm=
GET  /query-prepared                           whether a message's local transaction was committed
GET  /ping

--trouble: a JSON file that is read anew whenever it changes; the chance of each kind of trouble per call:
{"delay":0.1,"longest":2,"error":..,"lost_answer":..,"ongoing":..,"drop":..}.
"""

import argparse
import http.client
import http.server
import json
import os
import random
import sqlite3
import sys
import time
import urllib.parse

from bank_db import OPERATIONS, BankDb, Call, Refused


class Trouble:
    """Rolls the dice for each call, with the chances that the file says at the moment."""

    def __init__(self, path, seed):
        self.path, self.random, self.chances, self.seen = path, random.Random(seed), {}, None

    def roll(self):
        """The kinds of trouble this call is in for."""
        if not self.path:
            return set()
        try:
            changed = os.stat(self.path).st_mtime_ns
            if changed != self.seen:
                with open(self.path) as file:
                    self.chances, self.seen = json.load(file), changed
        except (OSError, ValueError):
            pass  # Replaced at this moment: the old chances hold for one call more.
        return {kind for kind, chance in self.chances.items() if kind != "longest" and self.random.random() < chance}

    def delay(self):
        time.sleep(self.random.random() * self.chances.get("longest", 1))


class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port, bank, trouble):
        super().__init__(("127.0.0.1", port), Handler)
        self.bank, self.trouble = bank, trouble

    def handle_error(self, *ignored):
        pass  # Connections break all the time here.


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    wbufsize = 65536  # One packet for head and body.

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        if parts.path == "/ping":
            return self.reply(200, "SUCCESS")
        trouble = self.server.trouble.roll()
        if "delay" in trouble:
            self.server.trouble.delay()
        if "drop" in trouble:
            return self.hang_up()
        if "error" in trouble:
            return self.reply(500, "the bank is in trouble")
        if "ongoing" in trouble and query.get("op") not in ("msg", "try"):
            return self.reply(425, "ONGOING")
        status, text = self.outcome(parts.path, query, body)
        if "lost_answer" in trouble:
            return self.hang_up()
        self.reply(status, text)

    do_GET = do_POST

    def outcome(self, path, query, body):
        try:
            return self.serve(path[1:], query, body)
        except Refused as no:
            return 409, f"FAILURE: {no}"
        except (ValueError, KeyError) as error:
            return 400, f"bad request: {error!r}"
        except (OSError, http.client.HTTPException, sqlite3.Error) as error:
            return 500, f"not done: {error!r}"

    def serve(self, path, query, body):
        bank, call = self.server.bank, Call(query)
        if path == "query-prepared":
            if not bank.was_committed(call.gid):
                raise Refused("the local transaction was not committed")
            return 200, "SUCCESS"
        if path == "xa" and call.op != "action":
            bank.xa_finish(call)
            return 200, "SUCCESS"
        order = json.loads(body)
        if order.get("refuse") and call.op in ("action", "try"):
            raise Refused("refused as ordered")
        if path == "xa":
            self.register(query, call)
            bank.xa_prepare(call, order["account"], order["amount"])
        elif path in OPERATIONS:
            passage = bank.carry_out(call, path, order["account"], order["amount"])
            if passage == "duplicated" and not bank.was_committed(call.gid):
                raise Refused("the message was given up before its local transaction")
        else:
            return 404, f"the bank has no counter {path}"
        return 200, "SUCCESS"

    def register(self, query, call):
        """XA: the branch makes itself known before it prepares, so that a rollback can reach it."""
        server = urllib.parse.urlsplit(query["dtm"])
        connection = http.client.HTTPConnection(server.hostname, server.port, timeout=3)
        try:
            connection.request("POST", server.path + "/registerBranch", json.dumps(
                {"gid": call.gid, "branch_id": call.branch_id, "trans_type": "xa", "url": query["phase2_url"]}))
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status == 409:
            raise Refused(text)
        if answer.status != 200:
            raise OSError(f"registerBranch: {answer.status} {text}")

    def hang_up(self):
        self.close_connection = True
        self.connection.close()

    def reply(self, status, text):
        data = text.encode()
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *ignored):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--file", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--accounts", type=int, default=0)
    parser.add_argument("--opening", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trouble")
    options = parser.parse_args()
    sys.setswitchinterval(0.001)
    bank = BankDb(options.file, options.accounts, options.opening)
    Server(options.port, bank, Trouble(options.trouble, options.seed)).serve_forever(0.5)


if __name__ == "__main__":
    main()
