"""What the rules share: which files there are, C++ without its comments and strings, and how a rule is run."""
import pathlib
import re
import sys

CPP_FOLDERS = ("src", "include", "tests", "examples")
CPP_ENDINGS = (".h", ".cpp")
SKIP = 77  # The exit status that ctest shows as "skipped".

RAW_STRING = r'R"(?P<mark>[^()\\\s]{0,16})\((?:.*?)\)(?P=mark)"'
STRING = r'"(?:\\.|[^"\\\n])*"'
CHARACTER = r"(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'"
COMMENT = r"//[^\n]*|/\*.*?\*/"
NOT_CODE = re.compile("|".join((RAW_STRING, COMMENT, STRING, CHARACTER)), re.S)


def code_of(text):
    """`text` with comments, strings and character literals turned into spaces; lines and columns stay."""
    return NOT_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def closing(text, start):
    """Index just behind the bracket that closes the one at `start`."""
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth == 0:
            return i + 1
    return len(text)


def files(root, folders, endings):
    """The files below `folders` of `root`, as (path relative to root with forward slashes, text)."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.suffix in endings and "node_modules" not in path.parts:
                yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


def cpp_files(root, folders=CPP_FOLDERS):
    return files(root, folders, CPP_ENDINGS)


def run(check, self_test):
    """main() of a rule. `check(root)` yields lines about what is wrong; `self_test()` asserts that it would."""
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        print("self-test passed")
        return 0
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} REPOSITORY | --self-test", file=sys.stderr)
        return 2
    bad = list(check(pathlib.Path(sys.argv[1])))
    print(*bad, sep="\n")
    print(f"{len(bad)} found")
    return 1 if bad else 0
