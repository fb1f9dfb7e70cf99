"""Beam-synchronous data, by psi-bsread as its users call it.

python bsread_peer.py send PUSH|PUB PORT COMPRESSION HEADER_COMPRESSION COUNT
python bsread_peer.py receive PULL|SUB PORT COUNT

A sender that pushes says each message; one that publishes does so until standard input ends, for it cannot know who has
joined. A receiver says each message that it gets.
"""

import sys
import threading
import time

import bsread
import numpy
from bsread import Sender, Source
from peer import counts, say

TYPES = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64".split()


def channels(number):
    """Values of each type, single ones and arrays, and what stands for nothing."""
    for name in TYPES:
        yield f"A:{name.upper()}", {"type": name, "shape": [5, 3]}, counts(name, (3, 5), number)
        yield f"S:{name.upper()}", {"type": name}, counts(name, (1,), number)[0]
    yield "IMAGE", {"type": "uint16", "shape": [64, 40]}, counts("uint16", (40, 64), number) % 50
    yield "TEXT", {"type": "string"}, f"östlich {number}"
    yield "NOTHING", {"type": "float64"}, None


def send(mode, port, compression, header_compression, count):
    closed = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), closed.set()), daemon=True).start()

    def optional(name):
        return None if name == "none" else name

    sender = Sender(
        port=int(port), address="tcp://127.0.0.1", mode=getattr(bsread, mode), data_header_compression=optional(header_compression)
    )
    for name, metadata, _ in channels(0):
        sender.add_channel(name, metadata={**metadata, "compression": compression})
    sender.open()
    number = 0
    while not closed.is_set() and (mode == "PUB" or number < int(count)):
        values = {name: value for name, _, value in channels(number)}
        pulse, seconds, nanoseconds = 4_000_000_000 + number, 1_700_000_000 + number, 123_456_789
        sender.send(data=values, pulse_id=pulse, timestamp=(seconds, nanoseconds))
        say({"pulse": pulse, "time": [seconds, nanoseconds], "values": values})
        number += 1
        if mode == "PUB":
            time.sleep(0.02)
    closed.wait()
    sender.close()


def receive(mode, port, count):
    with Source(host="127.0.0.1", port=int(port), mode=getattr(bsread, mode)) as stream:
        for _ in range(int(count)):
            data = stream.receive().data
            values = {name: channel.value for name, channel in data.data.items()}
            times = {name: [channel.timestamp, channel.timestamp_offset] for name, channel in data.data.items()}
            say({
                "pulse": data.pulse_id,
                "time": [data.global_timestamp, data.global_timestamp_offset],
                "values": values,
                "types": {name: value.dtype.name if isinstance(value, numpy.generic) else None for name, value in values.items()},
                "times": times,
            })


{"send": send, "receive": receive}[sys.argv[1]](*sys.argv[2:])
