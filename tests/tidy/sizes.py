#!/usr/bin/env python3
"""Small pieces: 400 lines a file, 60 lines a function, 120 columns a line."""
import re
import sys

import common

MOST_LINES = 400
MOST_FUNCTION_LINES = 60
MOST_COLUMNS = 120
CONTAINER = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$")


def functions(code):
    """(first line, number of lines) of each function body that is not inside another one. `code`: see code_of."""
    containers = 0  # How many of the open braces are namespaces and classes.
    position = 0
    start_of_head = 0
    while found := re.compile(r"[{};]").search(code, position):
        position = found.end()
        head = code[start_of_head:found.start()]
        if found[0] == "{":
            if CONTAINER.search(head):
                containers += 1
            else:
                position = common.closing(code, found.start())
                if ")" in head:
                    first = common.line_of(code, start_of_head + len(head) - len(head.lstrip()))
                    yield first, common.line_of(code, position) - first + 1
        elif found[0] == "}":
            containers -= 1
        start_of_head = position


def findings(text):
    lines = text.split("\n")
    if len(lines) - 1 > MOST_LINES:
        yield 1, f"{len(lines) - 1} lines, limit {MOST_LINES}: one noun per file; what could move out?"
    for number, line in enumerate(lines, 1):
        if len(line) > MOST_COLUMNS:
            yield number, f"{len(line)} columns, limit {MOST_COLUMNS}"
    for first, count in functions(common.code_of(text)):
        if count > MOST_FUNCTION_LINES:
            yield first, f"a function of {count} lines, limit {MOST_FUNCTION_LINES}: one branches, its helpers compute"


def self_test():
    def body(lines):
        return "    x();\n" * lines

    assert [line for line, _ in findings("int x;\n" * 401)] == [1]
    assert not list(findings("int x;\n" * 400))
    assert [line for line, _ in findings("\n// " + "x" * 118 + "\n")] == [2]
    assert not list(findings("// " + "x" * 117 + "\n"))

    too_long = "namespace a {\nvoid f(int n) {\n" + body(59) + "}\n}\n"
    assert [line for line, _ in findings(too_long)] == [2], list(findings(too_long))
    assert not list(findings("namespace a {\nvoid f(int n) {\n" + body(58) + "}\n}\n"))
    method = "class A final : public B {\npublic:\n    void f() const override {\n" + body(60) + "    }\n};\n"
    assert len(list(findings(method))) == 1
    constructor = "A::A(int b)\n    : b_{b},\n      c_(1) {\n" + body(60) + "}\n"
    assert len(list(findings(constructor))) == 1, list(findings(constructor))
    test = "TEST(Saga, Ends) {\n" + body(60) + "}\n"
    assert len(list(findings(test))) == 1
    table = "constexpr Row rows[] = {\n" + "    {1, 2},\n" * 80 + "};\n"
    assert not list(findings(table)), list(findings(table))
    in_comment = "void f() {\n    // {\n}\n" + "int x;\n" * 100 + "void g() {}\n"
    assert not list(findings(in_comment))


def check(root):
    for path, text in common.cpp_files(root):
        for line, why in findings(text):
            yield f"{path}:{line}: {why}"


if __name__ == "__main__":
    sys.exit(common.run(check, self_test))
