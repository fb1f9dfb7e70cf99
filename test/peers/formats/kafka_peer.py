"""Records of Kafka, by bluesky-kafka and by what ESS uses.

python kafka_peer.py bluesky-send|ess-send BROKERS TOPIC
python kafka_peer.py bluesky-receive BROKERS TOPIC RUNS
python kafka_peer.py ess-receive BROKERS TOPIC COUNT

Senders and receivers say what those of bluesky_peer.py and ess_peer.py say.
"""

import os
import sys

import msgpack
import msgpack_numpy
from bluesky import RunEngine
from bluesky_kafka import Publisher, RemoteDispatcher
from bluesky_plan import plan
from confluent_kafka import Consumer, Producer
from ess_peer import messages, plain
from event_model import DocumentNames, schema_validators
from peer import say
from streaming_data_types import DESERIALISERS

RUNS = 2


def packed(document):
    return msgpack.packb(document, default=msgpack_numpy.encode)


def unpacked(data):
    return msgpack.unpackb(data, object_hook=msgpack_numpy.decode, strict_map_key=False)


def send_bluesky(brokers, topic):
    engine = RunEngine({}, context_managers=[])
    publisher = Publisher(topic, brokers, key="lab", flush_on_stop_doc=True, serializer=packed)
    engine.subscribe(publisher)
    engine.subscribe(lambda name, document: say([name, unpacked(packed(document))]))
    for _ in range(RUNS):
        engine(plan())


def receive_bluesky(brokers, topic, runs):
    left = int(runs)

    def take(name, document):
        nonlocal left
        schema_validators[DocumentNames[name]].validate(document)
        say([name, document])
        left -= name == "stop"
        if left == 0:
            os._exit(0)

    earliest = {"auto.offset.reset": "earliest"}
    dispatcher = RemoteDispatcher([topic], brokers, "peers", consumer_config=earliest, deserializer=unpacked)
    dispatcher.subscribe(take)
    dispatcher.start()


def send_ess(brokers, topic):
    producer = Producer({"bootstrap.servers": brokers})
    for kind, message, content in messages():
        producer.produce(topic, message)
        say({"type": kind, "content": content})
    producer.flush()


def receive_ess(brokers, topic, count):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "peers-ess", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    for _ in range(int(count)):
        record = consumer.poll(30)
        assert record is not None and record.error() is None, record and record.error()
        schema = record.value()[4:8].decode()
        say({"schema": schema, "read": plain(DESERIALISERS[schema](record.value()))})
    consumer.close()


ROLES = {"bluesky-send": send_bluesky, "bluesky-receive": receive_bluesky, "ess-send": send_ess, "ess-receive": receive_ess}
ROLES[sys.argv[1]](*sys.argv[2:])
