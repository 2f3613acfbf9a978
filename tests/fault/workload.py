"""Many clients at once, and the service that workflows are called back at."""

import glob
import http.server
import json
import os
import random
import threading
import urllib.parse
import uuid

from callers import Banks, Coordinators, GaveUp, Patience
from ledger import Ledger, Pulse, read_ledgers
from transfers import MODES, Transfer, make_plan, run_workflow


class Workload:
    """Transfers until stop(). `modes`: which kinds; `most`: how many transfers at most, None for any number."""

    def __init__(self, folder, coordinator_urls, bank_urls, seed, clients=12, accounts=20, modes=MODES, patience=60.0,
                 most=None):
        self.folder, self.coordinator_urls, self.bank_urls = folder, coordinator_urls, bank_urls
        self.seed, self.accounts, self.modes, self.most = seed, accounts, modes, most
        self.pulse, self.patience = Pulse(), Patience(patience)
        self.begun, self.begun_lock = 0, threading.Lock()
        # A gid of an earlier run must not be met again in a store that outlives it.
        self.run_id = uuid.uuid4().hex[:8]
        self.callbacks = Callbacks(self)
        self.threads = [threading.Thread(target=self.client, args=(n,), daemon=True) for n in range(clients)]

    def start(self):
        self.callbacks.start()
        for thread in self.threads:
            thread.start()
        return self

    def tools(self, name):
        """(coordinators, banks, ledger) for one thread."""
        chance = random.Random(f"{self.seed} {name}")
        return (Coordinators(self.coordinator_urls, chance, self.patience), Banks(self.bank_urls, chance),
                Ledger(os.path.join(self.folder, f"ledger.{name}"), self.pulse))

    def take_turn(self):
        with self.begun_lock:
            if self.patience.stopping.is_set() or self.begun == self.most:
                return False
            self.begun += 1
            return True

    def client(self, number):
        chance = random.Random(f"{self.seed} client {number}")
        coordinators, banks, ledger = self.tools(f"client{number}")
        count = 0
        while self.take_turn():
            count += 1
            gid = f"{self.run_id}-{number}-{count}"
            plan = make_plan(chance, gid, chance.choice(self.modes), len(self.bank_urls), self.accounts)
            try:
                Transfer(plan, coordinators, banks, ledger, self.callbacks.url).run()
            except GaveUp as error:
                ledger.problem(gid, str(error))
                break
            except Exception as error:  # A client that dies silently would make the run look better than it was.
                ledger.problem(gid, f"the client broke: {error!r}")
                raise
        for closing in (ledger, coordinators.wire, banks.wire):
            closing.close()

    def finish(self):
        """Begins no more transfers, and waits until the clients have had their answers. Call it when faults have
        ceased."""
        self.patience.faults_have_ceased()
        for thread in self.threads:
            thread.join(self.patience.limit + 30)

    def ledgers(self):
        """({gid: Account}, [problem]); the callbacks may still write while the coordinators are busy."""
        accounts, problems = read_ledgers(sorted(glob.glob(os.path.join(self.folder, "ledger.*"))))
        problems += [f"{thread.name} never ended" for thread in self.threads if thread.is_alive()]
        return accounts, problems

    def close(self):
        self.callbacks.close()


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *ignored):
        pass  # Coordinators are killed in the middle of connections; what goes wrong in a callback is in its ledger.


class Callbacks:
    """Executes workflows again when a coordinator asks for it."""

    def __init__(self, workload):
        self.workload, self.local = workload, threading.local()
        self.count, self.lock = 0, threading.Lock()
        self.server = QuietServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/workflow"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True)

    def start(self):
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def execute(self, gid, plan):
        if not hasattr(self.local, "tools"):
            with self.lock:
                self.count += 1
                self.local.tools = self.workload.tools(f"callback{self.count}")
        coordinators, banks, ledger = self.local.tools
        transfer = Transfer(plan, coordinators, banks, ledger, self.url)
        ledger.note(gid, "called back")
        try:
            run_workflow(transfer)
        except GaveUp as error:
            ledger.note(gid, f"called back in vain: {error}")
        except Exception as error:
            ledger.problem(gid, f"the callback broke: {error!r}")
            raise

    def handler(callbacks):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                plan = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                callbacks.execute(query["gid"], plan)
                try:
                    self.send_response_only(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass  # The coordinator did not wait for it.

            def log_message(self, *ignored):
                pass

        return Handler
