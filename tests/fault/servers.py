"""The servers of the stores as processes that can be killed, stopped and started again. Their data is in memory where
there is room (/dev/shm): killing a process loses nothing that it has written, so a disk would only be slower."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time

import databases
import redis_server
from harness import reserve_port
from processes import EndedByItself


def make_folder():
    memory = "/dev/shm"
    has_room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 31
    folder = tempfile.mkdtemp(prefix="dtmd-fault-store-", dir=memory if has_room else None)
    os.chmod(folder, 0o755)  # PostgreSQL runs as another user.
    return folder


class Managed:
    """What the faults need of a server, beside the classes of tests/interop."""

    last_signal = "KILL"  # What it gets when we end, however we end.
    wanted, is_frozen = False, False

    def command(self):
        return ["setpriv", "--pdeathsig", self.last_signal, *super().command()]

    def start(self):
        self.wanted = True
        return super().start()

    def launch(self):
        """Does not wait for anything."""
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, **self.identity())
        self.wanted = True

    def kill(self, number=signal.SIGKILL):
        self.wanted = False
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.thaw()
            self.process.wait(60)

    def freeze(self):
        self.is_frozen = True
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.is_frozen = False
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)

    def check(self):
        code = self.process.poll()
        if self.wanted and code is not None:
            with open(self.log, errors="replace") as file:
                raise EndedByItself(code, f"{self.log}: ended by itself with {code}:\n" + file.read()[-3000:])


class MariaDb(Managed, databases.MariaDb):
    """`original`: a stopped server, of whose data this one begins with a copy."""

    def __init__(self, folder, *settings, original=None):
        databases.Server.__init__(self, folder)
        self.settings, self.data = settings, os.path.join(folder, "data")
        own = os.path.join(folder, "tmp")
        os.makedirs(own)
        self.options = ["--no-defaults", f"--datadir={self.data}", f"--tmpdir={own}",
                        f"--user={pwd.getpwuid(os.getuid()).pw_name}"]
        if original:
            shutil.copytree(original.data, self.data)
        else:
            databases.run("mariadb-install-db", *self.options, "--auth-root-authentication-method=normal",
                          "--skip-test-db", "--innodb-log-file-size=16M")

    def command(self):
        return [*super().command(), "--skip-name-resolve", "--performance-schema=OFF", *self.settings]

    def grant(self):
        self.query("CREATE USER dtmd@'%%' IDENTIFIED BY 'dtmd'")
        self.query("GRANT SELECT,INSERT,UPDATE,DELETE,CREATE,ALTER,INDEX,DROP ON *.* TO dtmd@'%%'")

    def status(self, name):
        rows = self.query("SHOW GLOBAL STATUS LIKE %s", name)
        return rows[0][1] if rows else ""

    def replication(self):
        """What SHOW SLAVE STATUS says; empty: it is no replica."""
        connection = databases.pymysql.connect(unix_socket=f"{self.folder}/socket", user="root",
                                               cursorclass=databases.pymysql.cursors.DictCursor)
        with connection, connection.cursor() as cursor:
            cursor.execute("SHOW SLAVE STATUS")
            return cursor.fetchone() or {}

    def restore(self, template, source):
        """Begins anew with `template`'s data and what `source` has of dtm's tables."""
        shutil.rmtree(self.data)
        shutil.copytree(template.data, self.data)
        self.start()
        dump = subprocess.run(["mariadb-dump", f"--socket={source.folder}/socket", "--user=root", "--gtid",
                               "--single-transaction", "--master-data=1", "--databases", "dtm"], check=True,
                              capture_output=True)
        subprocess.run(["mariadb", f"--socket={self.folder}/socket", "--user=root"], check=True,
                       input=b"SET SESSION sql_log_bin = 0;\n" + dump.stdout)


class GaleraNode(MariaDb):
    """`group`: two ports for each node (group, transfers of state); `number`: which of them this one is."""

    def __init__(self, folder, group, number, original=None):
        self.group, self.number, self.bootstraps, self.position = group, number, original is None, None
        super().__init__(folder, original=original)

    def command(self):
        ports = self.group[self.number]
        others = [f"127.0.0.1:{member[0]}" for n, member in enumerate(self.group) if n != self.number]
        address = "" if self.bootstraps else ",".join(others)
        options = [f"base_host=127.0.0.1;base_port={ports[0]};gmcast.listen_addr=tcp://127.0.0.1:{ports[0]}",
                   f"ist.recv_addr=127.0.0.1:{ports[1]};gcache.size=128M;evs.keepalive_period=PT0.3S",
                   "evs.suspect_timeout=PT2S;evs.inactive_timeout=PT4S;gcache.recover=no"]
        words = [*super().command(), "--wsrep-on=ON", "--wsrep-provider=/usr/lib/galera/libgalera_smm.so",
                 "--wsrep-cluster-name=test", f"--wsrep-cluster-address=gcomm://{address}",
                 f"--wsrep-node-name=node{self.number}", "--wsrep-node-address=127.0.0.1",
                 f"--wsrep-node-incoming-address=127.0.0.1:{self.port}", "--wsrep-sst-method=mysqldump",
                 "--wsrep-sst-auth=root:", "--wsrep-provider-options=" + ";".join(options), "--binlog-format=ROW",
                 "--innodb-autoinc-lock-mode=2"]
        return words + ([f"--wsrep-start-position={self.position}"] if self.position else [])

    def launch(self):
        """Where it was when it was killed is in its log; from there it needs only what it has missed."""
        self.bootstraps, self.position = False, None
        said = subprocess.run([*self.command(), "--wsrep-recover"], capture_output=True, text=True)
        found = re.search(r"Recovered position:\s*(\S+:-?\d+)", said.stderr)
        self.position = found[1] if found else None
        super().launch()

    def is_whole(self):
        try:
            return self.status("wsrep_cluster_size") == str(len(self.group)) and (
                self.status("wsrep_local_state_comment") == "Synced")
        except databases.pymysql.MySQLError:
            return False


class Postgres(Managed, databases.Postgres):
    last_signal = "QUIT"

    def grant(self):
        self.query("CREATE ROLE dtmd LOGIN CREATEDB PASSWORD 'dtmd'")
        self.query("CREATE DATABASE dtm OWNER dtmd")

    def kill(self, number=signal.SIGKILL):
        """When the postmaster is killed its children end by themselves. Until then no new one may start."""
        children = self.children()
        super().kill(number)
        deadline = time.monotonic() + 20
        while any(os.path.exists(f"/proc/{pid}") for pid in children):
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.log}: processes of a killed server are left: {children}")
            time.sleep(0.01)

    def children(self):
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
                return file.read().split()
        except OSError:
            return []


class Redis(Managed, redis_server.Redis):
    def info(self):
        return dict(line.split(":", 1) for line in self.ask("INFO", "replication").splitlines() if ":" in line)


class Sentinel(Redis):
    def __init__(self, folder, primary, name):
        super().__init__(folder)
        self.name, self.file = name, os.path.join(folder, "sentinel.conf")
        with open(self.file, "w") as file:
            file.write(f"port {self.port}\nbind 127.0.0.1\ndir {folder}\n"
                       f"sentinel monitor {name} 127.0.0.1 {primary.port} 2\n"
                       f"sentinel down-after-milliseconds {name} 1000\n"
                       f"sentinel failover-timeout {name} 5000\n")

    def command(self):
        return ["setpriv", "--pdeathsig", "KILL", "redis-server", self.file, "--sentinel"]

    def primary_port(self):
        return int(self.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.name)[1])

    def sees(self, replicas, sentinels):
        said = self.ask("INFO", "sentinel")
        return f"status=ok,address=127.0.0.1:{self.primary_port()},slaves={replicas},sentinels={sentinels}" in said


def reserve_ports(count):
    return [reserve_port() for _ in range(count)]
