"""Writes what was measured into docs/performance.md, with plots beside it."""

import datetime
import os
import platform
import re
import shlex
import subprocess

import plots
import stores
import tables

PAGE = "docs/performance.md"
FOLDER = "docs/performance"
SHARED_CORES = "Client, participant, dtmd and the store's server share the cores."


def first_match(pattern, path):
    with open(path) as file:
        found = re.search(pattern, file.read(), re.M)
    return found[1].strip() if found else "unknown"


def git(*arguments):
    result = subprocess.run(["git", *arguments], capture_output=True, text=True)
    return result.stdout.strip() if result.returncode == 0 else ""


def machine():
    cores = len(os.sched_getaffinity(0))
    memory = int(first_match(r"^MemTotal:\s+(\d+)", "/proc/meminfo")) / (1 << 20)
    processor = first_match(r"^model name\s*:(.*)$", "/proc/cpuinfo")
    system = first_match(r'^PRETTY_NAME="?([^"\n]*)"?$', "/etc/os-release")
    return f"{cores} cores of {processor}, {memory:.0f} GiB, {system}, Linux {platform.release()}"


def dtmd_version():
    changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "cmake", "CMakeLists.txt")
    return f"{git('rev-parse', '--short=12', 'HEAD')}{' with changes' if changed else ''}"


def circumstances(command):
    today = datetime.date.today().isoformat()
    return f"Measured on {today} by `{command}` on {machine()}; dtmd of commit {dtmd_version()}."


def write_part(marker, text):
    """Replaces what is between the two marks of the page."""
    begin, end = f"<!-- begin: written by {marker} -->", "<!-- end -->"
    with open(PAGE) as file:
        page = file.read()
    if begin not in page or end not in page.split(begin, 1)[1]:
        raise SystemExit(f"{PAGE}: there is no part that begins with {begin}, and ends with {end}")
    before, rest = page.split(begin, 1)
    after = rest.split(end, 1)[1]
    with open(PAGE, "w") as file:
        file.write(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}")


def section(title, rows, columns=tables.COLUMNS):
    return f"### {title}\n\n{tables.table(rows, columns)}\n" if rows else ""


def server_lines(servers):
    return "\n".join(f"- {stores.TITLES[name]} {server['version']}: {server['settings']}"
                     for name, server in servers.items())


def without(*titles):
    return [column for column in tables.COLUMNS if column[0] not in titles]


def write_matrix(rows, servers, arguments):
    """The names of the files that were written."""
    at_32 = [row for row in rows if row["connections"] == 32 and row["protocol"] == "http"]
    sagas = [row for row in at_32 if row["mode"] == "saga"]
    others = [row for row in at_32 if row["mode"] != "saga"]
    connections = [row for row in rows if row["mode"] == "saga" and row["sync"] == 1 and row["protocol"] == "http"]
    connections = sorted(connections, key=lambda row: (stores.NAMES.index(row["store"]), row["connections"]))
    over_grpc = [row for row in rows if row["protocol"] == "grpc"]
    drawn = plots.draw_matrix(rows, FOLDER)
    parts = [
        circumstances(shlex.join(["scripts/bench.sh", *arguments])),
        SHARED_CORES,
        "Two branches, every result waited for, default durability. `sync` is `UpdateBranchSync`; \"CPU\" is per "
        "transaction; \"disk's sync\" is what syncing 4 KiB took before and after the cell, for the disk's rate is "
        "limited from outside. The servers:",
        server_lines(servers),
        *(f"![{title}]({os.path.relpath(path, 'docs')})" for path, title in drawn),
        section("Sagas, 32 connections", sagas, without("mode", "over", "connections")),
        section("The other modes, 32 connections", others, without("over", "sync", "connections")),
        section("Sagas by connections", connections, without("mode", "over", "sync")),
        section("Sagas over gRPC, with gRPC branches", over_grpc, without("mode", "over", "sync")),
    ]
    write_part("scripts/bench.sh", "\n\n".join(part for part in parts if part))
    return [PAGE, *(path for path, _ in drawn)]
