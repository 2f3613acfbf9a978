#!/usr/bin/env python3
"""Transfers money between two banks through real coordinators while things go wrong, then compares what clients were
acknowledged with what became of it. See docs/fault-tests.md.

Usage: run.py SCENARIO [--seed N] [--seconds S] [--restarts N] ...      exit status 0 if every promise was kept

The binary is $DTMD, or build/dev/dtmd.
"""

import argparse
import heapq
import os
import random
import shutil
import signal
import sys
import tempfile
import time

import faults
from processes import Bank, EndedByItself, Node
from stores import STORES
from transfers import MODES
from verify import verify, wait_for_ends
from workload import Workload

SCENARIOS = ("none", "kill", "pause", "disk", "participants", "clock", "store", "all")
OPENING = 1000  # What each account has at first.
TROUBLE = {"delay": 0.03, "longest": 1.6, "error": 0.03, "lost_answer": 0.03, "ongoing": 0.02, "drop": 0.02}


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--seed", type=int, default=None, help="repeats the choices of an earlier run")
    parser.add_argument("--seconds", type=float, default=None, help="how long faults go on (default 60)")
    parser.add_argument("--restarts", type=int, default=None, help="kill: how often instead of how long")
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--accounts", type=int, default=20, help="at each bank")
    parser.add_argument("--banks", type=int, default=2)
    parser.add_argument("--modes", default=",".join(MODES), help="kinds of transactions (default: all)")
    parser.add_argument("--store", choices=sorted(STORES), default="embedded")
    parser.add_argument("--nodes", type=int, default=1, help="coordinators that share the store")
    parser.add_argument("--gap", type=float, default=1.0, help="1: as usual; smaller: faults follow each other faster")
    parser.add_argument("--longest", type=float, default=6.0, help="s; longest pause or outage")
    parser.add_argument("--deadline", type=float, default=60.0, help="s after the faults by which all must have ended")
    parser.add_argument("--no-trouble", action="store_true", help="the banks themselves answer well and at once")
    parser.add_argument("--disk", choices=("auto", "tmpfs", "limit"), default="auto", help="how the disk gets full")
    parser.add_argument("--disk-mb", type=int, default=64)
    parser.add_argument("--folder", help="where to work (default: a temporary folder)")
    parser.add_argument("--keep", action="store_true", help="leave the folder behind even if all is well")
    options = parser.parse_args(arguments)
    options.modes = options.modes.split(",")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 31)
    if options.nodes > STORES[options.store].most_nodes:
        parser.error(f"--nodes {options.nodes}: {options.store} is for {STORES[options.store].most_nodes} at most")
    return options


class World:
    """All processes of one run, and the faults that befall them."""

    def __init__(self, options, folder, tmpfs):
        self.options, self.folder, self.tmpfs = options, folder, tmpfs
        self.chance = random.Random(options.seed)
        self.disk_folder = os.path.join(folder, "disk")
        os.makedirs(self.disk_folder)
        if tmpfs:
            faults.mount_tmpfs(self.disk_folder, options.disk_mb)
        self.store = STORES[options.store](self.disk_folder)
        try:
            self.store.start()
        except BaseException:
            self.store.stop()
            raise
        fake = options.scenario in ("clock", "all")
        self.nodes = [Node(f"node{n}", folder, self.store, fake_clock=fake) for n in range(options.nodes)]
        self.banks = [Bank(f"bank{n}", folder, options.accounts, OPENING, options.seed) for n in range(options.banks)]
        self.disk = self.make_disk_fault()
        self.faults = self.make_faults()
        self.workload = None

    def make_disk_fault(self):
        gap, longest = 4 * self.options.gap, min(self.options.longest, 4)
        if self.tmpfs:
            return faults.FullDisk(self.disk_folder, gap, longest)
        return faults.FileLimit(self.disk_folder, self.nodes, gap, longest)

    def make_faults(self):
        gap, longest, nodes, banks = self.options.gap, self.options.longest, self.nodes, self.banks
        kinds = {
            "none": [],
            "kill": [faults.Kill("kill", nodes, 0.6 * gap, 0.3)],
            "pause": [faults.Pause("pause", nodes, 2 * gap, longest),
                      faults.Pause("pause bank", banks, 2 * gap, longest)],
            "disk": [self.disk],
            "participants": [faults.Kill("kill bank", banks, 0.8 * gap, longest / 2)],
            "clock": [faults.Clock(nodes, 0.8 * gap), faults.Kill("kill", nodes, 3 * gap, 0.3)],
            "store": self.store.faults(gap, longest),
        }
        own = "disk" if self.options.store == "embedded" else "store"
        kinds["all"] = [fault for name in ("pause", own, "participants", "clock") for fault in kinds[name]]
        kinds["all"].append(faults.Stop("restart", nodes, 12 * gap, 0.5))
        return kinds[self.options.scenario]

    def start(self):
        trouble = {} if self.options.no_trouble else TROUBLE
        for bank in self.banks:
            bank.make_trouble(trouble)
        for process in self.banks + self.nodes:
            process.launch()
        for process in self.banks + self.nodes:
            process.wait_until_up()
        self.workload = Workload(self.folder, [node.url for node in self.nodes], [bank.url for bank in self.banks],
                                 self.options.seed, self.options.clients, self.options.accounts, self.options.modes,
                                 self.options.deadline).start()

    def supervise(self):
        """What a service manager does: a coordinator that refuses to start on a full disk is started again. Any other
        end that nobody brought about is a failure."""
        self.store.check()
        for process in self.nodes + self.banks:
            try:
                process.check()
            except EndedByItself as end:
                if process not in self.nodes or end.code != 1 or not self.disk.was_full_since(process.launched_at):
                    raise
                process.launch()

    def suffer(self):
        """Lets the faults happen until there were enough of them."""
        options, kills = self.options, [fault for fault in self.faults if isinstance(fault, faults.Kill)]
        end = time.monotonic() + (options.seconds or 60)
        events, number = [], 0
        for fault in self.faults:
            number += 1
            heapq.heappush(events, (time.monotonic() + self.chance.random() * fault.gap, number, fault, True))

        def enough():
            if options.restarts:
                return sum(fault.count for fault in kills) >= options.restarts
            # A store whose servers are slow to come together has had none of its faults yet.
            waits = options.scenario == "store" and any(fault.count == 0 for fault in self.faults)
            return time.monotonic() > end + (options.deadline if waits else 0)

        while not enough():
            self.supervise()
            if not events or events[0][0] > time.monotonic():
                time.sleep(0.005)
                continue
            when, _, fault, begins = heapq.heappop(events)
            duration = fault.begin(self.chance) if begins else fault.end()
            number += 1
            if begins and duration is not None:
                heapq.heappush(events, (time.monotonic() + duration, number, fault, False))
            else:
                pause = self.chance.expovariate(1 / fault.gap)
                heapq.heappush(events, (time.monotonic() + min(pause, 4 * fault.gap), number, fault, True))

    def heal(self):
        """All faults cease."""
        for fault in self.faults:
            fault.end()
        for fault in self.faults:
            if isinstance(fault, faults.Clock):
                fault.put_right()
        for bank in self.banks:
            bank.make_trouble({})
        limit = time.monotonic() + self.options.deadline
        while not (self.store.is_whole() and all(process.is_up() for process in self.nodes + self.banks)):
            self.supervise()
            if time.monotonic() > limit:
                raise AssertionError("long after the faults not all processes answer, or the store is not whole:\n"
                                     + self.nodes[0].log_tail())
            time.sleep(0.05)

    def judge(self):
        urls = [node.url for node in self.nodes]
        self.workload.finish()
        settled, left, last = wait_for_ends(urls, self.options.deadline)
        accounts, problems = self.workload.ledgers()
        verdict = verify(urls, accounts, problems, [bank.file for bank in self.banks],
                         len(self.banks) * self.options.accounts * OPENING, left)
        for process in self.nodes + self.banks:
            process.check()
        if self.options.scenario == "store" and any(fault.count == 0 for fault in self.faults):
            verdict.add("a fault of the store never happened: the run proves nothing")
        if verdict.acknowledged == 0:
            verdict.add("nothing was acknowledged at all: the run proves nothing")
        return verdict, f"all ended {settled:.1f} s after them (last: {', '.join(last[:3]) or 'none'})"

    def report(self, verdict, settled, seconds):
        pulse = self.workload.pulse
        restarts = sum(node.starts - 1 for node in self.nodes)
        print(f"transactions by end: {verdict.ends}; never arrived: {verdict.unknown}; "
              f"acknowledgements: {verdict.acts}")
        print("faults: " + (", ".join(f"{fault.name} {fault.count}" for fault in self.faults) or "none")
              + f"; {settled}; the longest pause began at {pulse.when:.1f} s; {seconds:.0f} s in all")
        for line in verdict.problems[:60]:
            print("PROBLEM " + line)
        print(f"acknowledged {verdict.acknowledged}, lost {verdict.lost}, restarts {restarts}, "
              f"longest pause {pulse.longest:.1f} s")

    def close(self):
        for process in self.nodes + self.banks:
            process.kill()
        if self.workload:
            self.workload.close()
        self.store.stop()
        if self.tmpfs:
            faults.unmount(self.disk_folder)


def run(options, tmpfs):
    folder = tempfile.mkdtemp(prefix="dtmd-fault-", dir=options.folder)
    started = time.monotonic()
    world, good = World(options, folder, tmpfs), False
    try:
        world.start()
        world.suffer()
        world.heal()
        verdict, settled = world.judge()
        world.report(verdict, settled, time.monotonic() - started)
        good = not verdict.problems
    except (EndedByItself, AssertionError) as error:
        print(f"PROBLEM {error}")
    finally:
        world.close()
        if good and not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"left for you to look at: {folder}")
    seed = "" if "--seed" in sys.argv else f" --seed {options.seed}"
    print("ok" if good else f"FAILED; again: run.py {' '.join(sys.argv[1:])}{seed}")
    return 0 if good else 1


def main():
    options = options_of(sys.argv[1:])
    # A time-out of whoever runs us must not leave paused or orphaned processes.
    signal.signal(signal.SIGTERM, lambda *ignored: sys.exit(1))
    tmpfs = False
    fills_disk = options.scenario == "disk" or (options.scenario == "all" and options.store == "embedded")
    if fills_disk and options.disk != "limit":
        tmpfs = faults.enter_private_mounts()
        if not tmpfs and options.disk == "tmpfs":
            sys.exit("run.py: --disk tmpfs: mounting is not permitted here (unshare -rm failed)")
    if fills_disk:
        limit = "a limit of file sizes" + ("" if options.disk == "limit" else ": mounting is not permitted here")
        print("the disk gets full by " + ("a small tmpfs" if tmpfs else limit))
    print(f"scenario {options.scenario}, seed {options.seed}, store {options.store}, {options.nodes} coordinator(s), "
          f"{options.clients} clients", flush=True)
    return run(options, tmpfs)


if __name__ == "__main__":
    sys.exit(main())
