"""What a number of events a day needs: cores, partitions, replicas and storage of each part.

Usage: cost.py [--events 10M,1B,100B] [--measured FILE] [--ASSUMPTION VALUE …] [--markdown]
       cost.py --write    brings the tables of docs/cost.md up to date
       cost.py --check    ends with 1 where they are not

The measured figures are those of `make bench-e2e` (docs/cost.json): microseconds of CPU and bytes for an event. All
else is assumption, and may be set: `cost.py --help` lists them.
"""
import argparse
import dataclasses
import json
import math
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "cost.md"
DAY = 86_400
ROLES = ("collector", "worker", "aggregator")


@dataclasses.dataclass(frozen=True)
class Assumptions:
    """What is not measured here. Each is a flag of the command."""

    peak: float = dataclasses.field(default=3.0, metadata={"help": "the busiest second, as a multiple of the mean"})
    utilisation: float = dataclasses.field(default=0.5, metadata={"help": "share of a core that is used at peak"})
    cores_per_replica: float = dataclasses.field(default=2.0, metadata={"help": "cores of one pod"})
    aggregator_cores: float = dataclasses.field(
        default=2.0, metadata={"help": "cores that the aggregator of one database can use: it folds side by side, "
                                       "and merges alone"})
    minimum_replicas: int = dataclasses.field(default=2, metadata={"help": "of each role, to outlive one"})
    partition_mb_per_s: float = dataclasses.field(default=10.0, metadata={"help": "MB/s a partition takes at peak"})
    minimum_partitions: int = dataclasses.field(default=24, metadata={"help": "of user-events"})
    kafka_days: int = dataclasses.field(default=7, metadata={"help": "retention of the log"})
    kafka_copies: int = dataclasses.field(default=3, metadata={"help": "replication factor"})
    kafka_compression: float = dataclasses.field(
        default=0.35, metadata={"help": "bytes in the log for a byte of records, zstd"})
    raw_days: int = dataclasses.field(default=90, metadata={"help": "RAW_RETENTION_DAYS"})
    raw_copies: int = dataclasses.field(default=3, metadata={"help": "members of the replica set"})
    raw_compression: float = dataclasses.field(
        default=0.4, metadata={"help": "bytes on disk for a byte of BSON, WiredTiger with zstd"})
    raw_index_bytes: float = dataclasses.field(
        default=110.0, metadata={"help": "bytes of the four indexes for an event"})
    mongodb_us: float = dataclasses.field(
        default=60.0, metadata={"help": "microseconds of mongod for an event, all copies; not measured here"})
    kafka_us: float = dataclasses.field(
        default=3.0, metadata={"help": "microseconds of the brokers for an event, all copies; not measured here"})
    rollup_days: int = dataclasses.field(default=730, metadata={"help": "how long rollups are looked at"})
    rollup_bytes_per_visitor_day: float = dataclasses.field(
        default=30.0, metadata={"help": "bytes in PostgreSQL for a visitor and day, all dimensions"})
    events_per_visitor_day: float = dataclasses.field(default=10.0, metadata={"help": "events of a visitor in a day"})
    shard_events_per_s: float = dataclasses.field(
        default=20_000.0, metadata={"help": "inserts a second that one MongoDB shard is given at peak"})


@dataclasses.dataclass(frozen=True)
class Need:
    """What one load needs."""

    events: int
    mean: float
    peak: float
    partitions: int
    #: Databases of rollups that sources are divided between: each has one aggregator at work and one that waits.
    databases: int
    #: Cores at peak and replicas, by role.
    cores: dict[str, float]
    replicas: dict[str, int]
    kafka_cores: float
    mongodb_cores: float
    shards: int
    #: Bytes.
    kafka: float
    raw: float
    rollups: float


def need(events: int, measured: dict, assume: Assumptions) -> Need:
    """The formula. `measured["distributed"]`: `cpu_us` by role, `record_bytes` and `document_bytes` of an event."""
    figures = measured["distributed"]
    mean = events / DAY
    peak = mean * assume.peak
    cores = {role: peak * figures["cpu_us"][role] / 1e6 / assume.utilisation for role in ROLES}
    replicas = {
        role: max(assume.minimum_replicas, math.ceil(cores[role] / assume.cores_per_replica)) for role in ROLES}
    databases = max(1, math.ceil(cores["aggregator"] / assume.aggregator_cores))
    replicas["aggregator"] = databases * assume.minimum_replicas
    log_bytes = figures["record_bytes"] * assume.kafka_compression
    by_rate = math.ceil(peak * log_bytes / (assume.partition_mb_per_s * 1e6))
    # A partition has one worker at a time: at least as many partitions as workers.
    partitions = max(assume.minimum_partitions, by_rate, replicas["worker"])
    document = figures["document_bytes"] * assume.raw_compression + assume.raw_index_bytes
    visitors = events / assume.events_per_visitor_day
    return Need(
        events=events, mean=mean, peak=peak, partitions=partitions, databases=databases, cores=cores, replicas=replicas,
        kafka_cores=peak * assume.kafka_us / 1e6 / assume.utilisation,
        mongodb_cores=peak * assume.mongodb_us / 1e6 / assume.utilisation,
        shards=max(1, math.ceil(peak / assume.shard_events_per_s)),
        kafka=events * log_bytes * assume.kafka_days * assume.kafka_copies,
        raw=events * document * assume.raw_days * assume.raw_copies,
        rollups=visitors * assume.rollup_bytes_per_visitor_day * assume.rollup_days)


def embedded(events: int, measured: dict, assume: Assumptions) -> tuple[float, float, bool]:
    """Cores at peak and bytes of the directory for the embedded profile, and whether two cores do."""
    figures = measured["embedded"]
    cores = events / DAY * assume.peak * figures["cpu_us"] / 1e6 / assume.utilisation
    kept = figures["log_bytes"] * assume.kafka_days + figures["raw_bytes"] * assume.raw_days
    return cores, events * kept, cores <= 2


def count(number: float) -> str:
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:,.4g} {unit}"
    return f"{number:,.3g}"


def size(number: float) -> str:
    for unit_size, unit in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if number >= unit_size:
            return f"{number / unit_size:.3g} {unit}"
    return f"{number / 1e3:.3g} kB"


def parse_events(text: str) -> int:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kMB]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of events such as 500k, 10M or 1B")
    return int(float(match[1]) * {"": 1, "k": 10**3, "M": 10**6, "B": 10**9}[match[2]])


def table(loads: list[int], measured: dict, assume: Assumptions) -> str:
    needs = [need(events, measured, assume) for events in loads]
    rows = [("events a day", [count(one.events) for one in needs]),
            ("events a second, mean / peak", [f"{count(one.mean)} / {count(one.peak)}" for one in needs])]
    for role in ROLES:
        rows.append((f"{role}: cores, replicas", [f"{one.cores[role]:.3g}, {one.replicas[role]}" for one in needs]))
    rows += [("partitions of user-events", [str(one.partitions) for one in needs]),
             ("Kafka: cores, storage", [f"{one.kafka_cores:.3g}, {size(one.kafka)}" for one in needs]),
             ("MongoDB: cores, shards, storage",
              [f"{one.mongodb_cores:.3g}, {one.shards}, {size(one.raw)}" for one in needs]),
             ("PostgreSQL: databases, storage", [f"{one.databases}, {size(one.rollups)}" for one in needs])]
    small = [embedded(events, measured, assume) for events in loads]
    rows.append(("embedded instead: cores, storage",
                 [f"{cores:.3g}, {size(stored)}" if fits else "—" for cores, stored, fits in small]))
    lines = [f"| {rows[0][0]} | " + " | ".join(rows[0][1]) + " |", "|---|" + "---|" * len(loads)]
    lines += [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows[1:]]
    return "\n".join(lines)


def measured_table(measured: dict) -> str:
    far, near = measured["distributed"], measured["embedded"]
    lines = ["| for an event | distributed | embedded |", "|---|---|---|"]
    cpu = far["cpu_us"]
    lines.append("| CPU | " + ", ".join(f"{role} {cpu[role]:.1f} µs" for role in ROLES)
                 + f" | all of `serve` {near['cpu_us']:.1f} µs |")
    lines.append(f"| bytes | record in the log, uncompressed: {far['record_bytes']:.0f}; document, BSON: "
                 f"{far['document_bytes']:.0f} | log.db {near['log_bytes']:.0f}, raw.db {near['raw_bytes']:.0f}, "
                 f"rollups.db {near['rollup_bytes']:.0f} |")
    return "\n".join(lines)


def assumption_table(assume: Assumptions) -> str:
    lines = ["| flag | value | meaning |", "|---|---|---|"]
    lines += [f"| `--{field.name.replace('_', '-')}` | {getattr(assume, field.name):g} | {field.metadata['help']} |"
              for field in dataclasses.fields(Assumptions)]
    return "\n".join(lines)


def page(text: str, tables: dict[str, str]) -> str:
    """The page with its tables replaced: each stands between `<!-- name -->` and `<!-- end -->`."""
    for name, content in tables.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        if not re.search(pattern, text, re.DOTALL):
            raise SystemExit(f"{PAGE.name} has no table <!-- {name} -->")
        text = re.sub(pattern, lambda match: f"{match[1]}{content}\n{match[2]}", text, flags=re.DOTALL)
    return text


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", default="10M,1B,100B", help="loads with commas between")
    parser.add_argument("--measured", type=pathlib.Path, default=ROOT / "docs" / "cost.json")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    for field in dataclasses.fields(Assumptions):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default,
                            metavar="N", help=f"{field.metadata['help']} ({field.default:g})")
    options = parser.parse_args(arguments)
    try:
        loads = [parse_events(text) for text in options.events.split(",")]
    except argparse.ArgumentTypeError as error:
        parser.error(f"--events: {error}")
    values = {field.name: getattr(options, field.name) for field in dataclasses.fields(Assumptions)}
    if wrong := [name for name, value in values.items() if value <= 0]:
        parser.error(f"--{wrong[0].replace('_', '-')} must be more than 0")
    assume, measured = Assumptions(**values), json.loads(options.measured.read_text())
    if not (options.write or options.check):
        print(table(loads, measured, assume))
        return 0
    tables = {"needs": table(loads, measured, assume), "measured": measured_table(measured),
              "assumptions": assumption_table(assume), "machine": f"{measured['machine']}; load average {measured['load_average']:.0f}"}
    now = PAGE.read_text()
    right = page(now, tables)
    if options.check and right != now:
        print(f"{PAGE.name} is not what cost.py --write would make of docs/cost.json")
        return 1
    if options.write:
        PAGE.write_text(right)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
