"""The fault tests' own judgement: what is planted must be found, and the banks must keep the barrier's rules."""

import glob
import json
import os
import shutil
import sqlite3
import tempfile
import unittest

import run
from bank_db import BankDb, Call, Refused
from verify import verify


def call(op, gid="g", branch_id="01", trans_type="saga"):
    return Call({"gid": gid, "branch_id": branch_id, "op": op, "trans_type": trans_type})


class Barrier(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="dtmd-fault-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.bank = BankDb(os.path.join(self.folder, "bank.db"), accounts=1, opening=100)

    def has(self, balance, frozen=0, incoming=0):
        row = self.bank.db.execute("select balance, frozen, incoming from account").fetchone()
        self.assertEqual(row, (balance, frozen, incoming))

    def carry_out(self, op, operation, amount=30, **more):
        return self.bank.carry_out(call(op, **more), operation, "account0", amount)

    def test_runs_a_call_once(self):
        self.assertEqual(self.carry_out("action", "out"), "done")
        self.assertEqual(self.carry_out("action", "out"), "repeated")
        self.has(70)
        self.assertEqual(self.carry_out("compensate", "out-undo"), "done")
        self.assertEqual(self.carry_out("compensate", "out-undo"), "repeated")
        self.has(100)

    def test_does_not_undo_what_never_ran_nor_run_what_was_undone(self):
        self.assertEqual(self.carry_out("cancel", "out-cancel"), "null compensation")
        self.assertEqual(self.carry_out("try", "out-try"), "repeated")
        self.has(100)

    def test_forgets_what_was_refused(self):
        with self.assertRaises(Refused):
            self.carry_out("action", "out", amount=101)
        self.has(100)
        self.assertEqual(self.carry_out("action", "out", amount=100), "done")

    def test_refuses_calls_that_do_not_say_which_they_are(self):
        with self.assertRaises(ValueError):
            Call({"gid": "g", "branch_id": "01", "op": "action"})

    def test_decides_a_local_transaction_once(self):
        self.assertEqual(self.carry_out("msg", "out", branch_id="00", trans_type="msg"), "done")
        self.assertTrue(self.bank.was_committed("g"))
        self.assertFalse(self.bank.was_committed("h"))
        self.assertEqual(self.carry_out("msg", "out", gid="h", branch_id="00", trans_type="msg"), "duplicated")
        self.has(70)

    def test_holds_the_money_of_a_prepared_xa_branch(self):
        self.bank.xa_prepare(call("action", trans_type="xa"), "account0", -30)
        self.has(100, frozen=30)
        for _ in range(2):
            self.bank.xa_finish(call("commit", trans_type="xa"))
            self.has(70)

    def test_keeps_a_late_xa_branch_from_being_prepared(self):
        self.bank.xa_finish(call("rollback", trans_type="xa"))
        self.assertEqual(self.bank.xa_prepare(call("action", trans_type="xa"), "account0", -30), "repeated")
        self.has(100)


class Judgement(unittest.TestCase):
    """One short run in which nothing goes wrong, then one lie after the other."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="dtmd-fault-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.options = run.options_of(["none", "--seed", "7", "--seconds", "1.5", "--no-trouble", "--clients", "4"])
        cls.world = run.World(cls.options, cls.folder, tmpfs=False)
        cls.addClassCleanup(cls.world.close)
        cls.world.start()
        cls.world.suffer()
        cls.world.heal()
        cls.verdict, _ = cls.world.judge()

    def judge(self, left=()):
        world = self.world
        accounts, problems = world.workload.ledgers()
        total = len(world.banks) * self.options.accounts * run.OPENING
        urls, files = [node.url for node in world.nodes], [bank.file for bank in world.banks]
        return verify(urls, accounts, problems, files, total, left)

    def change_bank(self, *statements):
        with sqlite3.connect(self.world.banks[0].file, timeout=10) as db:
            for statement in statements:
                db.execute(statement)

    def lie(self, gid, **more):
        """Adds an acknowledgement that never was; it is taken back at the end of the test."""
        path = os.path.join(self.folder, "ledger.lie")
        entry = {"kind": "ack", "gid": gid, "act": "lie", "branches": [], "end": None, **more}
        with open(path, "w") as file:
            file.write(json.dumps(entry) + "\n")
        self.addCleanup(os.unlink, path)

    def ended(self, status):
        for gid, account in self.world.workload.ledgers()[0].items():
            if status in account.ends:
                return gid
        raise AssertionError(f"no transaction was promised '{status}' in this run")

    def test_finds_nothing_wrong_where_nothing_is(self):
        self.assertEqual(self.verdict.problems, [])
        self.assertGreater(self.verdict.acknowledged, 20)
        self.assertGreater(self.verdict.ends["succeed"], 10)
        self.assertGreater(self.verdict.ends["failed"], 0)
        modes = {account.plan["mode"] for account in self.world.workload.ledgers()[0].values()}
        self.assertEqual(modes, set(self.options.modes))

    def test_finds_a_transaction_that_is_not_in_the_store(self):
        self.lie("never-sent")
        verdict = self.judge()
        self.assertEqual(verdict.lost, 1)
        self.assertIn("never-sent: LOST", verdict.problems[0])

    def test_finds_a_branch_that_is_not_in_the_store(self):
        self.lie(self.ended("succeed"), branches=[["77", "confirm"]])
        self.assertEqual(self.judge().lost, 1)

    def test_finds_a_broken_promise(self):
        self.lie(self.ended("succeed"), end="failed")
        self.assertEqual(self.judge().lost, 1)

    def test_finds_missing_money(self):
        self.change_bank("update account set balance = balance - 1 where name = 'account3'")
        self.addCleanup(self.change_bank, "update account set balance = balance + 1 where name = 'account3'")
        self.assertIn("in all", self.judge().problems[0])

    def test_finds_money_that_was_moved_twice(self):
        gid = self.ended("succeed")
        for file in glob.glob(os.path.join(self.folder, "*.db")):
            with sqlite3.connect(file, timeout=10) as db:
                db.execute("insert into movement select gid, branch_id, 'again', account, balance, 0, 0 from movement"
                           " where gid = ?", (gid,))
            self.addCleanup(self.forget_again, file)
        verdict = self.judge()
        self.assertEqual(verdict.wrong, 1)
        self.assertIn(gid, verdict.problems[0])

    def forget_again(self, file):
        with sqlite3.connect(file, timeout=10) as db:
            db.execute("delete from movement where op = 'again'")

    def test_finds_a_call_of_the_wrong_side(self):
        gid = self.ended("succeed")
        self.change_bank(f"insert into barrier values('tcc', '{gid}', '01', 'cancel', '09', 'cancel')")
        self.addCleanup(self.change_bank, "delete from barrier where barrier_id = '09'")
        self.assertEqual(self.judge().wrong, 1)

    def test_finds_what_never_ended(self):
        self.assertIn("never finished: x (prepared)", self.judge(left=["x (prepared)"]).problems)


if __name__ == "__main__":
    unittest.main()
