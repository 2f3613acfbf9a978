"""dtmd bench against the real coordinator: each mode's load runs, and it tells what it should."""

import json
import os
import unittest

from harness import Case


class Bench(Case):
    def bench(self, node, *more):
        return self.run_dtmd("bench", "--server", f"http://127.0.0.1:{node.port}", "--warm-up", "0.1", "-d", "0.5",
                             "-c", "4", "--json", *more)

    def test_every_mode_runs_and_every_effect_is_there(self):
        node = self.dtmd().start()
        for mode in ("saga", "tcc", "msg", "xa", "workflow"):
            for more in ([], ["--watch"]):
                result = self.bench(node, "--mode", mode, *more)
                self.assertEqual(result.returncode, 0, f"{mode} {more}: {result.stdout} {result.stderr}")
                report = json.loads(result.stdout)
                self.assertGreater(report["transactions"], 0)
                self.assertEqual(report["complaints"], [])
                self.assertEqual(report["server_version"], "0.1.0")

    def over_grpc(self, node, *more, seconds="0.5"):
        return self.run_dtmd("bench", "--warm-up", "0.1", "-d", seconds, "-c", "4", "--json", "--server",
                             f"grpc://127.0.0.1:{node.grpc_port}", *more)

    def test_every_mode_runs_over_grpc(self):
        node = self.dtmd().start()
        for mode in ("saga", "tcc", "msg", "xa", "workflow"):
            for more in ([], ["--watch"]):
                result = self.over_grpc(node, "--mode", mode, *more)
                self.assertEqual(result.returncode, 0, f"{mode} {more}: {result.stdout} {result.stderr}")
                report = json.loads(result.stdout)
                self.assertGreater(report["transactions"], 0)
                self.assertEqual((report["load"]["protocol"], report["load"]["branch_protocol"]), ("grpc", "grpc"))

    def test_either_side_may_be_grpc(self):
        node = self.dtmd().start()
        for result in (self.bench(node, "--branch-protocol", "grpc", "--failures", "30"),
                       self.over_grpc(node, "--branch-protocol", "http", "--failures", "30"),
                       self.over_grpc(node, "--rate", "100", "--latency", "5", "--failures", "30")):
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            report = json.loads(result.stdout)
            self.assertGreater(report["transactions"], 0)
            self.assertEqual(report["complaints"], [])

    def test_an_outage_over_grpc_loses_nothing(self):
        node = self.dtmd(RetryInterval=1).start()
        result = self.over_grpc(node, "--rate", "100", "--outage-at", "0.3", "--outage-for", "0.5", seconds="2")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(json.loads(result.stdout)["complaints"], [])

    def test_nobody_there_is_one_clear_line_over_grpc(self):
        result = self.run_dtmd("bench", "--server", "grpc://127.0.0.1:1")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"^dtmd: grpc://127\.0\.0\.1:1 does not answer: .*\n$")

    def test_refused_sagas_are_undone_and_the_process_is_measured(self):
        node = self.dtmd().start()
        page = os.path.join(self.folder, "report.html")
        result = self.bench(node, "--failures", "50", "--rate", "200", "--branches", "5", "--pid",
                            str(node.process.pid), "--html-file", page)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        report = json.loads(result.stdout)
        self.assertGreater(report["undone"], 0)
        self.assertLess(report["undone"], report["transactions"])
        self.assertGreater(report["memory_mib"], 1)
        with open(page, encoding="utf-8") as file:
            self.assertIn("<!doctype html>", file.read(100))

    def test_nobody_there_is_one_clear_line(self):
        result = self.run_dtmd("bench", "--server", "http://127.0.0.1:1")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"^dtmd: http://127\.0\.0\.1:1 does not answer: .*\n$")

    def test_senseless_options_are_one_clear_line(self):
        result = self.run_dtmd("bench", "--mode", "sage")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr, "dtmd: --mode: expected saga, tcc, msg, xa or workflow, got 'sage'\n")


if __name__ == "__main__":
    unittest.main()
