"""After the faults: compares what clients were promised with what the store and the banks say."""

import concurrent.futures
import random
import sqlite3
import time

from callers import FINAL, Coordinators, Patience

# Calls that must never have reached a bank in a transaction with this end.
FORBIDDEN = {"succeed": ("cancel", "compensate", "rollback"), "failed": ("confirm", "commit")}
UNFINISHED = ("prepared", "submitted", "aborting")


class Verdict:
    def __init__(self):
        self.problems, self.ends = [], {}
        self.acknowledged = self.acts = self.lost = self.wrong = self.unknown = 0

    def add(self, text):
        self.problems.append(text)


def caller(urls, limit=60.0):
    patience = Patience(limit)
    patience.faults_have_ceased()
    return Coordinators(urls, random.Random(0), patience)


def wait_for_ends(urls, limit):
    """Until nothing in the store is unfinished, or for `limit` seconds. (seconds, what is left, what ended last)"""
    start, left, last = time.monotonic(), [], []
    asker = caller(urls, limit + 60)
    while True:
        last, left = left or last, []
        for status in UNFINISHED:
            reply = asker.try_once("GET", f"/api/dtmsvr/all?limit=100&status={status}", None, 20)
            if reply.status != 200:
                left.append(f"(listing of '{status}': {reply.status} {reply.text})")
            else:
                left += [f"{transaction['gid']} ({status})" for transaction in reply.json()["transactions"]]
        if not left or time.monotonic() - start > limit:
            asker.wire.close()
            return time.monotonic() - start, left, last
        time.sleep(0.1)


def stored_transactions(urls, gids, threads=4):
    """{gid: answer of query}"""
    gids = list(gids)

    def ask(part):
        asker = caller(urls)
        found = {gid: asker.query(gid) for gid in part}
        asker.wire.close()
        return found

    found = {}
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for part in pool.map(ask, [gids[n::threads] for n in range(threads)]):
            found.update(part)
    return found


class Books:
    """What the banks' databases say."""

    def __init__(self, files):
        self.moved, self.ops = {}, {}
        self.total, self.reserved = 0, 0
        for bank, file in enumerate(files):
            with sqlite3.connect(file, timeout=10) as db:
                self.read(bank, db)

    def read(self, bank, db):
        balance, frozen, incoming = db.execute(
            "select sum(balance), sum(abs(frozen)), sum(abs(incoming)) from account").fetchone()
        self.total += balance
        self.reserved += frozen + incoming
        for gid, account, *sums in db.execute("select gid, account, sum(balance), sum(frozen), sum(incoming)"
                                              " from movement group by gid, account"):
            if any(sums):
                self.moved.setdefault(gid, {})[(bank, account)] = tuple(sums)
        # A note that another op has made in its place is not a call of this op.
        for gid, op in db.execute("select distinct gid, op from barrier where op = reason"):
            self.ops.setdefault(gid, set()).add(op)


def expected_moves(plan, status):
    moves = {}
    if status == "succeed":
        for leg in plan["legs"]:
            where = (leg["bank"], leg["account"])
            moves[where] = moves.get(where, 0) + leg["amount"]
    return {where: (amount, 0, 0) for where, amount in moves.items() if amount}


def check_transaction(gid, account, answer, books, verdict):
    """One transaction: nothing acknowledged is missing, it has ended, and the banks agree with its end."""
    transaction = answer["transaction"]
    if transaction is None:
        if account.acts:
            verdict.lost += 1
            verdict.add(f"{gid}: LOST: acknowledged {account.acts}, but the store does not know it")
        elif books.moved.get(gid):
            verdict.add(f"{gid}: money moved for a transaction that the store does not know: {books.moved[gid]}")
        else:
            verdict.unknown += 1
        return
    status = transaction["status"]
    verdict.ends[status] = verdict.ends.get(status, 0) + 1
    missing = account.branches - {(row["branch_id"], row["op"]) for row in answer["branches"]}
    if missing:
        verdict.lost += 1
        verdict.add(f"{gid}: LOST: acknowledged branches are not in the store: {sorted(missing)}")
    if status not in FINAL:
        verdict.add(f"{gid}: still '{status}'")
        return
    if account.ends - {status}:
        verdict.lost += 1
        verdict.add(f"{gid}: LOST: '{status}', but clients were promised {sorted(account.ends)} ({account.acts})")
    moved, expected = books.moved.get(gid, {}), expected_moves(account.plan, status)
    if moved != expected:
        verdict.wrong += 1
        verdict.add(f"{gid}: '{status}', so {expected} should have moved, but {moved} has")
    forbidden = books.ops.get(gid, set()) & set(FORBIDDEN[status])
    if forbidden:
        verdict.wrong += 1
        verdict.add(f"{gid}: '{status}', but its banks were called with {sorted(forbidden)}")


def verify(urls, accounts, ledger_problems, bank_files, total, left):
    """`accounts`, `ledger_problems`: Workload.ledgers(); `total`: all the money there was; `left`: wait_for_ends."""
    verdict = Verdict()
    for text in ledger_problems:
        verdict.add(text)
    for text in left:
        verdict.add(f"never finished: {text}")
    answers = stored_transactions(urls, accounts)
    books = Books(bank_files)
    if books.total != total:
        verdict.add(f"the banks have {books.total} in all, not {total}")
    if books.reserved:
        verdict.add(f"{books.reserved} are still reserved in the banks")
    for gid, account in accounts.items():
        verdict.acknowledged += bool(account.acts)
        verdict.acts += len(account.acts)
        before = len(verdict.problems)
        check_transaction(gid, account, answers[gid], books, verdict)
        if len(verdict.problems) > before:
            verdict.add(f"    {gid}: plan {account.plan}; {account.notes}")
    for gid in books.moved.keys() - accounts.keys():
        verdict.add(f"{gid}: money moved for a transaction that no client has begun")
    return verdict
