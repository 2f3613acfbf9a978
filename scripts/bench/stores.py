"""The stores that are measured, each started privately with the settings it has where people care for their data."""

import glob
import os
import pwd
import shutil
import subprocess

from processes import Failed, Process, free_port, run

NAMES = ("embedded", "memory", "mysql", "postgres", "redis")
TITLES = {"embedded": "embedded", "memory": "embedded, in memory", "mysql": "MariaDB", "postgres": "PostgreSQL",
          "redis": "Redis"}


def succeeds(*command):
    return subprocess.run(command, capture_output=True, timeout=20).returncode == 0


class Store:
    """Hands out fresh stores one after the other: `settings` of dtmd's for each. A context manager."""

    server = None  # A Process; none: dtmd keeps it itself.

    def __init__(self, folder):
        self.folder, self.count = folder, 0

    def fresh(self):
        """Forgets the last one."""
        self.count += 1
        return self._fresh()

    def cpu_seconds(self):
        return self.server.cpu_seconds() if self.server else 0.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.server:
            self.server.end()
        shutil.rmtree(self.folder, ignore_errors=True)


class Embedded(Store):
    version = settings_text = ""

    def _fresh(self):
        shutil.rmtree(self.path(), ignore_errors=True)
        return {"Driver": "rocksdb", "Path": self.path()}

    def path(self):
        return os.path.join(self.folder, "data")


class MariaDb(Store):
    settings_text = "innodb_flush_log_at_trx_commit=1, doublewrite on, no binary log"

    def __init__(self, folder):
        super().__init__(folder)
        self.port, self.socket = free_port(21_000), f"{folder}/socket"
        self.version = run("mariadbd", "--version").split("Ver ")[1].split()[0]
        # A server that starts clears away the temporary tables that it finds, also those of one beside it.
        own = f"{folder}/tmp"
        os.mkdir(own)
        user = pwd.getpwuid(os.getuid()).pw_name
        options = ["--no-defaults", f"--datadir={folder}/data", f"--tmpdir={own}", f"--user={user}"]
        run("mariadb-install-db", *options, "--auth-root-authentication-method=normal", "--skip-test-db")
        self.server = Process(
            ["mariadbd", *options, f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self.socket}",
             f"--pid-file={folder}/pid", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=1",
             "--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M", "--max-connections=200"],
            f"{folder}/log", lambda: succeeds("mariadb-admin", "--no-defaults", f"--socket={self.socket}",
                                              "--user=root", "ping"))
        self._run("CREATE USER dtmd@'%' IDENTIFIED BY 'dtmd'; GRANT ALL ON *.* TO dtmd@'%'")

    def _run(self, sql):
        run("mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "-e", sql)

    def _fresh(self):
        self._run(f"DROP DATABASE IF EXISTS dtm{self.count - 1}; CREATE DATABASE dtm{self.count}")
        return {"Driver": "mysql", "Host": "127.0.0.1", "Port": self.port, "User": "dtmd", "Password": "dtmd",
                "Db": f"dtm{self.count}"}


def newest_postgres():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
    if not found:
        raise Failed("PostgreSQL is not installed: scripts/install-packages.sh --bench")
    return found[-1]


class Postgres(Store):
    settings_text = "fsync on, synchronous_commit on, full_page_writes on"

    def __init__(self, folder):
        super().__init__(folder)
        self.port, self.programs = free_port(21_500), newest_postgres()
        self.version = run(f"{self.programs}/postgres", "--version").split()[2]
        data = f"{folder}/data"
        os.mkdir(data)
        self.identity = {}
        if os.getuid() == 0:  # It refuses to run as root.
            os.chmod(folder, 0o755)
            shutil.chown(data, "postgres", "postgres")
            self.identity = {"user": "postgres", "group": "postgres", "extra_groups": [], "cwd": "/"}
        run(f"{self.programs}/initdb", "-D", data, "-U", "dtmd", "-A", "trust", "--no-sync", **self.identity)
        self.server = Process(
            [f"{self.programs}/postgres", "-D", data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-c",
             "unix_socket_directories=", "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB"], f"{folder}/log",
            lambda: succeeds(f"{self.programs}/pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-q"),
            **self.identity)

    def _run(self, sql):
        run(f"{self.programs}/psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "dtmd", "-d", "postgres", "-q",
            "-c", sql)

    def _fresh(self):
        self._run(f"DROP DATABASE IF EXISTS dtm{self.count - 1} WITH (FORCE)")
        self._run(f"CREATE DATABASE dtm{self.count}")
        return {"Driver": "postgres", "Host": "127.0.0.1", "Port": self.port, "User": "dtmd", "Db": f"dtm{self.count}"}


class Redis(Store):
    settings_text = "appendonly yes, appendfsync everysec"

    def __init__(self, folder):
        super().__init__(folder)
        self.port = free_port(22_000)
        self.version = run("redis-server", "--version").split("v=")[1].split()[0]
        self.server = Process(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", folder, "--save", "",
             "--appendonly", "yes", "--appendfsync", "everysec"], f"{folder}/log",
            lambda: succeeds("redis-cli", "-p", str(self.port), "ping"))

    def _fresh(self):
        run("redis-cli", "-p", str(self.port), "FLUSHALL")
        return {"Driver": "redis", "Host": "127.0.0.1", "Port": self.port}


KINDS = {"embedded": Embedded, "memory": Embedded, "mysql": MariaDb, "postgres": Postgres, "redis": Redis}


def open_store(name, disk):
    """`disk`: the folder below which everything is put; `memory` goes to where a sync costs nothing."""
    below = "/dev/shm" if name == "memory" else disk
    folder = os.path.join(below, f"dtmd-bench-{os.getpid()}-{name}")
    os.makedirs(folder)
    try:
        return KINDS[name](folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
