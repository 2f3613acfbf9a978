#!/usr/bin/env python3
"""What README.md promises happens: runs its curl commands against a real dtmd and its participant, and compares.

Usage: readme.py REPOSITORY DTMD
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from ports import reserve_port  # noqa: E402

BLOCK = re.compile(r"^```\n(.*?)^```", re.M | re.S)
PORTS = {"36789": "dtmd", "8081": "participant"}


def wait_for(url, process, log):
    deadline = time.monotonic() + 60
    while True:
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, f"no answer from {url}: {log.read_text()}"
            time.sleep(0.05)


def check(root, dtmd, folder):
    text = (root / "README.md").read_text(encoding="utf-8")
    ports = {port: str(reserve_port()) for port in PORTS}
    for port, free in ports.items():
        text = re.sub(rf"(?<=127\.0\.0\.1:){port}\b", free, text)
    blocks = BLOCK.findall(text)
    commands = [block for block in blocks if "curl" in block]
    shown = [line for block in blocks if "curl" not in block for line in block.splitlines()]
    assert len(commands) >= 6, "README.md has lost its examples"

    seen, log = folder / "participant.log", folder / "dtmd.log"
    environment = {"PATH": os.environ["PATH"], "DTMD_HOST": "127.0.0.1", "HTTP_PORT": ports["36789"],
                   "GRPC_PORT": "-1", "STORE_PATH": str(folder / "data")}
    started = []
    try:
        started.append(subprocess.Popen([dtmd, "serve"], env=environment, stderr=open(log, "w")))
        participant = [sys.executable, "-B", root / "examples/participant.py", ports["8081"]]
        started.append(subprocess.Popen(participant, stdout=open(seen, "w")))
        wait_for(f"http://127.0.0.1:{ports['36789']}/api/health", started[0], log)
        wait_for(f"http://127.0.0.1:{ports['8081']}/", started[1], seen)
        answers = subprocess.run(["bash", "-eu"], input="\n".join(commands), text=True, capture_output=True, timeout=60)
        assert answers.returncode == 0, answers.stderr
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(20)

    calls = seen.read_text()
    print(answers.stdout, calls, sep="\n")
    for line in shown:
        if re.match(r"(first|second)\b", line):
            assert line in calls.splitlines(), f"README.md says that the participant prints: {line}"
        if line.startswith("{"):
            assert line in answers.stdout, f"README.md says that dtmd answers: {line}"
    # One example is refused; each of the others succeeds, and calls its branch if dtmd has one to call.
    assert answers.stdout.count('"message"') == 1, answers.stdout
    for gid, op in (("third", "confirm"), ("fourth", "commit"), ("fifth", "action")):
        assert re.search(rf"^{gid} +01 +{op} ", calls, re.M), f"no {op} of {gid}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        check(pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(temporary))
