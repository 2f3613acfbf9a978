"""What scripts/bench/ makes of rows: tables, the page's parts, plots. The measuring itself needs minutes and is not tested."""

import os
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts", "bench"))

import cells  # noqa: E402
import matrix  # noqa: E402
import micro  # noqa: E402
import plots  # noqa: E402
import record  # noqa: E402
import scale  # noqa: E402
import tables  # noqa: E402

try:
    import matplotlib  # noqa: F401
    HAS_PLOTS = True
except ImportError:
    HAS_PLOTS = False


def row(**more):
    return {"store": "mysql", "mode": "saga", "connections": 32, "sync": 1, "protocol": "http", "load": "bench",
            "branches": 2, "per_second": 6543.2, "p50": 4.5, "p90": 6.0, "p99": 9.25, "p99.9": 12.0, "cpu_us": 101.4,
            "store_cpu_us": 99.6, "peak_mib": 44.2, "sync_us": 100.2, "sync_after_us": 3900.0, **more}


class Tables(unittest.TestCase):
    def test_every_line_has_all_columns(self):
        text = tables.table([row(), row(store="embedded", store_cpu_us=0.0), {"store": "redis", "failed": "no server"},
                             {"store": "memory", "failed": "it | ended"}, row(mode="tcc", load="wrk", p50=None, p99=None)])
        lines = text.splitlines()
        self.assertEqual({line.count("|") for line in lines}, {len(tables.COLUMNS) + 1})
        self.assertIn("6,543", lines[2])
        self.assertIn("100 to 3900", lines[2])
        self.assertIn("failed: no server", lines[4])
        self.assertIn("tcc (wrk)", lines[6])

    def test_the_scales_tables_take_their_rows_and_failures(self):
        for part, columns in scale.COLUMNS.items():
            more = {"filled": 1_000_000, "fill_rate": 7000.4, "waiting_mib": 60.0, "bytes_each": 103.2, "text": "all ended"}
            text = tables.table([row(**more), row(failed="no disk"), {"store": "redis", "failed": "gone"}], columns)
            self.assertIn("MariaDB", text, part)
            self.assertEqual(len({len(line.split("|")) for line in text.splitlines()}), 1, part)

    def test_names_of_microbenchmarks_are_read(self):
        self.assertEqual(micro.title("txn/decide once, saga of/2"), "txn: decide once, saga of 2")
        self.assertEqual(micro.title("group commit/there and back, at once/256/real_time"),
                         "group commit: there and back, at once 256")
        self.assertEqual(micro.title("due queue/take, among/1000000/iterations:1000000"), "due queue: take, among 1,000,000")
        self.assertEqual([micro.span(value, "ns") for value in (12, 1_234, 2_500_000)], ["12 ns", "1.23 us", "2.5 ms"])


class Matrix(unittest.TestCase):
    def test_without_options_it_is_the_whole_one_in_under_twelve_minutes(self):
        options = matrix.parse([])
        self.assertTrue(matrix.is_default(options))
        whole = list(matrix.default_matrix(options))
        self.assertEqual({cell.store for cell in whole}, set(matrix.stores.NAMES))
        self.assertEqual({cell.mode for cell in whole}, set(cells.MODES))
        self.assertEqual({cell.protocol for cell in whole}, {"http", "grpc"})
        of_its_own = 2.5  # s, of starting and ending what a cell needs.
        self.assertLess(sum(cell.seconds + cell.warm_up + of_its_own for cell in whole), 12 * 60)

    def test_single_cells_are_what_was_asked_for(self):
        options = matrix.parse("--store mysql --mode saga --mode tcc -c 32 -c 64 --sync 0 -d 10".split())
        self.assertFalse(matrix.is_default(options))
        chosen = list(matrix.chosen_matrix(options))
        self.assertEqual([(cell.mode, cell.connections) for cell in chosen],
                         [("saga", 32), ("saga", 64), ("tcc", 32), ("tcc", 64)])
        self.assertEqual({(cell.store, cell.sync, cell.seconds) for cell in chosen}, {("mysql", 0, 10.0)})


class Record(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_only_the_part_between_the_marks_is_replaced(self):
        page = os.path.join(self.folder, "page.md")
        with open(page, "w") as file:
            file.write("# A\n<!-- begin: written by x -->\nold\n<!-- end -->\nafter\n<!-- begin: written by y -->\n<!-- end -->\n")
        old, record.PAGE = record.PAGE, page
        self.addCleanup(setattr, record, "PAGE", old)
        for text in ("new", "newer"):
            record.write_part("x", text)
        with open(page) as file:
            self.assertEqual(file.read(), "# A\n<!-- begin: written by x -->\n\nnewer\n\n<!-- end -->\nafter\n"
                                          "<!-- begin: written by y -->\n<!-- end -->\n")
        with self.assertRaises(SystemExit):
            record.write_part("z", "text")

    def test_the_page_has_a_part_for_each_script(self):
        with open(os.path.join(ROOT, record.PAGE)) as file:
            page = file.read()
        for name in ("scripts/bench.sh", "scripts/bench/scale.sh", "scripts/bench/micro.sh"):
            self.assertEqual(page.count(f"<!-- begin: written by {name} -->"), 1, name)

    @unittest.skipUnless(HAS_PLOTS, "python3-matplotlib is not installed")
    def test_plots_are_small_and_always_the_same(self):
        rows = [row(store=store, mode=mode, sync=sync, connections=connections)
                for store in matrix.stores.NAMES for mode in ("saga", "tcc", "msg") for sync in (0, 1)
                for connections in (1, 32, 512)] + [row(store="redis", failed="x")]
        seen = []
        for _ in range(2):
            drawn = plots.draw_matrix(rows, self.folder)
            self.assertEqual(len(drawn), 3)
            texts = []
            for path, _ in drawn:
                with open(path, "rb") as file:
                    texts.append(file.read())
                self.assertLess(len(texts[-1]), 60_000)
            seen.append(texts)
        self.assertEqual(seen[0], seen[1])


if __name__ == "__main__":
    unittest.main()
