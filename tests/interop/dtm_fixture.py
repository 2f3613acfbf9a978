"""Transactions in flight as dtm writes them (docs/protocol.md 4 and 7), and what has to become of them."""

import base64
import datetime
import json
import os
import re

CONTRACT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "store_contract")
HOUR = 3600


def dtm_tables(file):
    """The statements of dtm's own script, which the contract tests keep."""
    with open(os.path.join(CONTRACT, file)) as source:
        script = re.search(r'R"sql\((.*?)\)sql"', source.read(), re.S)[1]
    return [statement for statement in script.split(";") if statement.strip()]


class Kind:
    """`rows`: "branch_id op status", and the path if it is not /<op>. `calls`: what must be called, in this order, as
    "branch_id op"; with `at_once` in any order. `age`: seconds since it was made."""

    def __init__(self, name, mode, status, rows, end, calls, *, at_once=False, query="", custom="", options=None,
                 reason="", age=HOUR):
        self.name, self.mode, self.status, self.end, self.calls = name, mode, status, end, calls.split(", ")
        self.rows = [(*row.split(), f"/{row.split()[1]}")[:4] for row in rows]
        self.at_once, self.query, self.custom, self.reason, self.age = at_once, query, custom, reason, age
        self.options = {**(options or {}), "concurrent": at_once and mode == "msg"}


def steps(*states):
    """A saga's rows: for each step the action's state (and path), after a comma the compensation's if it has one."""
    rows = []
    for number, state in enumerate(states, 1):
        action, _, compensation = state.partition(",")
        rows += [f"{number:02d} compensate {compensation or 'prepared'}", f"{number:02d} action {action}"]
    return rows


UNORDERED = json.dumps({"concurrent": True, "orders": {}})
ORDERED = json.dumps({"concurrent": True, "orders": {"1": [0]}})
ORDER = '{"order":1}'
WORKFLOW = json.dumps({"data": base64.b64encode(ORDER.encode()).decode(), "name": "pay"})

KINDS = [
    Kind("saga-new", "saga", "submitted", steps("prepared", "prepared"), "succeed", "01 action, 02 action"),
    Kind("saga-midway", "saga", "submitted", steps("succeed", "prepared", "prepared"), "succeed",
         "02 action, 03 action", options={"branch_headers": {"h": "v"}}),
    Kind("saga-refused", "saga", "submitted", steps("succeed", "prepared /refuse", "prepared"), "failed",
         "02 action, 02 compensate, 01 compensate"),
    Kind("saga-aborting", "saga", "aborting", steps("succeed", "failed", "prepared"), "failed",
         "02 compensate, 01 compensate", reason="no money"),
    Kind("saga-half-undone", "saga", "aborting", steps("succeed", "failed,succeed", "prepared"), "failed",
         "01 compensate", reason="no money"),
    Kind("saga-late", "saga", "submitted", steps("succeed", "prepared"), "failed", "02 compensate, 01 compensate",
         options={"timeout_to_fail": 60}),
    Kind("saga-ordered", "saga", "submitted", steps("prepared", "prepared"), "succeed", "01 action, 02 action",
         custom=ORDERED),
    Kind("saga-concurrent", "saga", "submitted", steps("prepared", "succeed", "prepared"), "succeed",
         "01 action, 03 action", custom=UNORDERED, at_once=True),
    Kind("tcc-submitted", "tcc", "submitted", ["01 cancel prepared", "01 confirm prepared", "02 cancel prepared",
                                               "02 confirm prepared"], "succeed", "02 confirm, 01 confirm"),
    Kind("tcc-half-confirmed", "tcc", "submitted", ["01 cancel prepared", "01 confirm prepared", "02 cancel prepared",
                                                    "02 confirm succeed"], "succeed", "01 confirm"),
    Kind("tcc-aborting", "tcc", "aborting", ["01 cancel prepared", "01 confirm prepared", "02 cancel prepared",
                                             "02 confirm prepared"], "failed", "02 cancel, 01 cancel", reason="no"),
    Kind("tcc-late", "tcc", "prepared", ["01 cancel prepared", "01 confirm prepared"], "failed", "01 cancel"),
    Kind("tcc-undecided", "tcc", "prepared", ["01 cancel prepared", "01 confirm prepared"], "failed", "01 cancel",
         options={"timeout_to_fail": 6}, age=0),
    Kind("msg-submitted", "msg", "submitted", ["01 action succeed", "02 action prepared"], "succeed", "02 action"),
    Kind("msg-topic", "msg", "submitted", ["01-01 action prepared", "01-02 action prepared"], "succeed",
         "01-01 action, 01-02 action", custom='{"delay":3}', at_once=True),
    Kind("msg-committed", "msg", "prepared", ["01 action prepared", "02 action prepared"], "succeed",
         "00 msg, 01 action, 02 action", query="/committed"),
    Kind("msg-not-committed", "msg", "prepared", ["01 action prepared"], "failed", "00 msg", query="/refuse"),
    Kind("xa-submitted", "xa", "submitted", ["01 rollback prepared /xa", "01 commit succeed /xa",
                                             "02 rollback prepared /xa", "02 commit prepared /xa"], "succeed",
         "02 commit"),
    Kind("xa-late", "xa", "prepared", ["01 rollback prepared /xa", "01 commit prepared /xa", "02 rollback prepared /xa",
                                       "02 commit prepared /xa"], "failed", "01 rollback, 02 rollback"),
    Kind("workflow", "workflow", "prepared", ["01 action succeed -"], "succeed", "00 pay",
         query="/workflow/succeed/GID", custom=WORKFLOW),
    Kind("workflow-refused", "workflow", "prepared", ["01 action failed -"], "failed", "00 pay",
         query="/workflow/failed/GID", custom=WORKFLOW),
]


class Record:
    """One transaction of a kind."""

    def __init__(self, kind, number, base, now):
        self.kind, self.gid, self.now, self.made = kind, f"{kind.name}-{number}", now, now - kind.age
        self.url = lambda path: "" if path == "-" else f"{base}{path}?from={self.gid}"
        self.query = self.url(kind.query.replace("GID", self.gid)) if kind.query else ""
        self.body = "" if kind.mode == "xa" else json.dumps({"of": self.gid})
        self.due = now - number % 7  # Some for a while, some just now.

    def rows(self):
        """(branch_id, op, status, url)"""
        return [(branch_id, op, status, self.url(path)) for branch_id, op, status, path in self.kind.rows]

    def expected_rows(self):
        """{(branch_id, op): status} in the end."""
        called, refused = set(self.kind.calls), {"/refuse"}
        result = {}
        for branch_id, op, status, path in self.kind.rows:
            if f"{branch_id} {op}" in called:
                status = "failed" if path in refused else "succeed"
            result[branch_id, op] = status
        return result

    def request_of(self, call):
        """(method, path, body) of the call "branch_id op"."""
        branch_id, op = call.split()
        if branch_id == "00":
            path = self.kind.query.replace("GID", self.gid)
            return ("POST", path, ORDER) if self.kind.mode == "workflow" else ("GET", path, "")
        paths = {(row[0], row[1]): row[3] for row in self.kind.rows}
        return "POST", paths[branch_id, op], self.body

    def options(self):
        return json.dumps(self.kind.options, separators=(",", ":"))


def all_records(count, base, now):
    """`count` transactions, of all kinds in turn, whose participant is at `base`."""
    return [Record(KINDS[n % len(KINDS)], n, base, now) for n in range(count)]


def local_time(seconds):
    """A `datetime` column, on the clock of the process's zone."""
    return datetime.datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S")


GLOBAL_COLUMNS = ("create_time,update_time,gid,trans_type,status,query_prepared,protocol,options,custom_data,"
                  "next_cron_interval,next_cron_time,owner,ext_data,result,rollback_reason")
BRANCH_COLUMNS = "create_time,update_time,gid,url,bin_data,branch_id,op,status,finish_time"


def write_sql(connection, records, time_of):
    """As dtm's SaveNew and its passes leave them. `time_of`: seconds as the columns take them."""
    transactions, branches = [], []
    for record in records:
        kind, made, due = record.kind, time_of(record.made), time_of(record.due)
        transactions.append((made, made, record.gid, kind.mode, kind.status, record.query, "http", record.options(),
                             kind.custom, 10, due, "", "", "", kind.reason))
        for branch_id, op, status, url in record.rows():
            finished = made if status != "prepared" else None
            branches.append((made, made, record.gid, url, record.body.encode(), branch_id, op, status, finished))
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        for table, columns, rows in (("trans_global", GLOBAL_COLUMNS, transactions),
                                     ("trans_branch_op", BRANCH_COLUMNS, branches)):
            marks = ",".join(["%s"] * (columns.count(",") + 1))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
        cursor.execute("COMMIT")


def redis_commands(record, prefix="{a}"):
    kind, made, due = record.kind, rfc3339(record.made), rfc3339(record.due)
    whole = {"id": 0, "create_time": made, "update_time": made, "gid": record.gid, "trans_type": kind.mode,
             "status": kind.status, "query_prepared": record.query, "protocol": "http",
             "rollback_reason": kind.reason, "options": record.options(), "custom_data": kind.custom,
             "next_cron_interval": 10, "next_cron_time": due, **kind.options}
    text = json.dumps({key: value for key, value in whole.items() if value != "" and value != {}})
    yield "SET", f"{prefix}_g_{record.gid}", text, "EX", 604800
    yield "SET", f"{prefix}_s_{record.gid}", kind.status, "EX", 604800
    for branch_id, op, status, url in record.rows():
        row = {"id": 0, "create_time": made, "update_time": made, "gid": record.gid, "url": url,
               "bin_data": base64.b64encode(record.body.encode()).decode(), "branch_id": branch_id, "op": op,
               "status": status, "finish_time": made if status != "prepared" else ""}
        text = json.dumps({key: value for key, value in row.items() if value != ""})
        yield "RPUSH", f"{prefix}_b_{record.gid}", text
    yield "EXPIRE", f"{prefix}_b_{record.gid}", 604800
    yield "ZADD", f"{prefix}_u", int(record.due), record.gid


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
