"""A private Redis server, and just enough of its protocol to ask it something."""

import socket

from databases import Server


class Redis(Server):
    def __init__(self, folder, *settings):
        super().__init__(folder)
        self.settings = settings

    def command(self):
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder, "--save", "",
                "--repl-diskless-sync-delay", "0", *self.settings]

    def is_up(self):
        assert self.process.poll() is None, open(self.log).read()
        try:
            return self.ask("PING") == "PONG"
        except (OSError, RedisError):
            return False

    def ask(self, *words):
        return self.ask_all([words])[0]

    def ask_all(self, commands, timeout=20):
        """The answers to these commands, which travel together."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as connection:
            connection.sendall(b"".join(encode(words) for words in commands))
            with connection.makefile("rb") as stream:
                return [read_answer(stream) for _ in commands]


class RedisError(Exception):
    pass


def encode(words):
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def read_answer(stream):
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("Redis has closed the connection")
    kind, rest = line[:1], line[1:-2].decode()
    if kind == b"+":
        return rest
    if kind == b"-":
        raise RedisError(rest)
    if kind == b":":
        return int(rest)
    if kind == b"$":
        return None if rest == "-1" else stream.read(int(rest) + 2)[:-2].decode()
    return None if rest == "-1" else [read_answer(stream) for _ in range(int(rest))]
