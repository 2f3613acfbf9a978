"""Services by name, and dtmd's own entry in a registry, on real etcd."""

import json
import os
import signal
import subprocess
import sys
import threading
import unittest

from etcd import Etcd, cluster_of_three
from harness import Case, eventually, reserve_port, saga
from test_grpc import Branches

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples/discovery/find_dtmd.py")
TTL = 10  # s, of dtmd's own entries.


class DiscoveryCase(Case):
    def etcd(self):
        server = Etcd()
        self.addCleanup(server.close)
        return server.start()

    def instance(self, etcd, key="order", **more):
        """A service of its own that has registered itself, as go-zero does."""
        service = self.participant()
        service.lease = etcd.live(f"{key}/{service.port}", f"127.0.0.1:{service.port}", **more)
        return service

    def run_saga(self, node, address, **options):
        self.sagas = getattr(self, "sagas", 0) + 1
        steps = [{"action": address, "compensate": address}]
        return node.post("submit", {"gid": f"s{self.sagas}", "trans_type": "saga", "steps": steps, "wait_result": True,
                                    "retry_interval": 1, "payloads": ["{}"], **options})

    def reaches(self, node, address, *services):
        """Sagas go to each of these services in turn, and to none else, after a while."""
        def all_were_called():
            before = [len(one.calls) for one in services]
            for _ in services:
                self.assertEqual(self.run_saga(node, address).status, 200)
            return [len(one.calls) for one in services] == [count + 1 for count in before]
        eventually(all_were_called, f"each of {len(services)} instances gets its share")


class Calls(DiscoveryCase):
    def setUp(self):
        super().setUp()
        self.registry = self.etcd()
        self.address = f"etcd://{self.registry.address}/order/api/pay?x=1"
        self.node = self.dtmd(GrpcPort=-1, RetryInterval=1, MicroService={"Driver": "dtm-driver-gozero"}).start()

    def test_calls_follow_what_is_registered(self):
        first = self.instance(self.registry)
        self.reaches(self.node, self.address, first)
        self.assertEqual(first.calls[0]["path"], "/api/pay")
        self.assertEqual(first.calls[0]["query"]["x"], "1")
        self.assertEqual(first.calls[0]["query"]["gid"], "s1")
        second = self.instance(self.registry)
        self.reaches(self.node, self.address, first, second)
        self.registry.ctl("del", f"order/{first.port}")
        self.reaches(self.node, self.address, second)

    def test_an_instance_that_dies_costs_no_transaction(self):
        first, second = self.instance(self.registry), self.instance(self.registry)
        self.reaches(self.node, self.address, first, second)
        first.close()  # Nobody listens any more, but the registry still knows it.
        for _ in range(20):
            self.assertEqual(self.run_saga(self.node, self.address).status, 200)
        first.lease.kill()
        eventually(lambda: f"order/{first.port}" not in self.registry.values("order/"), "its lease runs out")
        self.reaches(self.node, self.address, second)

    def test_a_service_without_instances_is_waited_for(self):
        answer = self.run_saga(self.node, self.address)
        self.assertNotEqual(answer.status, 200)
        error = eventually(lambda: self.node.transaction("s1")["branches"][1]["last_error"], "it has an error")
        self.assertIn(f"etcd://{self.registry.address}/order: no instance of the service can be called", error)
        self.instance(self.registry)
        self.node.wait_for("s1", "succeed")

    def test_etcd_down_then_up_then_empty(self):
        service = self.instance(self.registry, ttl=60)
        self.reaches(self.node, self.address, service)
        self.registry.kill()
        for _ in range(5):
            self.assertEqual(self.run_saga(self.node, self.address).status, 200, "its last addresses hold")
        self.registry.start()
        self.reaches(self.node, self.address, service)
        self.registry.kill()
        self.registry.lose_data()
        self.registry.start()
        eventually(lambda: self.run_saga(self.node, self.address).status != 200, "the service is forgotten")
        other = self.instance(self.registry)
        eventually(lambda: other.calls, "what was waiting goes to the new instance")

    def test_an_etcd_that_comes_late(self):
        self.registry.kill()
        self.assertNotEqual(self.run_saga(self.node, self.address).status, 200)
        self.assertIn("etcd can't be asked", self.node.transaction("s1")["branches"][1]["last_error"])
        self.registry.start()
        self.instance(self.registry)
        self.node.wait_for("s1", "succeed")

    def test_other_addresses_than_etcd(self):
        service, dead = self.participant(), reserve_port()
        for address in (f"dns://localhost:{service.port}/a", f"static://127.0.0.1:{dead},127.0.0.1:{service.port}/a"):
            for _ in range(3):
                self.assertEqual(self.run_saga(self.node, address).status, 200, address)
        self.assertEqual(len(service.calls), 6)
        refused = self.node.post("submit", saga("r", service, ["a"]) | {"steps": [{"action": "consul://h/order/a"}]})
        self.assertEqual(refused.status, 400)

    def test_a_grpc_instance_that_dies_costs_no_transaction(self):
        first, second = Branches(), Branches()
        self.addCleanup(second.close)
        for service in (first, second):
            self.registry.ctl("put", f"stock/{service.port}", f"127.0.0.1:{service.port}")
        address = f"etcd://{self.registry.address}/stock/busi.Busi/Take"
        for i in range(20):
            self.assertEqual(self.run_saga(self.node, address, protocol="grpc").status, 200)
            if i == 5:
                self.assertTrue(first.calls and second.calls)
                first.close()

    def test_branches_by_grpc_and_json_rpc(self):
        branches = Branches()
        self.addCleanup(branches.close)
        service = self.participant()
        self.registry.ctl("put", "stock/1", f"127.0.0.1:{branches.port}")
        self.registry.ctl("put", "order/1", f"127.0.0.1:{service.port}")
        by_name = f"etcd://{self.registry.address}"
        steps = [{"action": f"{by_name}/stock/busi.Busi/Take", "compensate": f"{by_name}/stock/busi.Busi/Give"},
                 {"action": f"{by_name}/order/rpc?method=pay", "compensate": f"{by_name}/order/rpc?method=refund"},
                 {"action": f"http+{by_name}/order/ship", "compensate": f"http+{by_name}/order/ship-undo"}]
        refused = (409, "")
        service.answers = {"/rpc": [(200, '{"result":null}')], "/ship": [refused, (200, "")]}
        answer = self.node.post("submit", {"gid": "mixed", "trans_type": "saga", "protocol": "json-rpc", "steps": steps,
                                           "payloads": ["{}", "{}", "{}"], "wait_result": True, "retry_interval": 1})
        self.assertEqual(answer.status, 409)
        self.node.wait_for("mixed", "failed")
        self.assertEqual([call["path"] for call in branches.calls], ["/busi.Busi/Take", "/busi.Busi/Give"])
        self.assertEqual([call["path"] for call in service.calls], ["/rpc", "/ship", "/ship-undo", "/rpc"])
        methods = [json.loads(call["body"])["method"] for call in service.calls if call["path"] == "/rpc"]
        self.assertEqual(methods, ["pay", "refund"])


class Cluster(DiscoveryCase):
    def test_three_members_lose_one_after_the_other(self):
        members = cluster_of_three()
        for member in members:
            self.addCleanup(member.close)
        everyone = ",".join(member.address for member in members)
        place = {"Driver": "dtm-driver-gozero", "Target": f"etcd://{everyone}/dtmservice", "EndPoint": "127.0.0.1:1"}
        node = self.dtmd(MicroService=place).start()
        services = [self.participant(), self.participant()]
        for service in services:
            members[2].ctl("put", f"order/{service.port}", f"127.0.0.1:{service.port}")
        address = f"etcd://{everyone}/order/pay"
        self.reaches(node, address, *services)
        eventually(lambda: members[0].values("dtmservice/"), "dtmd has registered itself")
        for i, member in enumerate(members):
            member.kill()
            for _ in range(30):
                self.assertEqual(self.run_saga(node, address).status, 200, "no transaction fails")
            other, added = members[(i + 1) % 3], self.participant()
            eventually(lambda: "OK" in other.ctl("put", f"order/{added.port}", f"127.0.0.1:{added.port}"), "two do")
            services.append(added)
            self.reaches(node, address, *services)
            self.assertTrue(other.values("dtmservice/"))
            member.start()


class Registered(DiscoveryCase):
    def places(self, etcd, driver="etcd"):
        """Settings that register both surfaces."""
        return {"MicroService": {"Driver": driver, "Target": f"etcd://{etcd}/dtm-grpc", "EndPoint": "127.0.0.1:36790"},
                "HttpMicroService": {"Driver": driver, "RegistryType": "etcd", "RegistryAddress": etcd,
                                     "Target": "dtm-http", "EndPoint": "127.0.0.1:36789"}}

    def start(self, etcd, driver="etcd"):
        node = self.dtmd(**self.places(etcd.address, driver)).start()
        eventually(lambda: len(self.entries(etcd)) == 2, "both surfaces are registered")
        return node

    def entries(self, etcd):
        return {key: value for key, value in etcd.values("").items() if "/dtm-" in "/" + key}

    def test_entries_are_those_of_the_driver(self):
        etcd = self.etcd()
        node = self.start(etcd)
        self.assertEqual(self.entries(etcd), {"/services/dtm-grpc/127.0.0.1:36790": "127.0.0.1:36790",
                                              "/services/dtm-http/127.0.0.1:36789": "127.0.0.1:36789"})
        self.assertEqual(node.end(), 0)
        self.assertEqual(self.entries(etcd), {})
        node = self.start(etcd, "dtm-driver-gozero")
        for key, value in self.entries(etcd).items():
            self.assertTrue(key.partition("/")[2].isdigit(), key)
            self.assertIn(value, ("127.0.0.1:36790", "127.0.0.1:36789"))
        self.assertEqual(node.end(), 0)
        self.start(etcd, "dtm-driver-kratos")
        values = [json.loads(value) for value in self.entries(etcd).values()]
        self.assertEqual(sorted(value["endpoints"][0] for value in values),
                         ["grpc://127.0.0.1:36790", "http://127.0.0.1:36789"])
        self.assertEqual(sorted(value["name"] for value in values), ["dtm-grpc", "dtm-http"])

    def test_a_clean_stop_withdraws_before_it_stops_serving(self):
        etcd, service = self.etcd(), self.participant()
        node = self.start(etcd)
        may_answer, called = threading.Event(), threading.Event()

        def slow():
            called.set()
            may_answer.wait(10)
            return 200, ""
        service.answers["/a"] = [slow]
        self.assertEqual(node.post("submit", saga("g", service, ["a"], request_timeout=20)).status, 200)
        called.wait(10)
        node.process.send_signal(signal.SIGTERM)
        eventually(lambda: not self.entries(etcd), "the entries are gone")
        self.assertIsNone(node.process.poll(), "and the process is still there")
        may_answer.set()
        self.assertEqual(node.process.wait(20), 0)

    def test_a_killed_node_vanishes(self):
        etcd = self.etcd()
        node = self.start(etcd)
        node.kill()
        self.assertEqual(len(self.entries(etcd)), 2)
        eventually(lambda: not self.entries(etcd), "the leases run out", TTL + 10)

    def test_what_etcd_has_lost_is_entered_again(self):
        etcd = self.etcd()
        self.start(etcd)
        etcd.ctl("del", "--prefix", "/services/dtm-http/")
        eventually(lambda: len(self.entries(etcd)) == 2, "the key is back", TTL + 10)
        for lease in etcd.ctl("lease", "list").split()[3:]:
            etcd.ctl("lease", "revoke", lease)
        eventually(lambda: len(self.entries(etcd)) == 2, "there are new leases", TTL + 10)
        etcd.kill()
        etcd.lose_data()
        etcd.start()
        eventually(lambda: len(self.entries(etcd)) == 2, "an empty etcd is filled", TTL + 10)

    def test_dtmd_serves_without_its_registry(self):
        etcd, service = self.etcd(), self.participant()
        etcd.kill()
        node = self.dtmd(**self.places(etcd.address)).start()
        self.assertEqual(node.post("submit", saga("g", service, ["a"], wait_result=True)).status, 200)
        self.assertEqual(node.log_text().count("registry.unreachable"), 2, "said once for each entry")
        etcd.start()
        eventually(lambda: len(self.entries(etcd)) == 2, "both are registered")
        etcd.kill()
        self.assertEqual(node.end(), 0, "an etcd that is down does not hold up the stop")

    def test_settings_that_cannot_work_end_the_start(self):
        rows = [({"MicroService": {"Driver": "etcd", "Target": "etcd://127.0.0.1:1", "EndPoint": "h:1"}},
                 "MicroService.Target: expected etcd://host:port/service"),
                ({"MicroService": {"Driver": "etcd", "Target": "etcd://127.0.0.1:1/s"}}, "MicroService.EndPoint: expected"),
                ({"HttpMicroService": {"RegistryOptions": "{"}}, "HttpMicroService.RegistryOptions: expected a JSON object")]
        for i, (settings, message) in enumerate(rows):
            node = self.dtmd(f"bad{i}", **settings).launch()
            self.assertEqual(node.process.wait(20), 1)
            self.assertIn(message, node.log_text())
        nacos = {"Driver": "dtm-driver-http", "RegistryType": "nacos", "RegistryAddress": "h:1", "Target": "x"}
        node = self.dtmd("nacos", HttpMicroService=nacos).start()
        self.assertIn("registers with etcd only", node.log_text())

    def test_the_example_finds_the_nodes(self):
        etcd = self.etcd()
        node = self.dtmd(HttpMicroService={**self.places(etcd.address)["HttpMicroService"], "EndPoint": "PLACE"})
        with open(node.config) as file:
            settings = file.read().replace("PLACE", f"127.0.0.1:{node.port}")
        with open(node.config, "w") as file:
            file.write(settings)
        example = subprocess.Popen([sys.executable, EXAMPLE, etcd.address, "dtm-http"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (example.kill(), example.wait(), example.stdout.close()))
        self.assertEqual(example.stdout.readline(), "nodes: none\n")
        node.start()
        self.assertEqual(example.stdout.readline(), f"nodes: 127.0.0.1:{node.port}\n")
        self.assertRegex(example.stdout.readline(), rf"^gid: \S+ from 127.0.0.1:{node.port}$")
        self.assertEqual(node.end(), 0)
        while (line := example.stdout.readline()) != "nodes: none\n":
            self.assertTrue(line.startswith("gid: "), line)


if __name__ == "__main__":
    unittest.main()
