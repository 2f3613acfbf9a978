#!/usr/bin/env python3
"""Arrows point down: every #include in src/ is checked against the DTMD_LAYERS table of cmake/DtmdModule.cmake.

CMake checks what a room links; since all rooms share one include root, this checks what they include. It also keeps
the doors shut: no sockets, clocks or chance in the rooms that get all of these handed in.
"""
import re
import sys

import common

TABLE = "cmake/DtmdModule.cmake"
ROW = re.compile(r"^set\(DTMD_LAYERS_(\w+)\s+([^)]*)\)", re.M)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.M)

# What a closed room must not mention, and what it should do instead.
CLOSED_ROOMS = ("txn", "engine")
DOORS = (
    (re.compile(r"\basio\b|\bbeast\b"), "Asio and Beast belong to net, participant and app; use Loop and Participant"),
    (re.compile(r"\b(?:system|steady|high_resolution)_clock\b\s*::\s*now|(?<![\w.>:])(?:std::)?time\s*\(|\bclock_gettime\b"
                r"|\bgettimeofday\b"), "time is handed in: use Loop::now, Loop::steady or a Time parameter"),
    (re.compile(r"\brandom_device\b|\bmt19937|(?<![\w.>:])(?:std::)?rand\s*\("), "chance is handed in: use Random"),
    (re.compile(r"\bsleep_(?:for|until)\b|\bstd::j?thread\b|\bstd::mutex\b"), "no threads, locks or blocking here: use Loop"),
)


def read_table(text):
    return {name: set(used.replace('"', " ").split()) for name, used in ROW.findall(text)}


def room_of(path, table):
    """The module that `path` (below src/) belongs to: that of its folder, or of the nearest one above with a row."""
    parts = path.split("/")[:-1]
    while parts and "_".join(parts) not in table:
        parts.pop()
    return "_".join(parts)


def cycles(table):
    """The rooms from which one can get back to the same room."""
    for start in table:
        seen, open_rooms = set(), list(table[start])
        while open_rooms:
            room = open_rooms.pop()
            if room not in seen:
                seen.add(room)
                open_rooms.extend(table.get(room, ()))
        if start in seen:
            yield start


def findings(path, text, table):
    """`path` is relative to src/."""
    room = room_of(path, table)
    if not room:
        yield 1, f"this folder has no row DTMD_LAYERS_... in {TABLE}"
        return
    for found in INCLUDE.finditer(text):
        used = room_of(found[1], table)
        line = common.line_of(text, found.start())
        if not used:
            yield line, f'"{found[1]}" belongs to no room: write includes as "room/file.h"'
        elif used != room and used not in table[room]:
            yield line, f"{room} may not use {used}: see DTMD_LAYERS_{room} in {TABLE}"
    if room in CLOSED_ROOMS:
        includes = "\n".join(re.findall(r"#\s*include\s*<[^>]*>", text))
        code = common.code_of(text)
        for door, instead in DOORS:
            for found in door.finditer(code):
                yield common.line_of(code, found.start()), f"'{found[0].strip()}' in {room}: {instead}"
            if not door.search(code) and door.search(includes):
                yield 1, f"an #include in {room}: {instead}"


def self_test():
    table = read_table('set(DTMD_LAYERS_base "")\nset(DTMD_LAYERS_txn "")\nset(DTMD_LAYERS_store base txn)\n'
                       "set(DTMD_LAYERS_store_disk base txn store)\nset(DTMD_LAYERS_engine base txn store)\n")
    assert table["engine"] == {"base", "txn", "store"} and table["txn"] == set()
    assert room_of("store/disk/keys.h", table) == "store_disk" and room_of("engine/deep/x.h", table) == "engine"
    assert not list(cycles(table))
    assert set(cycles({"a": {"b"}, "b": {"a"}, "c": {"a"}})) == {"a", "b"}

    def lines(path, text):
        return [line for line, _ in findings(path, text, table)]

    for path, text in (
        ("txn/saga.cpp", '#include "engine/shard.h"\n'),
        ("txn/saga.cpp", '#include "base/time.h"\n'),
        ("store/store.h", '#include "store/disk/keys.h"\n'),
        ("engine/shard.cpp", '#include "store/disk/keys.h"\n'),
        ("engine/shard.cpp", '#include "shard.h"\n'),
        ("engine/shard.cpp", "boost::asio::io_context context;\n"),
        ("engine/shard.cpp", "const auto now = std::chrono::system_clock::now();\n"),
        ("engine/shard.cpp", "auto t = std::chrono::steady_clock::now();\n"),
        ("engine/shard.cpp", "const auto t = time(nullptr);\n"),
        ("engine/shard.cpp", "std::mutex lock;\n"),
        ("txn/saga.cpp", "std::random_device device;\n"),
        ("attic/old.cpp", "int x;\n"),
    ):
        assert lines(path, text) == [1], (path, text, lines(path, text))
    assert lines("engine/shard.h", "#pragma once\n#include <boost/asio/io_context.hpp>\n")
    for path, text in (
        ("engine/shard.cpp", '#include "engine/shard.h"\n#include "base/time.h"\n#include "store/store.h"\n'),
        ("engine/shard.cpp", "// system_clock::now() and asio are elsewhere\n"),
        ("engine/shard.cpp", "loop_.time(1); create_time(x);\n"),
        ("store/disk/keys.cpp", '#include "store/disk/keys.h"\n#include "store/backend.h"\n'),
    ):
        assert not lines(path, text), (path, text)


def check(root):
    table = read_table((root / TABLE).read_text(encoding="utf-8"))
    if not table:
        yield f"{TABLE}: no DTMD_LAYERS_... rows found"
    for room in cycles(table):
        yield f"{TABLE}: DTMD_LAYERS_{room} leads back to {room}: arrows must point one way"
    for path, text in common.cpp_files(root, ("src",)):
        for line, why in findings(path.removeprefix("src/"), text, table):
            yield f"{path}:{line}: {why}"


if __name__ == "__main__":
    sys.exit(common.run(check, self_test))
