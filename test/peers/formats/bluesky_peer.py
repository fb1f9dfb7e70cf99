"""Bluesky's documents over ZeroMQ, by its own RunEngine, proxy and dispatcher.

python bluesky_peer.py proxy
python bluesky_peer.py run PORT json|msgpack|pickle
python bluesky_peer.py dispatch IN_PORT OUT_PORT json|msgpack STOPS

The proxy says its ports. A run engine takes scans until standard input ends, and says each document. A dispatcher says
when documents reach it, then each that comes, after it was checked against event-model's schemas, until so many runs
have ended.
"""

import json
import os
import pickle
import sys
import threading
import time

import msgpack
import msgpack_numpy
from bluesky import RunEngine
from bluesky.callbacks.zmq import Proxy, Publisher, RemoteDispatcher
from bluesky_plan import plan
from event_model import DocumentNames, schema_validators
from peer import say

WRITE = {
    "json": lambda document: json.dumps(document, default=lambda value: value.tolist()).encode(),
    "msgpack": lambda document: msgpack.packb(document, default=msgpack_numpy.encode),
    "pickle": pickle.dumps,
}
READ = {
    "json": json.loads,
    "msgpack": lambda data: msgpack.unpackb(data, object_hook=msgpack_numpy.decode, strict_map_key=False),
}


def proxy():
    both = Proxy()
    say({name: int(str(port).rsplit(":", 1)[-1]) for name, port in {"in": both.in_port, "out": both.out_port}.items()})
    both.start()


def run(port, form):
    closed = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), closed.set()), daemon=True).start()
    engine = RunEngine({}, context_managers=[])
    publisher = Publisher(f"127.0.0.1:{port}", prefix=b"lab", serializer=WRITE[form])
    engine.subscribe(publisher)
    # As the other end reads it: JSON has no arrays.
    engine.subscribe(lambda name, document: say([name, READ[form](WRITE[form](document)) if form in READ else {}]))
    while not closed.is_set():
        engine(plan())
        time.sleep(0.02)
    publisher.close()


def dispatch(in_port, out_port, form, stops):
    dispatcher = RemoteDispatcher(f"127.0.0.1:{out_port}", deserializer=READ[form], strict=True)
    probing = Publisher(f"127.0.0.1:{in_port}", serializer=WRITE[form])
    reached = threading.Event()
    left = int(stops)

    def probe():
        while not reached.is_set():
            probing("start", {"uid": "probe", "time": 0.0})
            time.sleep(0.01)

    def take(name, document):
        nonlocal left
        if document.get("uid") == "probe":
            if not reached.is_set():
                reached.set()
                say("reached")
            return
        schema_validators[DocumentNames[name]].validate(document)
        say([name, document])
        left -= name == "stop"
        if left == 0:
            os._exit(0)

    dispatcher.subscribe(take)
    threading.Thread(target=probe, daemon=True).start()
    dispatcher.start()


{"proxy": proxy, "run": run, "dispatch": dispatch}[sys.argv[1]](*sys.argv[2:])
