#!/usr/bin/env python3
"""Runs the microbenchmarks (tests/bench/micro_*.cpp) and shows them as a table.

Usage: micro.py BINARY [--filter REGEX] [--record]      Usually through micro.sh, which builds the binary.
"""
import argparse
import json
import re
import subprocess
import sys

import record
import tables

LIMIT_S = 180  # Of each.
COLUMNS = (("what", lambda row: row["what"], 58), ("time", lambda row: row["time"], 10), ("CPU", lambda row: row["cpu"], 10),
           ("", lambda row: row["more"], 24))


def span(value, unit):
    nanos = value * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[unit]
    for size, name in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
        if nanos >= size:
            return f"{nanos / size:.3g} {name}"
    return f"{nanos:.0f} ns"


def title(name):
    """"txn/decide once, saga of/2" → "txn: decide once, saga of 2"."""
    name = re.sub(r"(/real_time|/iterations:\d+)+$", "", name)
    room, what, *number = name.split("/")
    return f"{room}: {what}" + (f" {int(number[0]):,}" if number else "")


def more_of(result):
    if "items_per_second" in result:
        return f"{result['items_per_second']:,.0f} a second"
    if "bytes_per_second" in result:
        return f"{result['bytes_per_second'] / 1e6:,.0f} MB a second"
    if "bytes of an actor" in result:
        return f"{result['bytes of an actor']:.0f} bytes an actor"
    return ""


def row_of(result):
    if result.get("error_occurred"):
        return {"what": title(result["name"]), "time": "", "cpu": "", "more": f"left out: {result['error_message']}"}
    return {"what": title(result["name"]), "time": span(result["real_time"], result["time_unit"]),
            "cpu": span(result["cpu_time"], result["time_unit"]), "more": more_of(result)}


def names(binary, wanted):
    listed = subprocess.run([binary, f"--benchmark_filter={wanted}", "--benchmark_list_tests"], stdout=subprocess.PIPE,
                            text=True, timeout=LIMIT_S, check=True)
    return [name for name in listed.stdout.splitlines() if "/" in name]


def quoted(name):
    """Its letters only: Google Benchmark's expressions know fewer escapes than Python's."""
    return re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", name)


def measure(binary, name):
    """By itself, so that one that takes too long, or more memory than there is, costs no other."""
    try:
        result = subprocess.run([binary, f"--benchmark_filter=^{quoted(name)}$", "--benchmark_format=json"],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=LIMIT_S)
        return row_of(json.loads(result.stdout)["benchmarks"][0])
    except subprocess.TimeoutExpired:
        reason = f"it takes longer than {LIMIT_S} s"
    except (ValueError, LookupError):
        reason = f"it ended with {result.returncode}"
    return {"what": title(name), "time": "", "cpu": "", "more": f"left out: {reason}"}


def main():
    parser = argparse.ArgumentParser(prog="micro.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--filter", default=".", help="only those whose name matches")
    parser.add_argument("--record", action="store_true", help="write the table into docs/performance.md")
    options = parser.parse_args()
    rows = []
    print(tables.head(COLUMNS), flush=True)
    for name in names(options.binary, options.filter):
        rows.append(measure(options.binary, name))
        print(tables.text(rows[-1], COLUMNS), flush=True)
    if not rows:
        raise SystemExit(f"micro.sh: none matches {options.filter}")
    if options.record:
        record.write_part("scripts/bench/micro.sh", record.circumstances("scripts/bench/micro.sh --record") + "\n\n"
                          + tables.table(rows, COLUMNS))


if __name__ == "__main__":
    sys.exit(main())
