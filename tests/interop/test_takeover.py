"""A running dtm is stopped, and dtmd started on its database: a thousand transactions in flight, as dtm leaves them,
are brought to their right ends, by the calls that were left to be made and no others."""

import datetime
import json
import os
import random
import time
import unittest

import dtm_fixture
from databases import MariaDb, Postgres
from harness import Case, Participant, eventually
from redis_server import Redis

COUNT = 1000
FINAL = {"succeed", "failed"}
STATUSES = "SELECT gid, status FROM trans_global"
ROWS = "SELECT gid, branch_id, op, status FROM trans_branch_op"


class Services(Participant):
    """/refuse says no. /workflow/STATUS/GID executes a workflow again: tells one of `nodes` how it ended."""

    def __init__(self):
        super().__init__()
        self.nodes, self.troubles = [], []
        self.answers["/refuse"] = [(409, "FAILURE")]
        self.server.socket.listen(1024)  # Everything comes at once.

    def answer(self, path):
        _, name, *rest = path.split("/")
        if name == "workflow":
            end = {"gid": rest[1], "trans_type": "workflow", "req_extra": {"status": rest[0], "rollback_reason": ""}}
            told = self.tell_any(end)
            if told.status != 200:
                self.troubles.append(f"{rest[1]}: {told.status} {told.body}")
        return super().answer(path)

    def tell_any(self, end):
        """The first nodes call while the last ones are still starting."""
        nodes = random.sample(self.nodes, len(self.nodes))
        for node in nodes[:-1]:
            try:
                return node.post("submit", end)
            except ConnectionRefusedError:
                pass
        return nodes[-1].post("submit", end)


class SqlStore:
    def __init__(self, connection, settings):
        self.connection, self.settings = connection, settings

    def query(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def ends(self):
        return dict(self.query(STATUSES))

    def rows(self):
        return {row[:3]: row[3] for row in self.query(ROWS)}


class RedisStore:
    def __init__(self, server, gids):
        self.server, self.gids = server, gids
        self.settings = {"Driver": "redis", "Host": "127.0.0.1", "Port": server.port}

    def ends(self):
        return dict(zip(self.gids, self.server.ask_all([("GET", "{a}_s_" + gid) for gid in self.gids])))

    def rows(self):
        lists = self.server.ask_all([("LRANGE", "{a}_b_" + gid, 0, -1) for gid in self.gids])
        return {(row["gid"], row["branch_id"], row["op"]): row["status"]
                for rows in lists for row in map(json.loads, rows)}


class Takeover(Case):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)  # PostgreSQL runs as another user.
        self.service = Services()
        self.addCleanup(self.service.close)
        self.records = dtm_fixture.all_records(COUNT, self.service.url(""), int(time.time()))

    def server(self, kind, *settings):
        folder = os.path.join(self.folder, "server")
        os.mkdir(folder)
        server = kind(folder, *settings)
        self.addCleanup(server.kill)
        return server.start()

    def take_over(self, store, nodes=1):
        self.assertEqual(len(store.ends()), COUNT)
        begun = time.monotonic()
        self.service.nodes = [self.dtmd(f"node{n}", Store=store.settings, RequestTimeout=10) for n in range(nodes)]
        for node in self.service.nodes:
            node.launch()
        for node in self.service.nodes:
            node.wait_until_up()
        eventually(lambda: set(store.ends().values()) <= FINAL, "all have ended", limit=90)
        print(f"{store.settings['Driver']}: {COUNT} transactions of dtm's ended by {nodes} node(s) "
              f"{time.monotonic() - begun:.1f} s after their start", flush=True)
        self.check_store(store)
        self.check_calls()
        for number, record in enumerate(self.records):
            self.check_answer(record, self.service.nodes[number % nodes])

    def check_store(self, store):
        self.assertEqual(store.ends(), {record.gid: record.kind.end for record in self.records})
        expected = {(record.gid, *row): status for record in self.records
                    for row, status in record.expected_rows().items()}
        self.assertEqual(store.rows(), expected)

    def check_calls(self):
        self.assertEqual(self.service.troubles, [])
        calls = {}
        for call in self.service.calls:
            calls.setdefault(call["query"]["gid"], []).append(call)
        self.assertEqual(set(calls), {record.gid for record in self.records})
        for record in self.records:
            made = [f"{call['query']['branch_id']} {call['query']['op']}" for call in calls[record.gid]]
            self.assertEqual(sorted(made) if record.kind.at_once else made, record.kind.calls, record.gid)
            for name, call in zip(made, calls[record.gid]):
                self.check_call(record, name, call)

    def check_call(self, record, name, call):
        self.assertEqual((call["method"], call["path"], call["body"]), record.request_of(name), f"{record.gid} {name}")
        self.assertEqual((call["query"]["trans_type"], call["query"]["from"]), (record.kind.mode, record.gid))
        for header, value in record.kind.options.get("branch_headers", {}).items():
            self.assertEqual(call["headers"].get(header), value)

    def check_answer(self, record, node):
        answer = node.get(f"/api/dtmsvr/query?gid={record.gid}").json()
        transaction = answer["transaction"]
        self.assertEqual(transaction["status"], record.kind.end, transaction)
        self.assertIn("finish_time" if record.kind.end == "succeed" else "rollback_time", transaction)
        rows = {(row["branch_id"], row["op"]): row["status"] for row in answer["branches"]}
        self.assertEqual(rows, record.expected_rows(), record.gid)

    def test_mysql_by_three_nodes(self):
        server = self.server(MariaDb)
        server.query("CREATE DATABASE dtm DEFAULT CHARACTER SET utf8mb4")
        connection = server.connect()
        self.addCleanup(connection.close)
        connection.select_db("dtm")
        with connection.cursor() as cursor:
            for statement in dtm_fixture.dtm_tables("dtm_tables.cpp"):
                cursor.execute(statement)
        dtm_fixture.write_sql(connection, self.records, dtm_fixture.local_time)
        server.query("CREATE USER dtmd@'%%' IDENTIFIED BY 'dtmd'")
        server.query("GRANT SELECT, INSERT, UPDATE, DELETE ON dtm.* TO dtmd@'%%'")
        settings = {"Driver": "mysql", "Host": "127.0.0.1", "Port": server.port, "User": "dtmd", "Password": "dtmd"}
        self.take_over(SqlStore(connection, settings), nodes=3)

    def test_postgres(self):
        server = self.server(Postgres)
        connection = server.connect()
        self.addCleanup(connection.close)
        with connection.cursor() as cursor:
            for statement in dtm_fixture.dtm_tables("postgres_dtm_records.cpp"):
                cursor.execute(statement)
        dtm_fixture.write_sql(connection, self.records, lambda seconds: datetime.datetime.fromtimestamp(
            seconds, datetime.timezone.utc))
        settings = {"Driver": "postgres", "Host": "127.0.0.1", "Port": server.port, "User": "bank", "Db": "postgres"}
        self.take_over(SqlStore(connection, settings))

    def test_redis(self):
        server = self.server(Redis, "--appendonly", "yes")
        server.ask_all([command for record in self.records for command in dtm_fixture.redis_commands(record)])
        self.take_over(RedisStore(server, [record.gid for record in self.records]))
        self.assertEqual(server.ask("ZCARD", "{a}_u"), 0)


if __name__ == "__main__":
    unittest.main()
