"""A coordinator whose machine has a wrong clock, and whose store is not there yet to tell it the right one."""

import json
import shutil
import tempfile
import threading
import time
import unittest

from processes import Node, harness
from stores import STORES

WRONG = 6 * 3600


class ClockAtTheStart(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="dtmd-fault-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.store = STORES["redis"](self.folder)
        self.addCleanup(self.store.stop)
        self.store.start()
        self.node = Node("node0", self.folder, self.store, fake_clock=True)
        self.addCleanup(self.node.kill)
        self.service = harness.Participant()
        self.addCleanup(self.service.close)
        self.service.answers["/slow"] = [(425, "ONGOING")]

    def submit(self, gid):
        return harness.request(self.node.port, "POST", "/api/dtmsvr/submit", harness.saga(gid, self.service, ["slow"]))

    def test_nothing_is_stored_with_times_of_the_wrong_clock(self):
        redis = self.store.servers[0]
        redis.freeze()
        self.node.set_clock(WRONG)
        self.node.launch()
        self.node.wait_until_up()
        answers = []
        early = threading.Thread(target=lambda: answers.append(self.submit("early").status))
        early.start()
        early.join(1)
        redis.thaw()
        early.join(harness.PATIENCE)
        self.assertIn(answers, ([200], [503]))
        harness.eventually(lambda: self.submit("late").status == 200, "the store is back")
        harness.eventually(lambda: "01 action" in self.service.ops("late"), "it is driven")
        gids = redis.ask("ZRANGE", "{a}_u", 0, -1)
        self.assertIn("late", gids)
        limit = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + WRONG / 2))
        for gid in gids:
            self.assertLess(json.loads(redis.ask("GET", "{a}_g_" + gid))["create_time"], limit, gid)


if __name__ == "__main__":
    unittest.main()
