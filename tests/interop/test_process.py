"""dtmd as a process: start, stop, signals, exit codes, and what it says when it can't run."""

import os
import signal
import time
import unittest

from harness import Case, eventually, saga


class Start(Case):
    def test_answers_soon_after_it_was_started(self):
        node = self.dtmd()
        begin = time.monotonic()
        node.start()
        took = time.monotonic() - begin
        self.assertEqual(node.get("/api/ping").json(), {"msg": "pong"})
        self.assertEqual(node.get("/api/health").status, 200)
        self.assertEqual(node.get("/api/dtmsvr/version").json(), {"version": "0.1.0"})
        gids = {node.get("/api/dtmsvr/newGid").json()["gid"] for _ in range(20)}
        self.assertEqual(len(gids), 20)
        self.assertIn("dtm_server_info", node.get("/api/metrics").body)
        self.assertIn("server.ready", node.log_text())
        self.assertLess(took, 5)  # 0.15 s when nothing else runs; the bench measures it.

    def test_health_asks_a_running_coordinator(self):
        node = self.dtmd().start()
        url = f"http://127.0.0.1:{node.port}"
        well = self.run_dtmd("health", "--server", url)
        self.assertEqual((well.returncode, well.stderr), (0, ""))
        node.end()
        away = self.run_dtmd("health", "--server", url)
        self.assertEqual(away.returncode, 1)
        self.assertIn("does not answer", away.stderr)

    def test_a_port_in_use_is_one_clear_line(self):
        first = self.dtmd("first").start()
        second = self.dtmd("second", HttpPort=first.port)
        result = self.run_dtmd("serve", "-c", second.config)
        self.assertEqual(result.returncode, 1)
        complaint = [line for line in result.stderr.splitlines() if line.startswith("dtmd: ")]
        self.assertEqual(len(complaint), 1, result.stderr)
        self.assertIn(str(first.port), complaint[0])
        self.assertEqual(first.get("/api/ping").status, 200)

    def test_a_store_in_use_is_one_clear_line(self):
        first = self.dtmd("first").start()
        second = self.dtmd("second", Store={"Path": os.path.join(first.folder, "store")})
        for arguments in ([], ["-r"]):
            result = self.run_dtmd("serve", "-c", second.config, *arguments)
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertRegex(result.stderr, r"(?m)^dtmd: .*is in use: another dtmd")
        self.assertEqual(first.get("/api/health").status, 200)

    def test_a_store_folder_that_can_not_be_is_one_clear_line(self):
        blocked = os.path.join(self.folder, "file")
        open(blocked, "w").close()
        node = self.dtmd(Store={"Path": os.path.join(blocked, "store")})
        result = self.run_dtmd("serve", "-c", node.config)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stderr, r"(?m)^dtmd: .*" + blocked)

    def test_authorities_that_can_not_be_read_are_one_clear_line(self):
        node = self.dtmd(Participants={"CaFile": "/nowhere/authorities.pem"})
        result = self.run_dtmd("serve", "-c", node.config)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stderr, r"(?m)^dtmd: .*CaFile.*/nowhere/authorities\.pem")

    def test_a_bad_configuration_names_file_and_line(self):
        config = os.path.join(self.folder, "bad.yml")
        with open(config, "w") as file:
            file.write("Host: 127.0.0.1\nHttpPort: abc\nRequestTimeout: -1\n")
        for command in ("serve", "check-config"):
            result = self.run_dtmd(command, "-c", config)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertRegex(result.stderr, r"bad\.yml:2:\d+: HttpPort: ")
            self.assertRegex(result.stderr, r"bad\.yml:3:\d+: RequestTimeout: ")
            self.assertEqual(result.stdout, "")

    def test_a_missing_configuration_file_is_named(self):
        result = self.run_dtmd("-c", os.path.join(self.folder, "none.yml"))
        self.assertEqual(result.returncode, 2)
        self.assertIn("none.yml", result.stderr)

    def test_check_config_prints_values_and_hides_secrets(self):
        config = os.path.join(self.folder, "good.yml")
        with open(config, "w") as file:
            file.write("HttpPort: 12345\nStore:\n  Password: hush\nRetrryInterval: 11\n")
        result = self.run_dtmd("check-config", "-c", config)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("12345", result.stdout)
        self.assertNotIn("hush", result.stdout + result.stderr)
        self.assertIn("RetrryInterval", result.stderr)

    def test_command_line(self):
        self.assertEqual(self.run_dtmd("-v").stdout, "dtmd version: 0.1.0\n")
        self.assertEqual(self.run_dtmd("version").stdout, "dtmd version: 0.1.0\n")
        unknown = self.run_dtmd("srve")
        self.assertEqual(unknown.returncode, 2)
        self.assertIn("did you mean 'serve'", unknown.stderr)
        self.assertEqual(unknown.stdout, "")

    def test_an_open_address_is_warned_about(self):
        open_node = self.dtmd(Host="0.0.0.0").start()
        self.assertIn("anyone who can reach this port", open_node.log_text())
        closed_node = self.dtmd("closed").start()
        self.assertNotIn("anyone who can reach this port", closed_node.log_text())


class Stop(Case):
    def test_both_signals_stop_in_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            node = self.dtmd(number.name).start()
            begin = time.monotonic()
            self.assertEqual(node.end(number), 0, node.log_text())
            self.assertLess(time.monotonic() - begin, 5)

    def test_an_interrupt_counts_also_where_a_shell_had_it_ignored(self):
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            node = self.dtmd().launch()
        finally:
            signal.signal(signal.SIGINT, before)
        node.wait_until_up()
        self.assertEqual(node.end(signal.SIGINT), 0, node.log_text())

    def test_hang_up_and_broken_pipes_are_ignored(self):
        node = self.dtmd().start()
        for number in (signal.SIGHUP, signal.SIGPIPE):
            node.process.send_signal(number)
        self.assertEqual(node.get("/api/ping").status, 200)
        self.assertEqual(node.end(), 0)

    def slow_call(self, **settings):
        """A node that waits for an answer a participant owes it for a long time."""
        service = self.participant()
        service.answers["/a"] = [lambda: (time.sleep(30), (200, ""))[1]]
        node = self.dtmd(RequestTimeout=60, **settings).start()
        self.assertEqual(node.post("submit", saga("slow", service, ["a"])).status, 200)
        eventually(lambda: service.calls, "the call is open")
        return node

    def test_a_stop_is_bounded(self):
        node = self.slow_call(Limits={"StopTimeout": 1})
        begin = time.monotonic()
        self.assertEqual(node.end(), 0, node.log_text())
        self.assertLess(time.monotonic() - begin, 6)

    def test_a_second_signal_ends_it_at_once(self):
        node = self.slow_call()
        node.process.send_signal(signal.SIGTERM)
        eventually(lambda: "server.stopping" in node.log_text(), "the stop has begun")
        begin = time.monotonic()
        self.assertEqual(node.end(signal.SIGTERM), 128 + signal.SIGTERM, node.log_text())
        self.assertLess(time.monotonic() - begin, 3)
        self.assertIn("server.cut", node.log_text())


class Restart(Case):
    def test_what_was_acknowledged_is_there_and_goes_on(self):
        service = self.participant()
        service.answers["/b"] = [(500, "not yet")]
        for way in ("stop", "kill"):
            with self.subTest(way):
                node = self.dtmd(way).start()
                gid = "over-" + way
                self.assertEqual(node.post("submit", saga(gid, service, ["a", "b"])).status, 200)
                eventually(lambda: "02 action" in service.ops(gid), "the second step was tried")
                if way == "stop":
                    self.assertEqual(node.end(), 0)
                else:
                    node.kill()
                service.answers["/b"] = [(200, "")]
                node.start()
                node.wait_for(gid, "succeed")
                self.assertEqual(service.ops(gid).count("01 action"), 1)
                service.answers["/b"] = [(500, "not yet")]

    def test_reset_forgets_everything_after_a_warning(self):
        service = self.participant()
        node = self.dtmd().start()
        node.post("submit", saga("gone", service, ["a"]))
        node.wait_for("gone", "succeed")
        self.assertEqual(node.end(), 0)
        node.start("-r")
        self.assertIsNone(node.get("/api/dtmsvr/query?gid=gone").json()["transaction"])
        self.assertRegex(node.log_text(), r"WARNING: -r removes all transactions in .*store")


if __name__ == "__main__":
    unittest.main()
