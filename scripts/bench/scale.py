#!/usr/bin/env python3
"""Whether the cost of a transaction stays what it is: with more connections, more branches, a full store, many waiting.

Parts (all without --part):
  connections   sagas at 1, 8, 64, 1,000 and 10,000 connections
  branches      sagas of 1 to 50 branches
  finished      sagas beside 0, one million and (--finished) more finished transactions
  waiting       sagas beside 0, 100,000 and one million waiting transactions, and the memory that each takes
  outage        1,500 sagas that wait for their participant, which comes back

Every step is bounded in time, prints its row at once, and leaves the others alone when it fails.
"""
import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time

import cells
import record
import stores
import tables
from processes import Failed, end_on_signals, prepare

RESULTS = "build/scale-results.jsonl"
PARTS = ("connections", "branches", "finished", "waiting", "outage")
FILL_CONNECTIONS = 256
BYTES_A_TRANSACTION = 1_500  # On disk, with room for what the store has not compacted yet.
SETTLE_S = 300  # At most, for what a store puts in order behind the filling, and the memory it takes for that.
IDLE = 0.05  # Of a core.


def shown(key, form):
    return lambda row: "" if row.get(key) is None else format(row[key], form)


STORE = ("store", lambda row: stores.TITLES[row["store"]], 19)
FIGURES = (
    ("transactions/s", shown("per_second", ",.0f"), 14),
    ("p50 ms", shown("p50", ".2f"), 8),
    ("p99 ms", shown("p99", ".2f"), 8),
    ("CPU of dtmd, us", shown("cpu_us", ".0f"), 15),
    ("peak MiB", shown("peak_mib", ".0f"), 8),
)
COLUMNS = {
    "connections": (STORE, ("connections", shown("connections", ",d"), 11), *FIGURES),
    "branches": (STORE, ("branches", shown("branches", "d"), 8), *FIGURES,
                 ("CPU a branch, us", lambda row: f"{row['cpu_us'] / row['branches']:.1f}", 16)),
    "finished": (STORE, ("finished before", shown("filled", ",d"), 15), *FIGURES,
                 ("filled at", lambda row: f"{row['fill_rate']:,.0f}/s" if row.get("fill_rate") else "", 10)),
    "waiting": (STORE, ("waiting", shown("filled", ",d"), 10), *FIGURES,
                ("resident MiB", shown("waiting_mib", ".1f"), 12),
                ("bytes each", shown("bytes_each", ".0f"), 10)),
    "outage": (STORE, ("what happened", shown("text", "s"), 60)),
}
TITLES = {
    "connections": "Sagas by connections", "branches": "Sagas by branches, 32 connections",
    "finished": "Sagas beside finished transactions, 32 connections",
    "waiting": "Sagas beside waiting transactions, 32 connections", "outage": "After an outage",
}


def cell_of(options, store, **more):
    return cells.Cell(store=store, seconds=options.seconds, warm_up=options.warm_up, **more)


def connections_part(options, store):
    for connections in options.connections:
        cell = cell_of(options, store.name, connections=connections)
        # So many take a while to be made, and each waits for all the others.
        cell.seconds = max(cell.seconds, connections / 1_000)
        cell.warm_up = max(cell.warm_up, connections / 2_000)
        yield cells.measure(options.binary, store, cell)


def branches_part(options, store):
    for branches in options.branches:
        yield cells.measure(options.binary, store, cell_of(options, store.name, branches=branches))


def fill(options, dtmd, kind, wanted):
    """Until there are about so many more, or there is no more time. How many, and how many a second."""
    done, began = 0, time.monotonic()
    deadline = began + options.fill_limit
    rate = float(wanted)  # Until the first round, of a second, has shown it.
    while done < wanted and time.monotonic() < deadline:
        seconds = max(1, min(int((wanted - done) / rate), 30, round(deadline - time.monotonic())))
        result = cells.limited(["wrk", "-t1", f"-c{FILL_CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s", "-s",
                                os.path.join(cells.SCRIPTS, "fill.lua"), dtmd.address, "--", kind],
                               seconds + cells.OVERHEAD_S)
        lines = [line for line in result.stdout.splitlines() if line.startswith("RESULT")]
        if result.returncode != 0 or not lines:
            raise Failed(f"wrk: {(result.stderr or result.stdout).strip()[-300:]}")
        count, errors = map(int, lines[0].split()[1:])
        done += count - errors
        rate = max(count / seconds, 1.0)
        if count == errors:
            raise Failed(f"filling the store: {errors} refusals: {dtmd.tail()[-300:]}")
    return done, done / (time.monotonic() - began)


def settle(dtmd, store):
    """Until dtmd and the store have nothing left to do, so that a row shows what is stored and not what was just done."""
    def used():
        return dtmd.cpu_seconds() + store.cpu_seconds(), dtmd.memory_mib()[0], time.monotonic()
    last, deadline = used(), time.monotonic() + SETTLE_S
    while last[2] < deadline:
        time.sleep(2)
        now = used()
        if now[0] - last[0] < IDLE * (now[2] - last[2]) and abs(now[1] - last[1]) < 0.5:
            return
        last = now


def levels(options, store, kind, wanted, note):
    """One dtmd that is filled more and more; a row of load at each level."""
    with cells.Dtmd(options.binary, store.folder, store.fresh()) as dtmd:
        filled = 0
        for level in wanted:
            cell = cell_of(options, store.name)
            row = dataclasses.asdict(cell)
            try:
                room = os.statvfs(store.folder)
                if (level - filled) * BYTES_A_TRANSACTION > room.f_bavail * room.f_frsize // 2:
                    raise Failed(f"{level:,} would take more than half of the disk's free space")
                if level > filled:
                    more, row["fill_rate"] = fill(options, dtmd, kind, level - filled)
                    filled += more
                row["filled"] = filled
                settle(dtmd, store)
                note(row, dtmd)
                row |= cells.put_load(options.binary, dtmd, cell, store.folder)
                row["peak_mib"] = dtmd.memory_mib()[1]
            except (Failed, OSError, subprocess.SubprocessError) as error:
                row["failed"] = " ".join(str(error).split())[:300]
                row.setdefault("filled", level)
            yield row
            if "failed" in row and not dtmd.is_alive():
                return


def finished_part(options, store):
    yield from levels(options, store, "finished", options.finished, lambda row, dtmd: None)


def waiting_part(options, store):
    before = []

    def note(row, dtmd):
        row["waiting_mib"] = dtmd.memory_mib()[0]
        # Between two levels: what every dtmd takes, and caches that fill at first, are no part of it.
        if before and row["filled"] > before[-1][0]:
            count, mib = before[-1]
            row["bytes_each"] = (row["waiting_mib"] - mib) * (1 << 20) / (row["filled"] - count)
        before.append((row["filled"], row["waiting_mib"]))

    yield from levels(options, store, "unfinished", options.waiting, note)


def outage_part(options, store):
    row = dataclasses.asdict(cell_of(options, store.name))
    try:
        with cells.Dtmd(options.binary, store.folder, store.fresh()) as dtmd:
            result = cells.limited([sys.executable, os.path.join(cells.SCRIPTS, "outage.py"), "--server", dtmd.address,
                                    "--transactions", str(options.stuck), "--outage-s", str(options.outage)], 240)
        if result.returncode != 0:
            raise Failed(result.stderr.strip()[-300:])
        row["text"] = result.stdout.strip().splitlines()[-1]
    except (Failed, OSError, subprocess.SubprocessError) as error:
        row["failed"] = " ".join(str(error).split())[:300]
    yield row


RUN = {"connections": connections_part, "branches": branches_part, "finished": finished_part,
       "waiting": waiting_part, "outage": outage_part}


def numbers(text):
    return sorted({int(float(word)) for word in text.split(",")})


def parse(arguments):
    parser = argparse.ArgumentParser(prog="scale.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", action="append", choices=PARTS, help="only this; may be given several times")
    parser.add_argument("--store", action="append", choices=stores.NAMES,
                        help="instead of the embedded one; may be given several times")
    parser.add_argument("--connections", type=numbers, default=[1, 8, 64, 1_000, 10_000], metavar="N,N")
    parser.add_argument("--branches", type=numbers, default=[1, 2, 5, 10, 20, 50], metavar="N,N")
    parser.add_argument("--finished", type=numbers, default=[0, 1_000_000], metavar="N,N",
                        help="finished transactions in the store; 0,1e6,1e7 takes some ten minutes and 15 GB more")
    parser.add_argument("--waiting", type=numbers, default=[0, 100_000, 1_000_000], metavar="N,N")
    parser.add_argument("--stuck", type=int, default=1_500, help="sagas of the outage (1500)")
    parser.add_argument("--outage", type=float, default=20, help="seconds of the outage (20)")
    parser.add_argument("-d", "--seconds", type=float, default=6, help="measured of each cell (6)")
    parser.add_argument("--warm-up", type=float, default=2, help="before that (2)")
    parser.add_argument("--fill-limit", type=float, default=900,
                        help="seconds that filling a store to a level may take; it goes on with what is there (900)")
    parser.add_argument("--disk", default="build", help="folder below which the stores are put (build)")
    parser.add_argument("--binary", default="build/release/dtmd", help="the dtmd that is measured")
    parser.add_argument("--record", action="store_true", help="write the tables into docs/performance.md")
    return parser.parse_args(arguments)


def run_part(options, name, part, file):
    disk = os.path.abspath(options.disk)
    os.makedirs(disk, exist_ok=True)
    try:
        with stores.open_store(name, disk) as store:
            store.name = name
            for row in RUN[part](options, store):
                print(tables.text(row, COLUMNS[part]), flush=True)
                print(json.dumps({"part": part, **row}), file=file, flush=True)
                yield row
    except (Failed, OSError) as error:
        row = {"store": name, "failed": f"the store: {' '.join(str(error).split())[:300]}"}
        print(tables.text(row, COLUMNS[part]), flush=True)
        yield row


def main():
    options = parse(sys.argv[1:])
    end_on_signals()
    prepare()
    if not os.access(options.binary, os.X_OK):
        raise SystemExit(f"scale.sh: --binary: {options.binary} can't be run")
    os.makedirs("build", exist_ok=True)
    tables_done, failed = [], 0
    with open(RESULTS, "w") as file:
        for part in options.part or PARTS:
            print(f"\n{TITLES[part]}\n{tables.head(COLUMNS[part])}", flush=True)
            rows = [row for name in options.store or ("embedded",) for row in run_part(options, name, part, file)]
            failed += sum("failed" in row for row in rows)
            tables_done.append(record.section(TITLES[part], rows, COLUMNS[part]))
    if options.record:
        command = " ".join(["scripts/bench/scale.sh", *sys.argv[1:]])
        record.write_part("scripts/bench/scale.sh", "\n\n".join(
            [record.circumstances(command), record.SHARED_CORES, *tables_done]))
        print(f"written: {record.PAGE}")
    if failed:
        raise SystemExit(f"scale.sh: {failed} rows failed, see above")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
