"""Fills a rollup file of the embedded profile with a year of visits: `fill_year.py rollups.db USERS`.

Each day 4 % of those who have been there come again, and as many new ones come as make up the number by the year's
end. Rows and sets are what the aggregator would have written: of `all`, and of two dimensions that a visitor never
changes. Each set lies in chunks by the high 16 bits.
"""

import datetime
import random
import sqlite3
import sys

from pyroaring import BitMap

FIRST, DAYS = datetime.date(2025, 1, 1), 365
SOURCE = "web"
DIMENSIONS = {"browser": ["Chrome", "Firefox", "Safari"], "country": ["DE", "FR"]}
SEED = 20250101


def number(day: datetime.date) -> int:
    """Days since 1970-01-01."""
    return (day - datetime.date(1970, 1, 1)).days


class Rollups:
    """The tables, as far as they are filled."""

    def __init__(self, path: str):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.execute("BEGIN")

    def add(self, granularity: str, period: int, dimension: str, value: str, visitors: BitMap):
        key = (granularity, dimension, value, SOURCE, period)
        self.db.execute("INSERT INTO rollup VALUES (?, ?, ?, ?, ?, ?, ?)", (*key, 3 * len(visitors), len(visitors)))
        made = self.db.execute(
            "INSERT INTO visitor_set (granularity, dimension, value, source, period) VALUES (?, ?, ?, ?, ?)", key)
        for chunk in range(visitors.max() >> 16, -1, -1) if visitors else ():
            part = visitors & BitMap(range(chunk << 16, (chunk + 1) << 16))
            if part:
                part.run_optimize()
                self.db.execute(
                    "INSERT INTO visitor_set_chunk VALUES (?, ?, ?)", (made.lastrowid, chunk, part.serialize()))

    def finish(self, firsts: list[int]):
        """The visitors, by number, and the state."""
        self.db.execute("INSERT INTO rollup_source VALUES (?)", (SOURCE,))
        self.db.execute("INSERT INTO visitor_counter VALUES (?, ?)", (SOURCE, len(firsts)))
        self.db.executemany(
            "INSERT INTO visitor VALUES (?, ?, ?, ?)",
            ((SOURCE, index.to_bytes(16, "big"), index, day) for index, day in enumerate(firsts)))
        self.db.execute("INSERT INTO new_visitors SELECT source, first_day, count(*) FROM visitor GROUP BY 1, 2")
        self.db.execute("UPDATE rollup_state SET revision = 1, complete_through = 1767225600000")
        self.db.execute("COMMIT")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def main(path: str, users: int):
    draw = random.Random(SEED)
    rollups, firsts, seen = Rollups(path), [], 0
    of_value = {
        (dimension, value): BitMap(range(index, users, len(values)))
        for dimension, values in DIMENSIONS.items() for index, value in enumerate(values)}
    week = BitMap()
    for index in range(DAYS):
        day = number(FIRST + datetime.timedelta(days=index))
        until = users * (index + 1) // DAYS
        visitors = BitMap(range(seen, until)) | BitMap(draw.sample(range(seen), seen // 25))
        firsts += [day] * (until - seen)
        seen = until
        week |= visitors
        periods = [("day", day, visitors)]
        if (day + 4) % 7 == 0 or index == DAYS - 1:  # Sunday: 1970-01-01 was a Thursday.
            periods.append(("week", day - (day + 3) % 7, week))
            week = BitMap()
        for granularity, period, who in periods:
            rollups.add(granularity, period, "all", "", who)
            for (dimension, value), having in of_value.items():
                if met := who & having:
                    rollups.add(granularity, period, dimension, value, met)
    rollups.finish(firsts)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
