"""What goes wrong. A fault begins, lasts, and ends; several different ones may last at the same time."""

import ctypes
import errno
import os
import resource
import signal
import subprocess
import sys
import time


class Fault:
    """`count` counts how often it has begun. `gap`: seconds from one beginning to the next, on average."""

    name = "fault"
    gap = 1.0

    def __init__(self):
        self.count = 0

    def begin(self, chance):
        """Begins, and returns how many seconds it lasts; None if there is nothing to do now."""
        raise NotImplementedError

    def end(self):
        """Ends what has begun. Also called when the run is over, whether or not it had begun."""


class Kill(Fault):
    """kill -9 of one of `processes`, which is down for up to `longest` seconds."""

    def __init__(self, name, processes, gap, longest):
        super().__init__()
        self.name, self.processes, self.gap, self.longest = name, processes, gap, longest
        self.victim = None

    def begin(self, chance):
        self.victim = chance.choice(self.processes)
        self.victim.kill()
        self.count += 1
        return chance.random() * self.longest

    def end(self):
        if self.victim and not self.victim.wanted:
            self.victim.launch()
        self.victim = None


class Stop(Kill):
    """The same by SIGTERM, as in an orderly restart."""

    def begin(self, chance):
        self.victim = chance.choice(self.processes)
        self.victim.wanted = False
        self.victim.signal(signal.SIGTERM)
        self.count += 1
        return 3.0 + chance.random() * self.longest

    def end(self):
        if self.victim and not self.victim.wanted:
            self.victim.kill()
        super().end()


class Pause(Fault):
    """SIGSTOP, then SIGCONT. Every second one is longer than request time-outs and leases."""

    def __init__(self, name, processes, gap, longest):
        super().__init__()
        self.name, self.processes, self.gap, self.longest = name, processes, gap, longest
        self.stopped = None

    def begin(self, chance):
        victim = chance.choice(self.processes)
        if not victim.wanted or victim.process.poll() is not None:
            return None
        self.stopped = victim.process
        self.stopped.send_signal(signal.SIGSTOP)
        self.count += 1
        return chance.random() * 0.5 if chance.random() < 0.5 else chance.uniform(self.longest / 3, self.longest)

    def end(self):
        if self.stopped and self.stopped.poll() is None:
            self.stopped.send_signal(signal.SIGCONT)
        self.stopped = None


class Clock(Fault):
    """The wall clock of one node is set, by seconds to hours, forward or back, and stays so until it is set again."""

    name = "clock"

    def __init__(self, nodes, gap, furthest=6 * 3600):
        super().__init__()
        self.nodes, self.gap, self.furthest = nodes, gap, furthest

    def begin(self, chance):
        offset = int(self.furthest ** chance.random()) * chance.choice((-1, 1))
        chance.choice(self.nodes).set_clock(offset)
        self.count += 1
        return 0.0

    def put_right(self):
        for node in self.nodes:
            node.set_clock(0)


class FullDisk(Fault):
    """The store's file system has no room, down to the last byte."""

    name = "disk"

    def __init__(self, folder, gap, longest):
        super().__init__()
        self.filler, self.gap, self.longest = os.path.join(folder, "filler"), gap, longest
        self.full, self.freed_at = False, 0.0

    def begin(self, chance):
        self.count += 1
        self.full = True
        self.fill()
        return chance.uniform(0.3, self.longest)

    def fill(self):
        with open(self.filler, "ab", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                try:
                    while file.write(b"x" * size):
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def end(self):
        if os.path.exists(self.filler):
            os.unlink(self.filler)
        if self.full:
            self.freed_at = time.monotonic()
        self.full = False

    def was_full_since(self, moment):
        return self.full or self.freed_at >= moment


class FileLimit(FullDisk):
    """Where nothing can be mounted: the coordinator's files may not grow, which fails its writes in the same places.
    To RocksDB that is a broken disk rather than a full one, so that it must be restarted, as its message says."""

    def __init__(self, folder, nodes, gap, longest):
        super().__init__(folder, gap, longest)
        self.nodes = nodes

    def fill(self):
        self.limit(1)

    def end(self):
        if self.full:
            for node in self.nodes:
                node.kill()
                node.launch()
        super().end()

    def limit(self, size):
        for node in self.nodes:
            if node.process.poll() is None:
                resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def enter_private_mounts():
    """Starts this program anew where it may mount a tmpfs that nobody else sees. Returns whether it runs there."""
    if os.environ.get("DTMD_FAULT_MOUNTS") == "private":
        return True
    flags = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    for words in (flags, ["unshare", "-rm"]):
        probe = subprocess.run([*words, "mount", "-t", "tmpfs", "none", "/mnt"], stderr=subprocess.DEVNULL)
        if probe.returncode == 0:
            os.environ["DTMD_FAULT_MOUNTS"] = "private"
            sys.stdout.flush()
            os.execvp("unshare", [*words, sys.executable, *sys.argv])
    return False


def mount_tmpfs(folder, megabytes):
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", folder], check=True)


def unmount(folder):
    ctypes.CDLL(None).umount2(folder.encode(), 2)  # Lazily: a process may still be ending.
