"""What clients meant to do and what was acknowledged to them, written before they go on: the truth that is compared
with the store and the banks afterwards."""

import json
import threading
import time


class Pulse:
    """The longest time in which nobody was acknowledged anything."""

    def __init__(self):
        self.lock = threading.Lock()
        self.last = self.start = time.monotonic()
        self.longest, self.when, self.count = 0.0, 0.0, 0

    def beat(self):
        with self.lock:
            now = time.monotonic()
            if now - self.last > self.longest:
                self.longest, self.when = now - self.last, self.last - self.start
            self.last = now
            self.count += 1


class Ledger:
    """One file per writer, one JSON object per line, in the kernel's hands before the call returns."""

    def __init__(self, path, pulse):
        self.file = open(path, "a", buffering=1)
        self.pulse = pulse
        self.lock = threading.Lock()

    def write(self, **entry):
        with self.lock:
            self.file.write(json.dumps(entry) + "\n")

    def intend(self, plan):
        """Before anything is sent."""
        self.write(kind="plan", gid=plan["gid"], plan=plan)

    def acknowledged(self, gid, act, branches=(), end=None):
        """The coordinator answered 200 to `act`. `branches`: (branch_id, op) that must be stored from now on. `end`:
        the status that the transaction must have in the end because of this answer, if there is only one."""
        self.write(kind="ack", gid=gid, act=act, branches=list(branches), end=end)
        self.pulse.beat()

    def note(self, gid, text):
        """What a client learned or did otherwise; only for people who look for the cause of a failure."""
        self.write(kind="note", gid=gid, text=text)

    def problem(self, gid, text):
        self.write(kind="problem", gid=gid, text=text)

    def close(self):
        self.file.close()


class Account:
    """All that the ledgers say about one transaction."""

    def __init__(self):
        self.plan, self.acts, self.branches, self.ends, self.notes = None, [], set(), set(), []


def read_ledgers(paths):
    """({gid: Account}, [problem])"""
    accounts, problems = {}, []
    for path in paths:
        with open(path) as file:
            for line in file:
                entry = json.loads(line)
                account = accounts.setdefault(entry["gid"], Account())
                if entry["kind"] == "plan":
                    account.plan = entry["plan"]
                elif entry["kind"] == "ack":
                    account.acts.append(entry["act"])
                    account.branches.update(tuple(branch) for branch in entry["branches"])
                    if entry["end"]:
                        account.ends.add(entry["end"])
                elif entry["kind"] == "note":
                    account.notes.append(entry["text"])
                else:
                    problems.append(f"{entry['gid']}: {entry['text']}")
    return accounts, problems
