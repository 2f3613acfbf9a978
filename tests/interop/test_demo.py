"""`dtmd demo` against a real coordinator, also while that is killed under it."""

import os
import subprocess
import unittest

from harness import BINARY, Case, reserve_port


class Demo(Case):
    def arguments(self, node):
        return ["demo", "--server", f"http://127.0.0.1:{node.port}"]

    def test_ends_with_the_money_right(self):
        node = self.dtmd().start()
        result = self.run_dtmd(*self.arguments(node))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        for word in ("saga", "TCC", "message", "Not enough money", "outage", "every account is as expected"):
            self.assertIn(word, result.stdout)
        self.assertNotIn("\033[", result.stdout, "no colour where nobody looks")

    def test_can_be_run_again_on_the_same_accounts(self):
        node = self.dtmd().start()
        data = os.path.join(self.folder, "bank")
        for _ in range(2):
            result = self.run_dtmd(*self.arguments(node), "--data", data)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(sorted(name for name in os.listdir(data) if name.endswith(".db")), ["north.db", "south.db"])

    def test_survives_the_coordinators_death(self):
        """Killed once in the middle of each kind of transfer, and restarted while the demo waits."""
        node = self.dtmd().start()
        demo = subprocess.Popen([BINARY, *self.arguments(node)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True)
        self.addCleanup(demo.wait)
        self.addCleanup(demo.kill)
        story, deaths = [], 0
        for line in demo.stdout:
            story.append(line)
            if line.startswith("  Transaction "):
                node.kill()
                node.start()
                deaths += 1
        self.assertEqual(demo.wait(60), 0, "".join(story))
        demo.stdout.close()
        self.assertEqual(deaths, 5)
        self.assertIn("every account is as expected", story[-1])

    def test_says_how_to_start_a_coordinator(self):
        result = self.run_dtmd("demo", "--server", f"http://127.0.0.1:{reserve_port()}")
        self.assertEqual(result.returncode, 1)
        self.assertIn("dtmd serve", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_refuses_an_address_it_can_not_use(self):
        result = self.run_dtmd("demo", "--server", "localhost")
        self.assertEqual(result.returncode, 2)
        self.assertIn("http://HOST:PORT", result.stderr)


if __name__ == "__main__":
    unittest.main()
