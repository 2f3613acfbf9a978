#!/usr/bin/env python3
"""Plants the deliberate bugs of tests/simulation/mutations, one at a time, and asks the simulator to find each.

Usage: mutate.py BUILD [--only NUMBERS] [--seeds N] [--seconds N] [--jobs N] [--quick] [--record] [--apply-only]

BUILD is a build folder in which `dtmd_sim` is up to date. Nothing in the working tree is changed: the files that a
patch touches are copied below BUILD, patched there, compiled with the command lines of compile_commands.json, and linked
in front of the simulator's own. Ends with status 1 if a patch does not apply any more or a bug is not caught.

  --quick       only the patches that QUICK names, and few seeds; that all others still apply is checked as well
  --apply-only  only check that all patches apply
  --record      write the seeds that were found into seeds.json and docs/simulation-mutations.md
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PATCHES = ROOT / "tests/simulation/mutations"
SEEDS = PATCHES / "seeds.json"
PAGE = ROOT / "docs/simulation-mutations.md"
BEGIN, END = "<!-- begin: written by mutate.py --record -->", "<!-- end -->"
QUICK = ("01", "07", "08")
QUICK_SEEDS = 2000
SIMULATION_OBJECTS = "tests/simulation/CMakeFiles/dtmd_simulation.dir/"


class Broken(Exception):
    """What a developer has to mend before the bug can be looked for."""


class Mutation:
    def __init__(self, patch):
        self.patch = patch
        self.name = patch.stem
        self.number = self.name.split("-")[0]
        self.text = patch.read_text(encoding="utf-8")
        self.says = self.text.split("\n", 1)[0]
        self.files = re.findall(r"^\+\+\+ b/(\S+)", self.text, re.M)

    def apply(self, folder):
        """Patched copies of the touched files below `folder`."""
        shutil.rmtree(folder, ignore_errors=True)
        for file in self.files:
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, target)
        done = subprocess.run(["patch", "-p1", "--batch", "--forward", "--fuzz=1", "-i", str(self.patch)], cwd=folder,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise Broken(f"{self.name} does not apply any more; make it anew:\n{done.stdout}{done.stderr}")


class Build:
    def __init__(self, folder):
        self.folder = folder.resolve()
        self.binary = self.folder / "tests/simulation/dtmd_sim"
        if not self.binary.exists():
            raise Broken(f"{self.binary} does not exist: build the target dtmd_sim first")
        entries = json.loads((self.folder / "compile_commands.json").read_text())
        self.compilations = {entry["file"]: entry for entry in entries
                             if SIMULATION_OBJECTS in entry.get("output", entry["command"])}
        commands = subprocess.run(["ninja", "-C", str(self.folder), "-t", "commands", "dtmd_sim"], check=True,
                                  capture_output=True, text=True).stdout
        self.link = commands.strip().split("\n")[-1]

    def compile(self, source, mutated, out):
        entry = self.compilations.get(str(source))
        if entry is None:
            raise Broken(f"{source} is not compiled for the simulator: a patch can only change what is")
        command = shlex.split(entry["command"])
        command[command.index("-c") + 1] = str(mutated)
        command[command.index("-o") + 1] = str(out)
        for option in ("-MT", "-MF"):
            if option in command:
                at = command.index(option)
                del command[at:at + 2]
        command = [part for part in command if part != "-MD"] + ["-Wno-error"]
        done = subprocess.run(command, cwd=entry["directory"], capture_output=True, text=True)
        if done.returncode != 0:
            raise Broken(f"{mutated.name} does not compile with its bug in it:\n{done.stderr}")

    def simulator(self, mutation):
        """The path of a simulator that has the bug."""
        folder = self.folder / "mutations" / mutation.name
        mutation.apply(folder)
        objects = []
        for file in mutation.files:
            objects.append(folder / (pathlib.Path(file).stem + ".o"))
            self.compile(ROOT / file, folder / file, objects[-1])
        binary = folder / "dtmd_sim"
        # Before the library that has the right ones, so that those are not taken out of it.
        own = "tests/simulation/CMakeFiles/dtmd_sim.dir/main.cpp.o"
        if own not in self.link or "-o tests/simulation/dtmd_sim" not in self.link:
            raise Broken("the command that links dtmd_sim looks different from what mutate.py knows")
        link = self.link.replace(own, " ".join([own, *map(str, objects)]))
        link = link.replace("-o tests/simulation/dtmd_sim", f"-o {binary}")
        done = subprocess.run(link, shell=True, cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise Broken(f"{mutation.name} does not link; is dtmd_sim up to date?\n{done.stderr[-2000:]}")
        return binary


def simulate(binary, seeds, seconds):
    """(first seed that fails or None, how many were run, what it complains of)"""
    try:
        done = subprocess.run([binary, "--seeds", seeds], capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None, 0, f"no seed failed in {seconds} s"
    if done.returncode == 0:
        return None, 0, f"no seed of {seeds} failed"
    failed = re.search(r"^FAILED: seed (\d+) on (\w+)\n((?:  .*\n)*)", done.stdout, re.M)
    if not failed:
        return 0, 0, f"the simulator ended with status {done.returncode}: {done.stderr.strip()[-300:]}"
    first = int(seeds.split("-")[0])
    complaints = [line.strip() for line in failed[3].splitlines()]
    return int(failed[1]), int(failed[1]) - first + 1, f"{failed[2]}: {complaints[0] if complaints else '?'}"


def hunt(build, mutation, arguments, known):
    """What came of one mutation, as a dictionary."""
    began = time.monotonic()
    result = {"mutation": mutation, "seed": None, "took": 0}
    try:
        binary = build.simulator(mutation)
        seed = known.get(mutation.name, {}).get("seed")
        if arguments.quick and seed:
            result["seed"], _, result["complaint"] = simulate(binary, str(seed), arguments.seconds)
        # The seed's life may have become another one since: then it is looked for anew.
        if result["seed"] is None:
            result["seed"], result["took"], result["complaint"] = simulate(binary, f"1-{arguments.seeds}",
                                                                           arguments.seconds)
        if result["seed"]:
            clean, _, complaint = simulate(build.binary, str(result["seed"]), arguments.seconds)
            if clean is not None:
                raise Broken(f"seed {clean} fails without the bug as well: {complaint}")
        shutil.rmtree(binary.parent)
    except Broken as broken:
        result["broken"] = str(broken)
    result["seconds"] = time.monotonic() - began
    return result


def line_of(result):
    name = result["mutation"].name
    if "broken" in result:
        return f"BROKEN   {name}: {result['broken']}"
    if result["seed"] is None:
        return f"SURVIVED {name}: {result['complaint']}"
    return f"caught   {name}: by seed {result['seed']}" \
           f"{' after ' + str(result['took']) + ' lives' if result['took'] else ''}; {result['complaint']}"


def record(results):
    rows = ["| bug | what is wrong | seeds it took | the simulator says |", "|---|---|---|---|"]
    for result in results:
        says = re.sub(r"[|<>]", " ", result["complaint"])
        rows.append(f"| `{result['mutation'].name}` | {result['mutation'].says} | {result['took']} | {says} |")
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    PAGE.write_text(before + BEGIN + "\n" + "\n".join(rows) + "\n" + END + rest.split(END)[1], encoding="utf-8")
    SEEDS.write_text(json.dumps({result["mutation"].name: {"seed": result["seed"]} for result in results}, indent=1)
                     + "\n", encoding="utf-8")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--only", default="", help="numbers of patches, with commas")
    parser.add_argument("--seeds", type=int, default=20000)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 1) // 2))
    for option in ("quick", "record", "apply-only"):
        parser.add_argument("--" + option, action="store_true")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.seeds = QUICK_SEEDS
    return arguments


def main():
    arguments = parse_arguments()
    mutations = [Mutation(patch) for patch in sorted(PATCHES.glob("*.patch"))]
    failures = 0
    for mutation in mutations:
        try:
            mutation.apply(arguments.build.resolve() / "mutations" / "apply")
        except Broken as broken:
            failures += 1
            print(broken, flush=True)
    print(f"{len(mutations)} patches, {failures} of which do not apply", flush=True)
    if arguments.apply_only:
        return 1 if failures else 0
    wanted = QUICK if arguments.quick else tuple(filter(None, arguments.only.split(",")))
    chosen = [mutation for mutation in mutations if not wanted or mutation.number in wanted]
    build = Build(arguments.build)
    known = json.loads(SEEDS.read_text()) if SEEDS.exists() else {}
    results = []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for result in pool.map(lambda mutation: hunt(build, mutation, arguments, known), chosen):
            print(line_of(result), f"({result['seconds']:.0f} s)", flush=True)
            results.append(result)
    failures += sum(1 for result in results if "broken" in result or result["seed"] is None)
    if arguments.record and not failures and not wanted:
        record(results)
    print(f"{len(results)} bugs, {sum(1 for result in results if result['seed'] is not None)} caught")
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as stop:
        print(f"mutate.py: {stop}", file=sys.stderr)
        sys.exit(2)
