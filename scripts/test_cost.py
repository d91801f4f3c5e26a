"""Tests of cost.py: python3 scripts/test_cost.py"""
import contextlib
import dataclasses
import io
import json
import pathlib
import tempfile
import unittest

import cost

MEASURED = {
    "machine": "a machine", "load_average": 0.1,
    "distributed": {"cpu_us": {"collector": 10, "worker": 20, "aggregator": 2}, "record_bytes": 500,
                    "document_bytes": 600},
    "embedded": {"cpu_us": 40, "log_bytes": 400, "raw_bytes": 500, "rollup_bytes": 20},
}
PLAIN = dataclasses.replace(
    cost.Assumptions(), peak=2, utilisation=0.5, cores_per_replica=2, kafka_compression=0.5, raw_compression=0.5,
    raw_index_bytes=100, kafka_days=7, kafka_copies=3, raw_days=90, raw_copies=3)


class Formula(unittest.TestCase):
    def test_by_hand(self):
        # 86.4 M a day: 1,000 a second, 2,000 at peak.
        need = cost.need(86_400_000, MEASURED, PLAIN)
        self.assertAlmostEqual(need.mean, 1000)
        self.assertAlmostEqual(need.peak, 2000)
        self.assertAlmostEqual(need.cores["collector"], 2000 * 10e-6 / 0.5)
        self.assertEqual(need.replicas, {"collector": 2, "worker": 2, "aggregator": 2})
        self.assertAlmostEqual(need.kafka, 86_400_000 * 250 * 21)
        self.assertAlmostEqual(need.raw, 86_400_000 * 400 * 270)
        self.assertEqual(need.partitions, 24)

    def test_grows_with_the_load_and_never_below_the_least(self):
        small, large = (cost.need(events, MEASURED, PLAIN) for events in (1000, 100 * 10**9))
        self.assertEqual(small.replicas["worker"], PLAIN.minimum_replicas)
        self.assertEqual(large.replicas["worker"], 47)  # 2.3 M/s × 20 µs ÷ 0.5 = 92.6 cores, 2 a replica
        self.assertEqual(large.databases, 5)  # 2.3 M/s × 2 µs ÷ 0.5 = 9.3 cores, 2 a database
        self.assertEqual((small.databases, large.replicas["aggregator"]), (1, 10))
        self.assertGreaterEqual(large.partitions, large.replicas["worker"])
        self.assertAlmostEqual(large.raw / small.raw, 10**8)

    def test_an_assumption_changes_what_it_is_about_and_nothing_else(self):
        base = cost.need(10**9, MEASURED, PLAIN)
        longer = cost.need(10**9, MEASURED, dataclasses.replace(PLAIN, raw_days=180))
        self.assertAlmostEqual(longer.raw, 2 * base.raw)
        self.assertEqual(dataclasses.replace(longer, raw=base.raw), base)

    def test_the_embedded_profile_ends_where_two_cores_do(self):
        self.assertTrue(cost.embedded(10**7, MEASURED, PLAIN)[2])
        self.assertFalse(cost.embedded(2 * 10**9, MEASURED, PLAIN)[2])


class Command(unittest.TestCase):
    def run_with(self, *arguments):
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory) / "measured.json"
            file.write_text(json.dumps(MEASURED))
            out = io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                try:
                    status = cost.main(["--measured", str(file), *arguments])
                except SystemExit as end:
                    status = end.code
            return status, out.getvalue()

    def test_prints_a_table_for_the_loads_asked_for(self):
        status, text = self.run_with("--events", "5M,2B")
        self.assertEqual(status, 0)
        self.assertTrue(text.startswith("| events a day | 5 M | 2 B |"), text)

    def test_an_assumption_is_a_flag(self):
        self.assertNotEqual(self.run_with()[1], self.run_with("--raw-days", "30")[1])

    def test_what_is_wrong_is_told(self):
        for wrong in (["--events", "many"], ["--peak", "0"], ["--peak", "x"], ["--nothing", "1"]):
            self.assertEqual(self.run_with(*wrong)[0], 2, wrong)


class Page(unittest.TestCase):
    def test_tables_are_replaced_and_the_rest_stays(self):
        text = "a\n<!-- one -->\nold\n<!-- end -->\nb\n<!-- two -->\n<!-- end -->\n"
        self.assertEqual(
            cost.page(text, {"one": "new", "two": "x"}),
            "a\n<!-- one -->\nnew\n<!-- end -->\nb\n<!-- two -->\nx\n<!-- end -->\n")
        with self.assertRaises(SystemExit):
            cost.page("nothing", {"one": ""})


if __name__ == "__main__":
    unittest.main()
