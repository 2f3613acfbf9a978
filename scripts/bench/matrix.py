#!/usr/bin/env python3
"""The matrix of scripts/bench.sh: stores x modes x connections, each cell with a fresh dtmd on a fresh store.

Everything runs on this machine and ends with this program: dtmd, the database, and dtmd bench, which puts on the load
and is the participant of every branch. They share the cores, so compare runs of one machine only.
"""
import argparse
import json
import os
import sys
import time

import cells
import record
import stores
import tables
from processes import Failed, end_on_signals, prepare

RESULTS = "build/bench-results.jsonl"


def default_matrix(options):
    """All modes at 32 connections, sagas at others, sagas over gRPC: under twelve minutes at six seconds a cell."""
    for store in options.store or stores.NAMES:
        cell = lambda **more: cells.Cell(store=store, seconds=options.seconds, warm_up=options.warm_up,
                                         load=options.load, **more)
        modes = cells.WRK_MODES if options.load == "wrk" else cells.MODES
        yield cell()
        yield cell(sync=0)
        for mode in modes[1:]:
            yield cell(mode=mode)
        for connections in (1, 8, 128, 512):
            yield cell(connections=connections)
        if options.load == "bench":
            yield cell(protocol="grpc")


def chosen_matrix(options):
    """What was asked for: each store with each mode, protocol, sync and number of connections that was named."""
    for store in options.store or stores.NAMES:
        for mode in options.mode or ("saga",):
            for protocol in options.protocol or ("http",):
                for sync in options.sync or (1,):
                    for connections in options.connections or (32,):
                        yield cells.Cell(store=store, mode=mode, connections=connections, sync=sync, protocol=protocol,
                                         branches=options.branches, payload=options.payload, load=options.load,
                                         seconds=options.seconds, warm_up=options.warm_up)


def is_default(options):
    return not (options.mode or options.protocol or options.sync or options.connections or options.branches != 2
                or options.payload != 40)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="bench.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    several = {"action": "append"}
    parser.add_argument("--store", choices=stores.NAMES, help="only this one; may be given several times", **several)
    parser.add_argument("--mode", choices=cells.MODES, help="may be given several times", **several)
    parser.add_argument("-c", "--connections", type=int, help="may be given several times", **several)
    parser.add_argument("--sync", type=int, choices=(0, 1), help="UpdateBranchSync", **several)
    parser.add_argument("--protocol", choices=("http", "grpc"), help="of clients and branches", **several)
    parser.add_argument("--branches", type=int, default=2, help="of each transaction (2)")
    parser.add_argument("--payload", type=int, default=40, help="bytes sent to each branch (40)")
    parser.add_argument("-d", "--seconds", type=float, default=6, help="measured of each cell (6)")
    parser.add_argument("--warm-up", type=float, default=2, help="before that (2)")
    parser.add_argument("--rest", type=float, default=0,
                        help="seconds of peace before each cell, for disks whose rate is limited (0)")
    parser.add_argument("--load", choices=("bench", "wrk"), default="bench",
                        help="wrk: wrk as the client and nginx as the participant (saga, tcc, msg)")
    parser.add_argument("--disk", default="build", help="folder below which the stores are put (build)")
    parser.add_argument("--binary", default="build/release/dtmd", help="the dtmd that is measured")
    parser.add_argument("--record", action="store_true", help="write tables and plots into docs/performance.md")
    parser.add_argument("--from", dest="rows", metavar="FILE", help=f"don't measure: rows of an earlier run ({RESULTS})")
    options = parser.parse_args(arguments)
    if options.connections and min(options.connections) < 1:
        parser.error("-c: expected at least 1")
    if options.seconds <= 0 or options.warm_up < 0 or options.rest < 0:
        parser.error("-d, --warm-up, --rest: expected positive numbers")
    return options


def measure_all(options, note):
    """Yields a row for each cell, as soon as it is there."""
    matrix = list(default_matrix(options) if is_default(options) else chosen_matrix(options))
    disk = os.path.abspath(options.disk)
    os.makedirs(disk, exist_ok=True)
    for name in dict.fromkeys(cell.store for cell in matrix):
        own = [cell for cell in matrix if cell.store == name]
        try:
            with stores.open_store(name, disk) as store:
                note(name, store)
                for cell in own:
                    time.sleep(0 if name == "memory" else options.rest)
                    yield cells.measure(options.binary, store, cell)
        except (Failed, OSError) as error:
            for cell in own[:1]:
                yield {**vars(cell), "failed": f"the store: {' '.join(str(error).split())[:300]}"}


def read_rows(path):
    with open(path) as file:
        lines = [json.loads(line) for line in file]
    return [line for line in lines if "store" in line], {k: v for line in lines if "servers" in line
                                                         for k, v in line["servers"].items()}


def run(options):
    servers, rows = {}, []
    os.makedirs("build", exist_ok=True)
    print(tables.head(), flush=True)
    with open(RESULTS, "w") as file:
        def note(name, store):
            if store.version:
                servers[name] = {"version": store.version, "settings": store.settings_text}
                print(json.dumps({"servers": {name: servers[name]}}), file=file, flush=True)

        for row in measure_all(options, note):
            rows.append(row)
            print(tables.text(row), flush=True)
            print(json.dumps(row), file=file, flush=True)
    return rows, servers


def main():
    options = parse(sys.argv[1:])
    end_on_signals()
    prepare()
    if options.rows:
        rows, servers = read_rows(options.rows)
        print(tables.table(rows))
    else:
        if not os.access(options.binary, os.X_OK):
            raise SystemExit(f"bench.sh: --binary: {options.binary} can't be run")
        began = time.monotonic()
        rows, servers = run(options)
        print(f"\n{len(rows)} cells in {(time.monotonic() - began) / 60:.1f} minutes; rows: {RESULTS}")
    if options.record:
        for name in record.write_matrix(rows, servers, sys.argv[1:]):
            print(f"written: {name}")
    failed = sum("failed" in row for row in rows)
    if failed or not rows:
        raise SystemExit(f"bench.sh: {failed} of {len(rows)} cells failed, see above")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
