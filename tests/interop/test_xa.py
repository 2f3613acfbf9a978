"""XA transactions over two real databases: MariaDB's XA and PostgreSQL's prepared transactions. Whatever is killed on
the way, the money is right in the end, and no branch stays prepared."""

import os
import subprocess
import sys
import tempfile
import unittest

from databases import MariaDb, Postgres
from harness import Case, eventually, request, reserve_port

ACCOUNTS = "CREATE TABLE account (owner varchar(20) PRIMARY KEY, balance bigint NOT NULL)"
FIRST = 1000


class Bank:
    """The service of one database, in a process of its own that can be killed."""

    def __init__(self, kind, database):
        self.database, self.port, self.process = database, reserve_port(), None
        where = f"{database.folder}/socket" if kind == "mariadb" else str(database.port)
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "xa_bank.py")
        self.command = [sys.executable, "-B", script, kind, where, str(self.port)]
        self.url = f"http://127.0.0.1:{self.port}/account"

    def start(self):
        self.process = subprocess.Popen(self.command)
        eventually(self.is_up, "the bank answers")
        return self

    def is_up(self):
        assert self.process.poll() is None
        try:
            request(self.port, "GET", "/")
            return True
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def balance(self, owner):
        table = "bank.account" if isinstance(self.database, MariaDb) else "account"
        return self.database.query(f"SELECT balance FROM {table} WHERE owner = %s", owner)[0][0]

    def prepared(self):
        if isinstance(self.database, MariaDb):
            return [row[3] for row in self.database.query("XA RECOVER")]
        return [row[0] for row in self.database.query("SELECT gid FROM pg_prepared_xacts")]


class Xa(Case):
    @classmethod
    def setUpClass(cls):
        cls.folders = tempfile.TemporaryDirectory(prefix="dtmd-xa-")
        maria, postgres = (os.path.join(cls.folders.name, name) for name in ("maria", "postgres"))
        os.chmod(cls.folders.name, 0o755)
        os.mkdir(maria)
        os.mkdir(postgres)
        cls.maria, cls.postgres = MariaDb(maria).start(), Postgres(postgres).start()
        cls.maria.query("CREATE DATABASE bank")
        cls.maria.query(ACCOUNTS.replace("account", "bank.account"))
        cls.maria.query("CREATE TABLE bank.barrier (trans_type varchar(45), gid varchar(128), branch_id varchar(128), "
                        "op varchar(45), barrier_id varchar(45), UNIQUE (gid, branch_id, op, barrier_id))")
        cls.postgres.query(ACCOUNTS)
        cls.postgres.query("CREATE TABLE barrier (trans_type varchar(45), gid varchar(128), branch_id varchar(128), "
                           "op varchar(45), barrier_id varchar(45), UNIQUE (gid, branch_id, op, barrier_id))")

    @classmethod
    def tearDownClass(cls):
        cls.maria.kill()
        cls.postgres.kill()
        cls.folders.cleanup()

    def setUp(self):
        super().setUp()
        self.maria.query("REPLACE INTO bank.account VALUES ('alice', %s)", FIRST)
        self.postgres.query("DELETE FROM account")
        self.postgres.query("INSERT INTO account VALUES ('bob', %s)", FIRST)
        self.node = self.dtmd(RetryInterval=1, RequestTimeout=2).start()
        self.banks = [Bank("mariadb", self.maria).start(), Bank("postgres", self.postgres).start()]
        for bank in self.banks:
            self.addCleanup(bank.kill)

    def prepare(self, gid, amount):
        """What an XA client does before it submits: each branch is registered, then asked to prepare."""
        self.assertEqual(self.node.post("prepare", {"gid": gid, "trans_type": "xa"}).status, 200)
        orders = [("alice", -amount), ("bob", amount)]
        for number, (bank, (owner, change)) in enumerate(zip(self.banks, orders), start=1):
            branch = f"0{number}"
            registered = self.node.post("registerBranch", {"gid": gid, "trans_type": "xa", "branch_id": branch,
                                                           "url": bank.url})
            self.assertEqual(registered.status, 200, registered.body)
            answer = request(bank.port, "POST", f"/account?gid={gid}&branch_id={branch}&op=action&trans_type=xa",
                             {"owner": owner, "amount": change})
            if answer.status != 200:
                return False
        return True

    def submit(self, gid, **options):
        return self.node.post("submit", {"gid": gid, "trans_type": "xa", **options})

    def assert_ended(self, gid, status, moved):
        self.node.wait_for(gid, status, limit=60)
        self.assertEqual([self.banks[0].balance("alice"), self.banks[1].balance("bob")], [FIRST - moved, FIRST + moved])
        for bank in self.banks:
            self.assertEqual(bank.prepared(), [])

    def test_both_commit(self):
        self.assertTrue(self.prepare("xa-commit", 30))
        self.assertEqual([len(bank.prepared()) for bank in self.banks], [1, 1])
        self.assertEqual(self.submit("xa-commit", wait_result=True).status, 200)
        self.assert_ended("xa-commit", "succeed", 30)

    def test_one_refuses_and_both_roll_back(self):
        self.assertFalse(self.prepare("xa-refused", FIRST + 1))
        self.assertEqual(self.node.post("abort", {"gid": "xa-refused", "trans_type": "xa"}).status, 200)
        self.assert_ended("xa-refused", "failed", 0)

    def test_prepared_branches_of_an_aborted_transaction_roll_back(self):
        self.assertTrue(self.prepare("xa-abort", 30))
        self.assertEqual(self.node.post("abort", {"gid": "xa-abort", "trans_type": "xa"}).status, 200)
        self.assert_ended("xa-abort", "failed", 0)

    def test_an_abandoned_transaction_rolls_back_when_its_time_is_up(self):
        self.node.post("prepare", {"gid": "xa-abandoned", "trans_type": "xa", "timeout_to_fail": 2})
        self.assertTrue(self.prepare("xa-abandoned", 30))
        self.assert_ended("xa-abandoned", "failed", 0)

    def test_the_coordinator_is_killed_between_prepare_and_commit(self):
        self.assertTrue(self.prepare("xa-kill-1", 30))
        self.node.kill()
        self.node.start()
        self.assertEqual(self.submit("xa-kill-1").status, 200)
        self.assert_ended("xa-kill-1", "succeed", 30)

    def test_the_coordinator_is_killed_in_the_middle_of_committing(self):
        self.assertTrue(self.prepare("xa-kill-2", 30))
        self.banks[1].kill()  # So the second commit waits.
        self.assertEqual(self.submit("xa-kill-2").status, 200)
        eventually(lambda: self.banks[0].prepared() == [], "the first branch is committed")
        self.node.kill()
        self.banks[1].start()
        self.node.start()
        self.assert_ended("xa-kill-2", "succeed", 30)

    def test_a_participant_is_killed_after_prepare(self):
        self.assertTrue(self.prepare("xa-kill-3", 30))
        for bank in self.banks:
            bank.kill()
        self.assertEqual(self.submit("xa-kill-3").status, 200)
        for bank in self.banks:
            bank.start()
        self.assert_ended("xa-kill-3", "succeed", 30)

    def test_the_databases_are_killed_after_prepare(self):
        self.assertTrue(self.prepare("xa-kill-4", 30))
        for database in (self.maria, self.postgres):
            database.kill()
        self.assertEqual(self.submit("xa-kill-4").status, 200)
        for database in (self.maria, self.postgres):
            database.start()
        self.assert_ended("xa-kill-4", "succeed", 30)


if __name__ == "__main__":
    unittest.main()
