"""Counts events, one JSON object a line, independently of the product: each eventId once, by UTC day and ISO week.

Usage: recount_events.py FILE  ->  JSON {"days": {"2025-05-01": [events, visitors], …}, "weeks": {"2025-04-28": […], …},
"total": [events, visitors], "malformed": 0}
"""
import collections
import datetime
import json
import sys


def main() -> None:
    seen = set()
    events = collections.Counter()
    visitors = collections.defaultdict(set)
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            if event["eventId"] in seen:
                continue
            seen.add(event["eventId"])
            day = datetime.date.fromisoformat(event["timestamp"][:10])
            monday = day - datetime.timedelta(days=day.weekday())
            for key in (("days", str(day)), ("weeks", str(monday)), ("total", "")):
                events[key] += 1
                visitors[key].add(event["userId"])
    answer = {"days": {}, "weeks": {}, "malformed": 0}
    for (kind, name), count in events.items():
        if kind == "total":
            answer["total"] = [count, len(visitors[kind, name])]
        else:
            answer[kind][name] = [count, len(visitors[kind, name])]
    print(json.dumps(answer, sort_keys=True))


main()
