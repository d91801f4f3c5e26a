"""Counts an access log independently of the product: events and visitors by day and by ISO week.

Usage: recount.py FILE  ->  JSON {"days": {"2015-05-17": [events, visitors], …}, "weeks": {"2015-05-11": […], …},
"total": [events, visitors], "malformed": n}
A visitor is an address with a user agent, as the import command says.
"""
import collections
import datetime
import json
import re
import sys

LINE = re.compile(
    rb'^(\S+) \S+ \S+ \[(\d\d)/(\w{3})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})\] '
    rb'"((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"\s*$')
MONTHS = {m: i + 1 for i, m in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())}


def main() -> None:
    events = collections.Counter()
    visitors = collections.defaultdict(set)
    malformed = 0
    with open(sys.argv[1], "rb") as log:
        for line in log:
            match = LINE.match(line.rstrip(b"\r\n"))
            if not match:
                malformed += 1
                continue
            address, day, month, year, hour, minute, second, zone, _, _, _, _, agent = match.groups()
            sign = -1 if zone[:1] == b"-" else 1
            offset = sign * datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
            time = datetime.datetime(
                int(year), MONTHS[month], int(day), int(hour), int(minute), int(second)) - offset
            monday = time.date() - datetime.timedelta(days=time.weekday())
            for key in (("days", str(time.date())), ("weeks", str(monday)), ("total", "")):
                events[key] += 1
                visitors[key].add((address, agent))
    answer = {"days": {}, "weeks": {}, "malformed": malformed}
    for (kind, name), count in events.items():
        if kind == "total":
            answer["total"] = [count, len(visitors[kind, name])]
        else:
            answer[kind][name] = [count, len(visitors[kind, name])]
    print(json.dumps(answer, sort_keys=True))


main()
