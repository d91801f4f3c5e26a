"""Has DuckDB count events, one JSON object a line: each eventId once, by day and ISO week of a time zone and by type.

Usage: recount_duckdb.py FILE ZONE  ->  JSON {"days": {"2025-05-01": [events, visitors], …}, "weeks": {"2025-04-28": […], …},
"types": {"page_view": […], …}, "total": [events, visitors], "malformed": 0}
"""
import json
import sys
import zoneinfo

import duckdb


def main() -> None:
    path, zone = sys.argv[1:]
    table = duckdb.connect()
    table.execute(
        """
        CREATE TABLE event AS
        SELECT DISTINCT ON (id) id, "user", type, CAST(time AS TIMESTAMP) AS utc
        FROM (
          SELECT json_extract_string(line, '$.eventId') AS id, json_extract_string(line, '$.userId') AS "user",
            json_extract_string(line, '$.eventType') AS type, json_extract_string(line, '$.timestamp') AS time
          FROM read_csv(?, columns = {'line': 'VARCHAR'}, delim = '\\x01', quote = '', escape = '', header = false)
        )
        """, [path])
    # Offsets by Python's tzdata: neither Foundation's nor DuckDB's own.
    hours = table.execute("SELECT DISTINCT date_trunc('hour', utc) FROM event").fetchall()
    info, utc = zoneinfo.ZoneInfo(zone), zoneinfo.ZoneInfo("UTC")
    offsets = [(hour, int(hour.replace(tzinfo=utc).astimezone(info).utcoffset().total_seconds())) for (hour,) in hours]
    table.execute("CREATE TABLE offset_of (hour TIMESTAMP, seconds INTEGER)")
    table.executemany("INSERT INTO offset_of VALUES (?, ?)", offsets)
    table.execute(
        """
        CREATE VIEW local_event AS
        SELECT "user", type, CAST(utc + to_seconds(seconds) AS DATE) AS day
        FROM event JOIN offset_of ON hour = date_trunc('hour', utc)
        """)

    def count(key: str) -> dict[str, list[int]]:
        rows = table.execute(f'SELECT {key}, count(*), count(DISTINCT "user") FROM local_event GROUP BY 1')
        return {str(name): [events, visitors] for name, events, visitors in rows.fetchall()}

    answer = {
        "days": count("day"), "weeks": count("CAST(date_trunc('week', day) AS DATE)"), "types": count("type"),
        "total": count("''")[""], "malformed": 0,
    }
    print(json.dumps(answer, sort_keys=True))


main()
