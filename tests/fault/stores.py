"""The stores that coordinators can be run on. To add one, derive from Store and enter it in STORES."""

import os


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

    def faults(self):
        """Faults of its own (faults.Fault), such as the restart of a server. For "store" and "all"."""
        return []


class Embedded(Store):
    """The embedded store, in `folder`, which may be a file system of its own."""

    def settings(self, node):
        # Little memory: small files, so that flushes and compactions take part.
        return {"Store": {"Driver": "rocksdb", "Path": os.path.join(self.folder, "store"), "MemoryMB": 8}}


STORES = {"embedded": Embedded}
