"""Private etcd servers for tests: folders of their own, on 127.0.0.1, ended by their process."""

import os
import shutil
import signal
import subprocess
import tempfile

from harness import eventually, reserve_port

# In memory where there is room: an etcd on a busy disk loses its leader.
ROOM = "/dev/shm" if os.path.isdir("/dev/shm") else None


class Etcd:
    """One member, alone or of a cluster."""

    def __init__(self, name="alone"):
        self.name, self.client, self.peer = name, reserve_port(), reserve_port()
        self.folder = tempfile.mkdtemp(prefix="dtmd-etcd-", dir=ROOM)
        self.cluster = f"{name}=http://127.0.0.1:{self.peer}"
        self.process = None
        self.leases = []

    @property
    def address(self):
        return f"127.0.0.1:{self.client}"

    def launch(self):
        client, peer = f"http://{self.address}", f"http://127.0.0.1:{self.peer}"
        with open(os.path.join(self.folder, "log"), "a") as log:
            self.process = subprocess.Popen(
                ["etcd", "--name", self.name, "--data-dir", os.path.join(self.folder, "data"), "--listen-client-urls",
                 client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
                 "--initial-advertise-peer-urls", peer, "--initial-cluster", self.cluster], stdout=log, stderr=log)
        return self

    def wait_until_up(self):
        eventually(lambda: "is healthy" in self.ctl("endpoint", "health"), "etcd is up")
        return self

    def start(self):
        return self.launch().wait_until_up()

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def lose_data(self):
        shutil.rmtree(os.path.join(self.folder, "data"))

    def close(self):
        for lease in self.leases:
            lease.kill()
            lease.wait()
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ctl(self, *words):
        done = subprocess.run(["etcdctl", "--endpoints", self.address, *words], capture_output=True, text=True)
        return done.stdout + done.stderr

    def values(self, prefix):
        """Key and value of all that lies below it."""
        lines = self.ctl("get", "--prefix", prefix).splitlines()
        return dict(zip(lines[::2], lines[1::2]))

    def live(self, key, value, ttl=3):
        """As a service registers itself: under a lease that is kept alive until the process returned is killed."""
        lease = self.ctl("lease", "grant", str(ttl)).split()[1]
        self.ctl("put", key, value, "--lease", lease)
        self.leases.append(subprocess.Popen(["etcdctl", "--endpoints", self.address, "lease", "keep-alive", lease],
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return self.leases[-1]


def cluster_of_three():
    members = [Etcd(name) for name in ("m1", "m2", "m3")]
    cluster = ",".join(member.cluster for member in members)
    for member in members:
        member.cluster = cluster
        member.launch()
    for member in members:
        member.wait_until_up()
    return members
