"""What goes wrong with a store's servers."""

import signal
import time

from faults import Fault


def wait_for(condition, what, limit=60.0):
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit:.0f} s: {what}")
        time.sleep(0.02)


class Restart(Fault):
    """A server is ended by one of `signals`, and started again after up to `longest` seconds."""

    name = "restart of a server"

    def __init__(self, servers, signals, gap, longest):
        super().__init__()
        self.servers, self.signals, self.gap, self.longest = servers, signals, gap, longest
        self.victim = None

    def begin(self, chance):
        victim = chance.choice(self.servers)
        if not victim.wanted or victim.is_frozen or not victim.is_up():
            return None
        self.victim = victim
        victim.kill(self.signals[self.count % len(self.signals)])
        self.count += 1
        return chance.random() * self.longest

    def end(self):
        if self.victim:
            self.victim.launch()
        self.victim = None


class Freeze(Fault):
    """SIGSTOP of a server, then SIGCONT: what it was sent meanwhile it does then."""

    name = "pause of a server"

    def __init__(self, servers, gap, longest):
        super().__init__()
        self.servers, self.gap, self.longest = servers, gap, longest
        self.stopped = None

    def begin(self, chance):
        victim = chance.choice(self.servers)
        if not victim.wanted or not victim.is_up():
            return None
        self.stopped = victim
        victim.freeze()
        self.count += 1
        return chance.uniform(self.longest / 3, self.longest)

    def end(self):
        if self.stopped:
            self.stopped.thaw()
        self.stopped = None


class KillMember(Restart):
    """kill -9 of one member of a whole cluster, which comes back for what it has missed."""

    name = "kill of a member"

    def __init__(self, store, gap, longest):
        super().__init__(store.servers, [signal.SIGKILL], gap, longest)
        self.store = store

    def begin(self, chance):
        return super().begin(chance) if self.store.is_whole() else None


class KillPrimary(Fault):
    """kill -9 of the primary of a whole store. It stays away until another has taken its place, and longer."""

    name = "kill of the primary"

    def __init__(self, store, gap, longest):
        super().__init__()
        self.store, self.gap, self.longest = store, gap, longest
        self.victim = None

    def begin(self, chance):
        if not self.store.is_whole():
            return None
        self.victim = self.store.primary()
        self.victim.kill()
        self.count += 1
        return chance.uniform(3.0, 3.0 + self.longest)

    def end(self):
        if self.victim:
            self.victim.launch()
        self.victim = None


class SwitchPair(Fault):
    """The replica becomes the primary: in turn because a person wants it, and because the primary was killed."""

    name = "switch to the replica"

    def __init__(self, store, gap, longest):
        super().__init__()
        self.store, self.gap, self.longest = store, gap, longest
        self.killed = None

    def begin(self, chance):
        """The servers' order says who is who: the first is the primary."""
        if not self.store.is_whole():
            return None
        old, new = self.store.servers
        if self.count % 2 == 0:
            old.query("SET GLOBAL read_only = ON")
        else:
            self.killed = old
            old.kill()
        self.count += 1
        self.promote(new)
        self.store.servers = [new, old]
        if not self.killed:
            old.query("SET GLOBAL gtid_slave_pos = @@gtid_binlog_pos")
            self.store.follow(old, new)
        return chance.random() * self.longest

    def promote(self, replica):
        if not self.killed:
            position = self.store.servers[0].query("SELECT @@gtid_binlog_pos")[0][0]
            replica.query("SELECT MASTER_GTID_WAIT(%s, 20)", position)
        else:
            replica.query("STOP SLAVE IO_THREAD")
            wait_for(lambda: replica.replication()["Slave_SQL_Running_State"].startswith("Slave has read all relay"),
                     "the replica has done what it was sent")
        replica.query("STOP SLAVE")
        replica.query("RESET SLAVE ALL")
        replica.query("SET GLOBAL read_only = OFF")

    def end(self):
        if self.killed:
            self.store.make_replica(self.killed)
        self.killed = None
