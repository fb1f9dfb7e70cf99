"""The two ends of a Karabo bridge, by karabo-bridge itself.

python karabo_bridge_peer.py serve VERSION REP|PUB|PUSH ENDPOINT COUNT made|simulated
python karabo_bridge_peer.py ask REQ|SUB|PULL ENDPOINT COUNT

A server says each train that it sends, and ends with its standard input; one that publishes sends until then, for it
cannot know who has joined. A client says each train that it gets.
"""

import itertools
import sys
import threading
import time

import numpy
from karabo_bridge import Client, ServerInThread
from karabo_bridge.simulation import data_generator
from peer import counts, say

TYPES = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64".split()
FIRST = 10_000_000_000


def stamp(source, number):
    return {
        "source": source,
        "timestamp": 1700000000.25 + number,
        "timestamp.tid": FIRST + number,
        "timestamp.sec": str(1700000000 + number),
        "timestamp.frac": "250000000000000000",
    }


def made():
    for number in itertools.count():
        detector, laser = "SPB_DET_AGIPD1M-1/CAL/APPEND", "SPB_XTD9_XGM/DOOCS/MAIN:output"
        arrays = {f"of.{name}": counts(name, (3, 5), number) for name in TYPES}
        arrays["big.endian"] = counts(">u2", (2, 3), number)
        arrays["no.elements"] = numpy.zeros((0, 4), "float32")
        arrays["turned"] = counts("int32", (4, 6), number).T
        data = {
            detector: {"image.data": counts("uint16", (2, 16, 8), number), "trailer.checksum": b"\x00\xff", **arrays},
            laser: {"data.intensity": -1.5, "data.pulses": 60, "name": "µJ", "list": [1, 2.5, "x", True, None]},
        }
        yield data, {source: stamp(source, number) for source in data}


def simulated():
    """What the package's own simulator makes: two modules of a detector, 17 MB a train."""
    return data_generator(detector="AGIPDModule", raw=True, nsources=2, datagen="random", data_like="online", debug=False)


def serve(version, kind, endpoint, count, what):
    closed = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), closed.set()), daemon=True).start()
    trains = made() if what == "made" else simulated()
    with ServerInThread(endpoint, sock=kind, protocol_version=version, maxlen=1) as server:
        for number, (data, metadata) in enumerate(trains):
            if closed.is_set() or (kind != "PUB" and number == int(count)):
                break
            # Before it is sent: version 1.0 puts the metadata into the data.
            say({"sources": data, "metadata": metadata})
            server.feed(data, metadata)
            if kind == "PUB":
                time.sleep(0.02)
        closed.wait()


def ask(kind, endpoint, count):
    client = Client(endpoint, sock=kind, timeout=30)
    for _ in range(int(count)):
        data, metadata = client.next()
        sources = {name: {key: value for key, value in properties.items() if key != "metadata"} for name, properties in data.items()}
        say({"sources": sources, "metadata": metadata})


{"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])
