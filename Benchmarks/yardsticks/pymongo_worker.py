"""What `tributary worker` is compared with: confluent-kafka and pymongo doing its job without enrichment.

Consumes in batches, parses, checks what must be there, inserts unordered and durably, takes a duplicate for a
redelivery, then commits. Prints `ready` when it has its partitions and `done` after COUNT events, and stays: what it
took is read from outside, as the product's is.
"""

import datetime
import hashlib
import json
import os
import time

import confluent_kafka
import pymongo
import pymongo.errors
from pymongo import WriteConcern

INDEXES = {
    "position": (["ingest.epoch", "ingest.partition", "ingest.offset"], {}),
    "source_timestamp": (["source", "timestamp"], {}),
    "expiry": (["ingest.at"], {"expireAfterSeconds": 90 * 86_400}),
}


def main():
    count = int(os.environ["COUNT"])
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"], "group.id": "yardstick",
        "partition.assignment.strategy": "range", "enable.auto.commit": False, "auto.offset.reset": "earliest",
        "session.timeout.ms": 10000, "fetch.wait.max.ms": 100,
    })
    client = pymongo.MongoClient(os.environ["MONGODB_URI"])
    events = client.get_default_database().get_collection(
        "yardstick_events", write_concern=WriteConcern(w="majority", j=True))
    # Those of the product's collection: the same store has the same work.
    for name, (keys, options) in INDEXES.items():
        events.create_index([(key, 1) for key in keys], name=name, **options)
    consumer.subscribe(["user-events"], on_assign=lambda *_: print("ready", flush=True))
    done = 0
    while done < count:
        messages = consumer.consume(1000, timeout=0.5)
        documents = [document(message) for message in messages if message.error() is None]
        if not documents:
            continue
        try:
            events.insert_many(documents, ordered=False)
        except pymongo.errors.BulkWriteError as error:
            if any(entry["code"] != 11000 for entry in error.details["writeErrors"]):
                raise
        consumer.commit(asynchronous=True)
        done += len(documents)
    print("done", flush=True)
    time.sleep(600)


def document(message) -> dict:
    headers = {name: value.decode() for name, value in message.headers()}
    event = json.loads(message.value())
    if not isinstance(event["userId"], str) or not isinstance(event["eventType"], str):
        raise ValueError("not an event")
    return {
        "_id": f"{headers['source']}/{headers['event-id']}", "source": headers["source"], "userId": event["userId"],
        "eventType": event["eventType"], "timestamp": event["timestamp"], "receivedAt": int(headers["received-at"]),
        "metadata": event.get("metadata"),
        "ingest": {
            "at": datetime.datetime.now(datetime.UTC), "epoch": 1, "partition": message.partition(), "offset": message.offset(),
            "payloadHash": hashlib.blake2b(message.value(), digest_size=16).digest(),
        },
    }


if __name__ == "__main__":
    main()
