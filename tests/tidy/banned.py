#!/usr/bin/env python3
"""What does not belong into our code, each with the reason and what to do instead."""
import re
import sys

import common

# Composed, so that this file does not contain what it looks for.
MARKERS = "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3))
MARKER_FOLDERS = ("src", "include", "tests", "examples", "scripts", "cmake", "docs", "config", "sql", "docker")
MARKER_ENDINGS = {".h", ".cpp", ".py", ".sh", ".lua", ".cmake", ".txt", ".md", ".yml", ".yaml", ".proto", ".sql"}

LAMBDA = re.compile(r"(?<![\w\])\[])\[(?P<capture>[^\[\]]*)\]\s*(?:\((?:[^()]|\([^()]*\))*\))?(?P<rest>[^;{}()]*)\{")
SEPARATE_BODIES = "src/net/asio_bodies.cpp"


class Rule:
    """A pattern in code without comments and strings, where it is refused, and samples that prove it."""

    def __init__(self, pattern, why, bad, good, where=r".*", allowed=r"$^"):
        self.pattern, self.why, self.bad, self.good = re.compile(pattern, re.S), why, bad, good
        self.where, self.allowed = re.compile(where), re.compile(allowed)

    def findings(self, path, code):
        if self.where.match(path) and not self.allowed.match(path):
            for found in self.pattern.finditer(code):
                yield common.line_of(code, found.start()), self.why


RULES = (
    Rule(r"\basio::detached\b",
         "asio::detached swallows exceptions: give a completion handler that logs and counts them",
         ("src/net/a.cpp", "co_spawn(context, f(), boost::asio::detached);"),
         ("src/net/a.cpp", "co_spawn(context, f(), report);")),
    Rule(r"\bstd::(?:cout|cerr|clog)\b|(?<![\w.])(?:std::)?f?printf\s*\(",
         "only app/ and observe/ write to the terminal: log an event, or return what there is to say",
         ("src/engine/a.cpp", 'std::cout << "x";'), ("src/app/main.cpp", 'std::cout << "x";'),
         where=r"src/", allowed=r"src/(app|observe)/"),
    Rule(r"#\s*include\s*<boost/(?:asio|beast)\.hpp>",
         "all of Asio or Beast in a header costs seconds in every file: include the parts that are used",
         ("src/net/a.h", "#include <boost/asio.hpp>"), ("src/net/a.h", "#include <boost/asio/awaitable.hpp>"),
         where=r".*\.h$"),
    Rule(r"#\s*include\s*<boost/(?:asio|beast)/(?:ssl/)?(?:impl/)?src\.hpp>",
         "the bodies of Asio and Beast are compiled once, in " + SEPARATE_BODIES,
         ("src/net/a.cpp", "#include <boost/asio/impl/src.hpp>"), (SEPARATE_BODIES, "#include <boost/asio/impl/src.hpp>"),
         allowed=re.escape(SEPARATE_BODIES)),
    Rule(r"\.detach\(\)",
         "a detached thread outlives what it uses: keep it and join it",
         ("src/app/a.cpp", "std::thread(work).detach();"), ("src/app/a.cpp", "thread.join();")),
    Rule(r"\busing\s+namespace\s+std\s*;",
         "names of std are written out",
         ("src/txn/a.cpp", "using namespace std;"), ("src/txn/a.cpp", "using namespace std::chrono_literals;")),
    Rule(r"\bawaitable<[^;{}()=]*>\s+[\w:]+\s*\((?:[^;{}()]|\([^()]*\))*?(?:\bconst\s+[\w:<>, ]+&(?!&)|\bstring_view\b|\bspan<)",
         "a coroutine starts after its caller's temporaries are gone: take parameters by value",
         ("src/net/a.h", "boost::asio::awaitable<Result<int>> ask(const std::string& host);"),
         ("src/net/a.h", "boost::asio::awaitable<Result<int>> ask(std::string host, Engine& engine);")),
)


def capturing_coroutines(code):
    """Lines of lambdas that capture something and are coroutines."""
    for found in LAMBDA.finditer(code):
        if not found["capture"].strip():
            continue
        body = code[found.end() - 1: common.closing(code, found.end() - 1)]
        while inner := LAMBDA.search(body, 1):
            body = body[: inner.start()] + body[common.closing(body, inner.end() - 1):]
        if "awaitable<" in found["rest"] or re.search(r"\bco_(?:await|return|yield)\b", body):
            yield common.line_of(code, found.start())


def findings(path, text):
    for found in re.finditer(rf"\b(?:{MARKERS})\b", text):
        yield common.line_of(text, found.start()), f"'{found[0]}': do it, or open an issue"
    if not path.endswith(common.CPP_ENDINGS):
        return
    if path.endswith(".h") and "#pragma once" not in text:
        yield 1, "a header starts with #pragma once"
    code = common.code_of(text)
    for rule in RULES:
        for line, why in rule.findings(path, code):
            yield line, why
    for line in capturing_coroutines(code):
        yield line, "a coroutine lambda with captures outlives its captures: write a member or free function"


def self_test():
    def lines(path, text):
        return [line for line, _ in findings(path, text)]

    for rule in RULES:
        for (path, text), expected in ((rule.bad, [3]), (rule.good, [])):
            found = lines(path, "#pragma once\n\n" + text + "\n")
            assert found == expected, (path, text, found)
        commented = "#pragma once\n// " + rule.bad[1] + "\n"
        assert not lines(rule.bad[0], commented), commented
    for marker in MARKERS.split("|"):
        assert lines("docs/a.md", f"\n{marker}: later\n") == [2]
    assert lines("src/txn/a.h", "int x;\n") == [1]
    assert not lines("src/txn/a.cpp", "int x;\n")

    for bad in ("co_spawn(c, [x]() -> awaitable<void> { co_await f(x); }, report);",
                "co_spawn(c, [&]() -> boost::asio::awaitable<void> { return g(); }, report);",
                "auto f = [this, a = std::move(a)](int n) mutable -> awaitable<int> { co_return n; };",
                "auto f = [self](std::function<void(int)> g) { co_await h(g); };"):
        assert lines("src/net/a.cpp", "\n" + bad + "\n") == [2], (bad, lines("src/net/a.cpp", "\n" + bad + "\n"))
    for good in ("co_spawn(c, []() -> awaitable<void> { co_await f(); }, report);",
                 "loop.post([this, x] { handle(x); });",
                 "awaitable<void> f(int n) { values[n](1); co_await g(); }",
                 "awaitable<void> f() { auto g = [&x](int y) { return x + y; }; co_await h(g); }",
                 "auto f = [x] { return [](int y) -> awaitable<int> { co_return y; }; };"):
        assert not lines("src/net/a.cpp", good + "\n"), good


def check(root):
    for path, text in common.files(root, MARKER_FOLDERS, MARKER_ENDINGS):
        for line, why in findings(path, text):
            yield f"{path}:{line}: {why}"


if __name__ == "__main__":
    sys.exit(common.run(check, self_test))
