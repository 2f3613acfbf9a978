"""Ports for the servers that tests start. tests/support/ports.h tells why, and does the same for tests in C++."""

import random
import socket

RESERVED = []  # Open as long as this process lives.


def reserve_port():
    """A port of 127.0.0.1 that nobody listens on and that no other test gets while this process lives."""
    while True:
        # Below the range the kernel hands out by itself, so that no connection takes it between two starts of a server.
        port = random.randrange(10_001, 32_001)
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0dtmd-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            mark.close()
            continue
        RESERVED.append(mark)
        return port
