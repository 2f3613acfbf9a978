#!/usr/bin/env python3
"""What can be known of docker/ without running a container: the image has the libraries that dtmd links, and no others;
the compose files are whole, mount what exists, and configure dtmd by keys that it knows.

Usage: docker.py REPOSITORY DTMD
"""
import os
import pathlib
import re
import subprocess
import sys

import yaml

IN_EVERY_IMAGE = {"libc6", "libstdc++6", "libgcc-s1"}
NO_LIBRARIES = {"ca-certificates", "tzdata"}
PASSWORD = re.compile(r"\$\{(\w+)[^}]*\}")


def output(*command, **more):
    return subprocess.run([str(word) for word in command], check=True, text=True, capture_output=True, **more).stdout


def linked_packages(dtmd):
    """The Debian packages of the libraries that the binary itself names."""
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", dtmd))
    paths = dict(re.findall(r"^\s*(\S+) => (\S+)", output("ldd", dtmd), re.M))
    packages = set()
    for library in needed:
        path = pathlib.Path(paths.get(library, ""))
        if not path.is_absolute():
            continue  # The loader.
        # Debian's package lists have /lib or /usr/lib, whichever it was before the two became one.
        names = {str(path), str(path).removeprefix("/usr"), "/usr" + str(path)}
        owners = subprocess.run(["dpkg", "-S", *names], text=True, capture_output=True).stdout
        assert owners, f"no Debian package has {path}"
        packages.add(owners.split(":")[0])
    return packages - IN_EVERY_IMAGE


def check_image(root, dtmd):
    text = (root / "docker/Dockerfile").read_text()
    run_stage = text[text.rindex("\nFROM "):]
    listed = re.search(r"--no-install-recommends \\\n(.*?)&& rm", run_stage, re.S)[1].replace("\\", "").split()
    listed = set(listed) - NO_LIBRARIES
    linked = linked_packages(dtmd)
    for package in sorted(linked - listed):
        yield f"docker/Dockerfile: {package} is missing: dtmd links it"
    for package in sorted(listed - linked):
        yield f"docker/Dockerfile: {package} is not linked by dtmd"
    for source in re.findall(r"^COPY (?!--from)(\S+)", text, re.M):
        if not (root / source).exists():
            yield f"docker/Dockerfile: COPY {source}: there is no such thing"
    for command in re.findall(r'CMD \["dtmd", "(\w+)"\]', text):
        if subprocess.run([dtmd, command, "--help"], capture_output=True).returncode != 0:
            yield f"docker/Dockerfile: dtmd has no command '{command}'"


def check_environment(name, environment, dtmd):
    plain = {key: PASSWORD.sub("secret", value) for key, value in environment.items()}
    result = subprocess.run([dtmd, "check-config"], env=plain, text=True, capture_output=True)
    if result.returncode != 0 or result.stderr:
        yield f"{name}: {result.stderr.strip()}"
    driver = plain.get("STORE_DRIVER", "rocksdb")
    if f"Driver: {driver}" not in result.stdout:
        yield f"{name}: the store would not be {driver}"


def check_compose(root, file, dtmd):
    name = file.relative_to(root).as_posix()
    document = yaml.safe_load(file.read_text())
    volumes = set(document.get("volumes", {}))
    used = set()
    for service, about in document["services"].items():
        place = f"{name}: {service}"
        if "image" not in about and "build" not in about:
            yield f"{place}: neither image nor build"
        for volume in about.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                if not (file.parent / source).exists():
                    yield f"{place}: mounts {source}, which does not exist"
            elif source not in volumes:
                yield f"{place}: volume {source} is not declared"
            used.add(source)
        for port in about.get("ports", []):
            if not port.startswith("127.0.0.1:"):
                yield f"{place}: port {port} would be open to everyone"
        if service.startswith("dtmd"):
            yield from check_environment(place, about.get("environment", {}), dtmd)
            dockerfile = file.parent / about["build"]["context"] / about["build"]["dockerfile"]
            if not dockerfile.exists():
                yield f"{place}: no {dockerfile}"
        elif "healthcheck" not in about and "profiles" not in about:
            yield f"{place}: no health check"
    for volume in sorted(volumes - used):
        yield f"{name}: volume {volume} is not used"


def check(root, dtmd):
    yield from check_image(root, dtmd)
    files = sorted((root / "docker").glob("compose*.yml"))
    assert len(files) >= 4, "docker/ has lost its compose files"
    for file in files:
        yield from check_compose(root, file, dtmd)


if __name__ == "__main__":
    bad = list(check(pathlib.Path(sys.argv[1]), os.path.abspath(sys.argv[2])))
    print(*bad, sep="\n")
    print(f"{len(bad)} found")
    sys.exit(1 if bad else 0)
