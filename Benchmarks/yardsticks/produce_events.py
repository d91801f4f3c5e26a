"""Puts COUNT events on `user-events` as the collector writes them, of the KIND `plain` or `enriched`: with nothing that
enrichment could read, or with everything."""

import json
import os
import random
import time
import uuid

import confluent_kafka

AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{0}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS {0}_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{0}.1"
    " Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0",
]


def main():
    count, kind = int(os.environ["COUNT"]), os.environ["KIND"]
    draw = random.Random(int(os.environ["SEED"]))
    producer = confluent_kafka.Producer({
        "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"], "partitioner": "murmur2_random", "acks": "all",
        "linger.ms": 20, "compression.type": "zstd", "queue.buffering.max.messages": count + 1,
    })
    failures = []
    now = int(time.time() * 1000)
    for _ in range(count):
        user = f"user-{draw.randrange(20_000)}"
        headers = [
            ("event-id", str(uuid.UUID(int=draw.getrandbits(128), version=4))), ("source", "bench"),
            ("received-at", str(now))]
        metadata = {"plan": "basic", "amount": draw.randrange(10_000), "items": ["one", "two", "three"]}
        if kind == "enriched":
            metadata |= {
                "url": f"https://shop.example/products/{draw.randrange(500)}?utm_source=news&utm_medium=email"
                       f"&utm_campaign=c{draw.randrange(20)}&token=secret",
                "referrer": f"https://www.google.com/search?q={draw.randrange(1000)}", "title": "A product"}
            headers += [
                ("client-address", f"203.0.{draw.randrange(256)}.0"),
                ("user-agent", draw.choice(AGENTS).format(draw.randrange(90, 130)))]
        else:
            metadata |= {"note": "x" * 120}
        event = {"userId": user, "eventType": "page_view", "timestamp": "2025-05-01T12:00:00Z", "metadata": metadata}
        producer.produce(
            "user-events", json.dumps(event, separators=(",", ":")).encode(), user.encode(), headers=headers,
            timestamp=now, on_delivery=lambda error, _: failures.append(error) if error else None)
        producer.poll(0)
    left = producer.flush(120)
    if failures or left:
        raise SystemExit(f"{left} not delivered, failures {failures[:3]}")


if __name__ == "__main__":
    main()
