"""A bank's accounts in SQLite, behind the sub-transaction barrier that the protocol asks of participants."""

import sqlite3
import threading

TABLES = """
create table if not exists barrier(
    trans_type text not null, gid text not null, branch_id text not null, op text not null, barrier_id text not null,
    reason text not null, unique(gid, branch_id, op, barrier_id));
create table if not exists account(
    name text primary key, balance integer not null, frozen integer not null default 0,
    incoming integer not null default 0);
create table if not exists movement(
    gid text not null, branch_id text not null, op text not null, account text not null,
    balance integer not null, frozen integer not null, incoming integer not null);
create table if not exists pending(
    gid text not null, branch_id text not null, account text not null, amount integer not null,
    primary key(gid, branch_id));
"""

# What each operation does to (balance, frozen, incoming) of its account, per unit of money; and whether it needs funds.
OPERATIONS = {
    "out": ((-1, 0, 0), True), "out-undo": ((1, 0, 0), False),
    "in": ((1, 0, 0), False), "in-undo": ((-1, 0, 0), False),
    "out-try": ((0, 1, 0), True), "out-confirm": ((-1, -1, 0), False), "out-cancel": ((0, -1, 0), False),
    "in-try": ((0, 0, 1), False), "in-confirm": ((1, 0, -1), False), "in-cancel": ((0, 0, -1), False),
}
ORIGINS = {"cancel": "try", "compensate": "action", "rollback": "action"}


class Refused(Exception):
    """The bank's definite no: FAILURE."""


class Call:
    """Which call this is: the four query parameters that every branch call carries."""

    def __init__(self, query):
        self.trans_type, self.gid = query.get("trans_type", ""), query.get("gid", "")
        self.branch_id, self.op = query.get("branch_id", ""), query.get("op", "")
        if not (self.trans_type and self.gid and self.branch_id and self.op):
            raise ValueError(f"trans_type, gid, branch_id and op must all be given, got {query}")


class BankDb:
    """Every method is one database transaction: it has happened completely, or raised and not happened at all.

    A process that is killed loses nothing that was committed, since the kernel has it; that is all the tests need, so
    nothing is synced and the tests do not depend on the disk's speed.
    """

    def __init__(self, path, accounts=0, opening=0):
        self.lock = threading.Lock()
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self.db.execute("pragma journal_mode=wal")
        self.db.execute("pragma synchronous=off")
        self.db.executescript(TABLES)
        names = [(f"account{n}", opening) for n in range(accounts)]
        self.db.executemany("insert or ignore into account(name, balance) values(?, ?)", names)

    def transaction(self, work):
        with self.lock:
            self.db.execute("begin immediate")
            try:
                result = work()
                self.db.execute("commit")
                return result
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("rollback")
                raise

    def note(self, call, op, reason, barrier_id="01"):
        """Whether the barrier's note is new."""
        return self.db.execute("insert or ignore into barrier values(?, ?, ?, ?, ?, ?)",
                               (call.trans_type, call.gid, call.branch_id, op, barrier_id, reason)).rowcount == 1

    def guarded(self, call, business):
        """protocol.md 10.1: runs `business` at most once, and not at all if its undoing was here first."""
        def work():
            origin = ORIGINS.get(call.op)
            never_ran = origin is not None and self.note(call, origin, call.op)
            is_new = self.note(call, call.op, call.op)
            if call.op == "msg" and not is_new:
                return "duplicated"
            if never_ran:
                return "null compensation"
            if not is_new:
                return "repeated"
            business()
            return "done"
        return self.transaction(work)

    def move(self, call, operation, account, amount):
        factors, needs_funds = OPERATIONS[operation]
        balance, frozen, incoming = (factor * amount for factor in factors)
        condition = f" and balance - frozen >= {int(amount)}" if needs_funds else ""
        changed = self.db.execute(
            "update account set balance = balance + ?, frozen = frozen + ?, incoming = incoming + ?"
            f" where name = ?{condition}", (balance, frozen, incoming, account)).rowcount
        if changed == 0:
            raise Refused(f"{account} does not exist or has less than {amount}")
        self.db.execute("insert into movement values(?, ?, ?, ?, ?, ?, ?)",
                        (call.gid, call.branch_id, call.op, account, balance, frozen, incoming))

    def carry_out(self, call, operation, account, amount):
        return self.guarded(call, lambda: self.move(call, operation, account, amount))

    def was_committed(self, gid):
        """Whether the local transaction of a message was. If not, it never will be: this closes the barrier."""
        call = Call({"trans_type": "msg", "gid": gid, "branch_id": "00", "op": "msg"})

        def work():
            self.note(call, "msg", "rollback")
            return self.db.execute("select reason from barrier where gid = ? and branch_id = '00' and op = 'msg'"
                                   " and barrier_id = '01'", (gid,)).fetchone()[0] != "rollback"
        return self.transaction(work)

    # XA as a database does it: a prepared branch holds its money until it is committed or rolled back. Committing or
    # rolling back what is not there is success, as XAER_NOTA is (10.5).

    def xa_prepare(self, call, account, amount):
        """`amount` is negative for money that leaves."""
        def business():
            self.move(call, "out-try" if amount < 0 else "in-try", account, abs(amount))
            self.db.execute("insert into pending values(?, ?, ?, ?)", (call.gid, call.branch_id, account, amount))
        return self.guarded(call, business)

    def xa_finish(self, call):
        def work():
            if call.op == "rollback":
                self.note(call, "action", call.op)  # A prepare that comes later finds itself forestalled.
            self.note(call, call.op, call.op)
            row = self.db.execute("delete from pending where gid = ? and branch_id = ? returning account, amount",
                                  (call.gid, call.branch_id)).fetchall()
            for account, amount in row:
                side, end = "out" if amount < 0 else "in", "confirm" if call.op == "commit" else "cancel"
                self.move(call, f"{side}-{end}", account, abs(amount))
        self.transaction(work)
