#!/usr/bin/env python3
"""Milliseconds from starting dtmd to its first answer.

Usage: startup.py BINARY STORE_FOLDER [--runs N]     The folder is used as it is, or made.
"""
import argparse
import os
import signal
import socket
import subprocess
import time

from processes import free_port


def first_answer(port, deadline):
    request = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(request)
                if b" 200 " in connection.recv(4096):
                    return
        except OSError:
            pass
        time.sleep(0.002)
    raise SystemExit("startup.py: no answer within a minute")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    for _ in range(options.runs):
        port = free_port(23_000)
        environment = dict(os.environ, DTMD_HOST="127.0.0.1", HTTP_PORT=str(port), STORE_PATH=options.folder, LOG_LEVEL="warn")
        start = time.monotonic()
        process = subprocess.Popen([options.binary, "serve"], env=environment)
        first_answer(port, start + 60)
        answered = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        print(f"first answer after {(answered - start) * 1000:.0f} ms, stopped in {(time.monotonic() - answered) * 1000:.0f} ms, "
              f"exit status {process.returncode}")


if __name__ == "__main__":
    main()
