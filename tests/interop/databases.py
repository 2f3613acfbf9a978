"""Private MariaDB and PostgreSQL servers for the services in the tests: in a temporary folder, on a free port."""

import os
import pwd
import shutil
import signal
import subprocess

import psycopg2
import pymysql

from harness import eventually, reserve_port

POSTGRES = "/usr/lib/postgresql/15/bin"


def run(*command, **more):
    result = subprocess.run(command, text=True, capture_output=True, **more)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {result.stdout}{result.stderr}")


class Server:
    """A database server process. `start` after `kill` goes on with the same data."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, reserve_port(), None
        self.log = os.path.join(folder, "log")

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, **self.identity())
        eventually(self.is_up, f"{type(self).__name__} is up; its log is {self.log}", limit=60)
        return self

    def is_up(self):
        assert self.process.poll() is None, open(self.log).read()
        try:
            self.connect().close()
            return True
        except (pymysql.MySQLError, psycopg2.Error):
            return False

    def identity(self):
        return {}

    def kill(self, number=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)

    def query(self, sql, *values):
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()


class MariaDb(Server):
    def __init__(self, folder):
        super().__init__(folder)
        self.data = os.path.join(folder, "data")
        user = pwd.getpwuid(os.getuid()).pw_name
        # A server that starts clears away the temporary tables that it finds, also those of one beside it.
        own = os.path.join(folder, "tmp")
        os.mkdir(own)
        self.options = ["--no-defaults", f"--datadir={self.data}", f"--tmpdir={own}", f"--user={user}"]
        run("mariadb-install-db", *self.options, "--auth-root-authentication-method=normal", "--skip-test-db")

    def command(self):
        return ["/usr/sbin/mariadbd", *self.options, f"--port={self.port}", "--bind-address=127.0.0.1",
                f"--socket={self.folder}/socket", "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M",
                "--max-connections=50"]

    def connect(self):
        return pymysql.connect(unix_socket=f"{self.folder}/socket", user="root", autocommit=True)


class Postgres(Server):
    def __init__(self, folder):
        super().__init__(folder)
        self.data = os.path.join(folder, "data")
        os.mkdir(self.data)
        if os.getuid() == 0:  # It refuses to run as root.
            os.chmod(folder, 0o755)
            shutil.chown(self.data, "postgres", "postgres")
        run(f"{POSTGRES}/initdb", "-D", self.data, "-U", "bank", "-A", "trust", "--no-sync", **self.identity())

    def identity(self):
        return {"user": "postgres", "group": "postgres", "cwd": "/"} if os.getuid() == 0 else {}

    def command(self):
        return [f"{POSTGRES}/postgres", "-D", self.data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-c",
                "unix_socket_directories=", "-c", "max_prepared_transactions=50", "-c", "shared_buffers=16MB", "-c",
                "dynamic_shared_memory_type=mmap"]  # Else a kill -9 leaves shared memory behind.

    def connect(self):
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="bank", dbname="postgres")
        connection.autocommit = True
        return connection
