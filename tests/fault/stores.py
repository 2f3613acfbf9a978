"""The stores that coordinators can be run on. To add one, derive from Store and enter it in STORES."""

import os
import shutil
import signal

import servers
import store_faults


class Store:
    """What keeps the transactions. Made once per run; its servers, if it has any, are ours alone."""

    most_nodes = 1  # Coordinators that may share it.

    def __init__(self, folder):
        self.folder = folder

    def start(self):
        """Starts its servers and waits for them."""

    def stop(self):
        """Ends what start() began, by process id."""

    def settings(self, node):
        """The coordinator's configuration, as far as it is about the store, for the node of that name."""
        raise NotImplementedError

    def faults(self, gap, longest):
        """Faults of its own (faults.Fault), such as the restart of a server. For "store" and "all"."""
        return []

    def check(self):
        """Raises if a server has ended by itself."""

    def is_whole(self):
        """Whether all its servers work together again, after the faults."""
        return True


class Embedded(Store):
    """The embedded store, in `folder`, which may be a file system of its own."""

    def settings(self, node):
        # Little memory: small files, so that flushes and compactions take part.
        return {"Store": {"Driver": "rocksdb", "Path": os.path.join(self.folder, "store"), "MemoryMB": 8}}


class ServerStore(Store):
    """A store whose servers are `self.servers`, begun by add(). Their logs are left in `folder` when it is stopped."""

    most_nodes = 3
    driver = ""

    def __init__(self, folder):
        super().__init__(folder)
        self.place, self.servers = servers.make_folder(), []

    def subfolder(self, name):
        path = os.path.join(self.place, name)
        os.makedirs(path)
        return path

    def stop(self):
        for server in self.servers:
            server.kill()
            name = os.path.basename(server.folder)
            if os.path.exists(server.log):
                shutil.copy(server.log, os.path.join(self.folder, name + ".log"))
        shutil.rmtree(self.place, ignore_errors=True)

    def settings(self, node):
        return {"Store": {"Driver": self.driver, "Host": ",".join(f"127.0.0.1:{port}" for port in self.ports(node)),
                          "User": "dtmd", "Password": "dtmd", "Timeout": 3, "RequireDurable": True}}

    def ports(self, node):
        return [server.port for server in self.servers]

    def check(self):
        for server in self.servers:
            server.check()

    def is_whole(self):
        return all(server.is_up() for server in self.servers)


class MySql(ServerStore):
    """One MariaDB."""

    driver = "mysql"

    def start(self):
        self.servers = [servers.MariaDb(self.subfolder("mariadb"))]
        self.servers[0].start().grant()

    def faults(self, gap, longest):
        signals = [signal.SIGTERM, signal.SIGKILL]
        return [store_faults.Restart(self.servers, signals, 6 * gap, longest / 3),
                store_faults.Freeze(self.servers, 12 * gap, longest)]


class MySqlPair(ServerStore):
    """A primary, the first of its servers, and its semi-synchronous replica. Switches change their places."""

    driver = "mysql"
    OPTIONS = ["--log-bin", "--log-slave-updates", "--sync-binlog=1", "--gtid-strict-mode", "--skip-slave-start",
               "--rpl-semi-sync-master-enabled", "--rpl-semi-sync-slave-enabled",
               "--rpl-semi-sync-master-timeout=600000", "--rpl-semi-sync-master-wait-point=AFTER_SYNC",
               "--rpl-semi-sync-master-wait-no-slave=OFF"]

    def start(self):
        self.template = servers.MariaDb(self.subfolder("template"))
        self.template.start().grant()
        self.template.kill(signal.SIGTERM)
        self.servers = [servers.MariaDb(self.subfolder(f"mariadb{n}"), *self.OPTIONS, f"--server-id={n}", "--read-only",
                                        original=self.template) for n in (1, 2)]
        for server in self.servers:
            server.start()
        self.servers[0].query("SET GLOBAL read_only = OFF")
        self.follow(self.servers[1], self.servers[0])
        store_faults.wait_for(self.is_whole, "a primary and its replica")

    @staticmethod
    def follow(replica, primary):
        replica.query(f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.port}, MASTER_USER='root', "
                      "MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos")
        replica.query("START SLAVE")

    def make_replica(self, server):
        """One that was killed may have what nobody else has, so it begins anew."""
        server.restore(self.template, self.servers[0])
        self.follow(server, self.servers[0])

    def ports(self, node):
        return sorted(server.port for server in self.servers)

    def faults(self, gap, longest):
        return [store_faults.SwitchPair(self, 10 * gap, longest)]

    def is_whole(self):
        """Whether each change waits for the replica, which has all."""
        primary, replica = self.servers
        return (primary.status("Rpl_semi_sync_master_status") == "ON" and
                primary.status("Rpl_semi_sync_master_clients") == "1" and
                replica.replication().get("Seconds_Behind_Master") is not None)


class Galera(ServerStore):
    """Three nodes, all of which take changes; each coordinator has another one first in its list."""

    driver = "mysql"

    def start(self):
        ports = servers.reserve_ports(6)
        group = [ports[n:n + 2] for n in (0, 2, 4)]
        first = servers.GaleraNode(self.subfolder("galera0"), group, 0)
        first.start()
        first.grant()
        first.kill(signal.SIGTERM)  # The others begin as copies, so that none has to be sent all the data.
        self.servers = [first] + [servers.GaleraNode(self.subfolder(f"galera{n}"), group, n, first) for n in (1, 2)]
        for server in self.servers:
            server.start()
        store_faults.wait_for(self.is_whole, "a Galera cluster of three")

    def ports(self, node):
        first = int(node[-1])
        return [self.servers[(first + n) % 3].port for n in range(3)]

    def faults(self, gap, longest):
        return [store_faults.KillMember(self, 8 * gap, longest)]

    def is_whole(self):
        return all(server.is_whole() for server in self.servers)


class Postgres(ServerStore):
    """One PostgreSQL."""

    driver = "postgres"

    def start(self):
        self.servers = [servers.Postgres(self.subfolder("postgres"))]
        self.servers[0].start().grant()

    def faults(self, gap, longest):
        signals = [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL]  # Fast, immediate, killed.
        return [store_faults.Restart(self.servers, signals, 6 * gap, longest / 3)]


class Redis(ServerStore):
    """One Redis that syncs each write."""

    driver = "redis"
    sync = "always"

    def options(self):
        return ["--appendonly", "yes", "--appendfsync", self.sync]

    def start(self):
        self.servers = [servers.Redis(self.subfolder("redis"), *self.options()).start()]

    def settings(self, node):
        store = super().settings(node)["Store"]
        return {"Store": {**store, "User": "", "Password": ""}}

    def faults(self, gap, longest):
        signals = [signal.SIGTERM, signal.SIGKILL]
        return [store_faults.Restart(self.servers, signals, 6 * gap, longest / 3),
                store_faults.Freeze(self.servers, 12 * gap, longest)]


class RedisEverySecond(Redis):
    """One Redis that syncs each second, its default. Killing it leaves the kernel's cache alone."""

    sync = "everysec"


class RedisSentinel(Redis):
    """A primary with two replicas, of which one must have each write, and three sentinels."""

    def start(self):
        primary = servers.Redis(self.subfolder("redis0"), *self.options()).start()
        follow = ["--replicaof", f"127.0.0.1 {primary.port}"]
        replicas = [servers.Redis(self.subfolder(f"redis{n}"), *self.options(), *follow).start() for n in (1, 2)]
        self.redises = [primary, *replicas]
        self.sentinels = [servers.Sentinel(self.subfolder(f"sentinel{n}"), primary, "bank").start() for n in range(3)]
        self.servers = [*self.redises, *self.sentinels]
        store_faults.wait_for(self.is_whole, "a primary, two replicas and three sentinels that know each other")

    def settings(self, node):
        store = super().settings(node)["Store"]
        return {"Store": {**store, "RedisSentinel": "bank", "RedisWaitReplicas": 1, "Timeout": 2}}

    def ports(self, node):
        return [sentinel.port for sentinel in self.sentinels]

    def primary(self):
        port = self.sentinels[0].primary_port()
        return next(redis for redis in self.redises if redis.port == port)

    def faults(self, gap, longest):
        return [store_faults.KillPrimary(self, 10 * gap, longest)]

    def is_whole(self):
        """All follow the primary that all sentinels name."""
        try:
            port = self.primary().port
            return all(sentinel.primary_port() == port and sentinel.sees(2, 3) for sentinel in self.sentinels) and (
                self.primary().info().get("connected_slaves") == "2" and all(
                    redis.port == port or redis.info().get("master_link_status") == "up" for redis in self.redises))
        except (OSError, servers.redis_server.RedisError):
            return False


class RedisCluster(Redis):
    """Three primaries with one replica each, in the layout that uses all of them."""

    OPTIONS = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-require-full-coverage", "no",
               "--cluster-allow-replica-migration", "no"]

    def start(self):
        for n, bus in enumerate(servers.reserve_ports(6)):
            options = [*self.options(), *self.OPTIONS, "--cluster-port", str(bus)]
            self.servers.append(servers.Redis(self.subfolder(f"redis{n}"), *options).start())
        for n, (first, last) in enumerate(((0, 5460), (5461, 10922), (10923, 16383))):
            self.servers[n].ask("CLUSTER", "ADDSLOTSRANGE", first, last)
        for server in self.servers[1:]:
            server.ask("CLUSTER", "MEET", "127.0.0.1", self.servers[0].port,
                       self.servers[0].settings[-1])
        ids = [server.ask("CLUSTER", "MYID") for server in self.servers]
        for n, server in enumerate(self.servers[3:]):
            store_faults.wait_for(lambda: ids[n] in server.ask("CLUSTER", "NODES"), "a cluster's nodes that meet")
            server.ask("CLUSTER", "REPLICATE", ids[n])
        store_faults.wait_for(self.is_whole, "a cluster of three primaries with a replica each")

    def settings(self, node):
        store = super().settings(node)["Store"]
        return {"Store": {**store, "RedisLayout": "spread", "RedisWaitReplicas": 1, "Timeout": 2}}

    def primary(self):
        return next(server for server in self.servers if server.info()["role"] == "master")

    def faults(self, gap, longest):
        return [store_faults.KillPrimary(self, 10 * gap, longest)]

    def is_whole(self):
        try:
            infos = [server.info() for server in self.servers]
            states = [server.ask("CLUSTER", "INFO") for server in self.servers]
        except (OSError, servers.redis_server.RedisError):
            return False
        return all("cluster_state:ok" in state and "cluster_slots_ok:16384" in state for state in states) and all(
            info["connected_slaves"] == "1" if info["role"] == "master" else info["master_link_status"] == "up"
            for info in infos)


STORES = {"embedded": Embedded, "mysql": MySql, "mysql-pair": MySqlPair, "galera": Galera, "postgres": Postgres,
          "redis": Redis, "redis-everysec": RedisEverySecond, "sentinel": RedisSentinel, "cluster": RedisCluster}
