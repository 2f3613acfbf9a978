#!/usr/bin/env python3
"""Refuses the forms of co_await that g++ 12 miscompiles. One statement builds, the next awaits.

co_await stands alone, after `=`, or after co_return, and what it is given was named before.
"""
import re
import sys

import common

INSIDE = "co_await inside a condition, an argument or a braced list: give its result a name first"
BRACES = "braces (an aggregate, or a lambda capturing by value) beside co_await: name it first, then std::move it"
TERNARY = "?: beside co_await: use if and else"
HARMLESS_LAMBDA = re.compile(r"\[(?:this|&[^\]=]*)?\]\s*(?:\([^()]*\))?[^{};]*\{")
LISTED = re.compile(r"[\w>]\s*$")
NOT_LISTED = re.compile(r"\b(else|try|do|const|noexcept|mutable|override|final)\s*$|>\s*$")


def without_harmless_lambdas(text):
    while match := HARMLESS_LAMBDA.search(text):
        text = text[: match.start()] + text[common.closing(text, match.end() - 1):]
    return text


def findings(text):
    text = common.code_of(text)
    for found in re.finditer(r"\bco_await\b", text):
        begin = max(text.rfind(c, 0, found.start()) for c in ";{}") + 1
        head = text[begin:found.start()]
        end, depth = found.end(), 0
        while end < len(text) and (depth or text[end] != ";") and depth >= 0:
            depth += (text[end] in "([{") - (text[end] in ")]}")
            end += 1
        tail = without_harmless_lambdas(text[found.end():end])
        before = text[: begin - 1]
        in_list = begin and text[begin - 1] == "{" and LISTED.search(before) and not NOT_LISTED.search(before)

        line = common.line_of(text, found.start())
        if head.count("(") > head.count(")") or in_list:
            yield line, INSIDE
        elif "?" in head + tail:
            yield line, TERNARY
        elif "{" in tail:
            yield line, BRACES


BAD = (
    ("if (co_await f()) return;", INSIDE),
    ("while (!co_await f()) {}", INSIDE),
    ("switch (co_await f()) { case 1: break; }", INSIDE),
    ("if (co_await f() == 1) return;", INSIDE),
    ("g(co_await f());", INSIDE),
    ("co_await handle(Request{.gid = a, .payload = b});", BRACES),
    ("co_await handle({a, b, 1});", BRACES),
    ("Request r{.gid = co_await a(), .payload = x};", INSIDE),
    ("std::vector<std::string> v{co_await a(), x};", INSIDE),
    ("co_await take({T{}, T{}});", BRACES),
    ("co_await run([x] { use(x); });", BRACES),
    ("co_await co_spawn(executor, [p = std::move(p)] { use(*p); }, use_awaitable);", BRACES),
    ("auto v = c ? co_await a() : b();", TERNARY),
    ("co_await (c ? a() : b());", TERNARY),
    ("auto s = co_await yes() ? one : two;", TERNARY),
)
GOOD = (
    "co_await f();",
    "auto [a, b] = co_await f();",
    "const auto [error, size] = co_await async_read(stream, buffer, as_tuple(use_awaitable));",
    "co_return co_await f(std::move(r));",
    "auto first = co_await (std::move(work) || timer.async_wait(use_awaitable));",
    "if (ready) co_await f();",
    "for (int i = 0; i < n; ++i) co_await f();",
    "for (;;) { co_await f(); }",
    "if (ready) { co_await f(); } else { co_await g(); }",
    "try { co_await f(); } catch (...) {}",
    "awaitable<void> run() override { co_await f(); }",
    "awaitable<void> run() const noexcept { co_await f(); }",
    "auto run() -> awaitable<void> { co_await f(); }",
    "switch (x) { case 1: co_return co_await f(); default: break; }",
    "co_await run([] { use(1); });",
    "co_await run([this](int n) { use(n); });",
    "co_await run([&x] { use(x); });",
    '// if (co_await f())\nlog("if (co_await f())");',
    'auto s = R"(if (co_await f()))";',
)


def self_test():
    for sample, reason in BAD:
        found = list(findings("awaitable<void> sample() {\n    " + sample + "\n}\n"))
        assert found == [(2, reason)], (sample, found)
    for sample in GOOD:
        found = list(findings("awaitable<void> sample() {\n    " + sample + "\n}\n"))
        assert not found, (sample, found)


def check(root):
    for path, text in common.cpp_files(root):
        for line, why in findings(text):
            yield f"{path}:{line}: {why}"


if __name__ == "__main__":
    sys.exit(common.run(check, self_test))
