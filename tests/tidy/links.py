#!/usr/bin/env python3
"""Every link to a file in a Markdown page leads somewhere, and so does every path of ours that a page names in code."""
import pathlib
import re
import sys
import tempfile

import common

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAMED = re.compile(r"`((?:src|tests|scripts|docs|cmake|config|examples|include|sql)/[\w./-]*\w)`")
BLOCK = re.compile(r"^```.*?^```", re.M | re.S)


def findings(root, path, text):
    for found in LINK.finditer(BLOCK.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)):
        target = found[1].split("#")[0]
        if target and "://" not in target and not target.startswith("mailto:"):
            if not (root / path).parent.joinpath(target).exists():
                yield common.line_of(text, found.start()), f"the link to {target} leads nowhere"
    for found in NAMED.finditer(text):
        if not (root / found[1]).exists():
            yield common.line_of(text, found.start()), f"there is no {found[1]}"


def pages(root):
    for path in sorted(root.glob("*.md")):
        yield path.name, path.read_text(encoding="utf-8")
    yield from common.files(root, ("docs", "examples", "config", "docker"), {".md"})


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "docs").mkdir()
        (root / "docs/there.md").write_text("x")
        page = "[a](there.md) [b](gone.md#part)\n[c](https://example.com/gone) `docs/there.md` [d](#part)\n`src/gone.h`\n"
        assert [line for line, _ in findings(root, "docs/page.md", page)] == [1, 3]
        assert not list(findings(root, "docs/page.md", "```\n[a](gone.md)\n```\n"))


def check(root):
    for path, text in pages(root):
        for line, why in findings(root, path, text):
            yield f"{path}:{line}: {why}"


if __name__ == "__main__":
    sys.exit(common.run(check, self_test))
