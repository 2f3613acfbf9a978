#!/usr/bin/env python3
"""The layout of C++ files is what clang-format-19 makes of them by .clang-format. Mend with scripts/format.sh."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import common

TOOL = shutil.which("clang-format-19")
COMPLAINT = re.compile(r"^(.*?):(\d+):\d+: error: code should be clang-formatted", re.M)


def findings(root, paths):
    result = subprocess.run([TOOL, "--dry-run", "-Werror", "--style=file", *paths], cwd=root, capture_output=True, text=True)
    found = COMPLAINT.findall(result.stderr)
    if result.returncode and not found:
        yield "", 0, result.stderr
    for path in dict.fromkeys(path for path, _ in found):
        lines = [line for p, line in found if p == path]
        yield path, int(lines[0]), f"not as clang-format would have it, {len(lines)} places: run scripts/format.sh"


def self_test():
    style = pathlib.Path(__file__).parents[2] / ".clang-format"
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / ".clang-format").write_text(style.read_text())
        (root / "good.cpp").write_text("int f(int a) { return a; }\n")
        (root / "bad.cpp").write_text("int  f( int a ){ return a ; }\n")
        assert not list(findings(root, ["good.cpp"])), list(findings(root, ["good.cpp"]))
        assert [(path, line) for path, line, _ in findings(root, ["bad.cpp"])] == [("bad.cpp", 1)]


def check(root):
    for path, line, why in findings(root, [path for path, _ in common.cpp_files(root)]):
        yield f"{path}:{line}: {why}"


if __name__ == "__main__":
    if not TOOL:
        print("skipped: clang-format-19 is not installed (scripts/install-packages.sh --test)")
        sys.exit(common.SKIP)
    sys.exit(common.run(check, self_test))
