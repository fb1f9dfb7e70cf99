"""Reads and writes messages of arroyojs in Python, in the wire form arroyo/1 of docs/wire-format.md.

Needs msgpack and numpy. Sockets are the caller's: a Reader takes the frames of one received message, a Writer gives
the frames of one to send, both as pyzmq's recv_multipart and send_multipart have them.
"""

import math
import secrets
import struct
from dataclasses import dataclass, field

import msgpack
import numpy

PRELUDE = struct.Struct("<3sBBBHQQdII")
KINDS = {1: "start", 2: "event", 3: "stop", 4: "sign of life"}
ARRAY, KEY, RESUMED, COPY, SHARED, CRITICAL = 1, 2, 4, 8, 16, 32
LIFECYCLE = "!arroyo"
OF_THIS_HOP = {"sequence", "metadata", "data", "stream", "began", "next", "reason", "sent"}
ELEMENTS = set("bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64".split())


@dataclass
class Message:
    kind: str  # start, event or stop
    run: str | None
    content: dict  # the data of a start or stop, the metadata of an event
    payload: object  # of an event: an array (read-only), or bytes
    origin: tuple  # stream, partition and sequence at the first source; give it on with what comes of the message
    time_ms: float = math.nan  # milliseconds since 1970
    envelope: dict = field(default_factory=dict)  # what else travels: key, headers, trace, account; give it on
    reason: str = ""  # of a stop: completed, abandoned or interrupted
    lost: float = math.nan  # of a stop: how many of its run's events did not arrive; nan where nobody can know


class Reader:
    """Makes messages of frames. One for each socket, with the beginnings of the topics that it subscribed to."""

    def __init__(self, *topics):
        self._topics = topics or ("",)
        self._received = {}  # open run → its events so far; nan where the reader came later than the run

    def read(self, frames):
        """Gives a message; None for a sign of life or a start repeated for others. Raises for what is no message."""
        at = 0 if bytes(frames[0][:3]) == b"AYO" else 1
        header = frames[at]
        magic, version, kind, flags, constant, _, publisher, time_ms, size, _ = PRELUDE.unpack_from(header)
        if magic != b"AYO" or version != 1 or kind not in KINDS or flags & CRITICAL:
            raise ValueError("not a message of arroyo/1, or made by a newer one")
        if KINDS[kind] == "sign of life":
            return None
        static = msgpack.unpackb(header[40 : 40 + constant])
        fields = msgpack.unpackb(header[40 + constant : 40 + size])
        payload = frames[at + 1] if len(frames) > at + 1 else header[40 + size :]
        if "array" in static:
            element, *shape = static["array"]
            if element not in ELEMENTS or min(shape, default=0) < 0:
                raise ValueError(f"an array of {element} {shape} is not known")
            payload = numpy.frombuffer(payload, numpy.dtype(element).newbyteorder("<")).reshape(shape)
        content = fields.get("metadata", fields.get("data", {}))
        envelope = {name: value for name, value in fields.items() if name not in OF_THIS_HOP}
        origin = (*static["origin"], fields["sequence"])
        message = Message(KINDS[kind], static.get("run"), content, payload, origin, time_ms, envelope)
        run = (publisher, message.run)
        if message.kind == "event" and run in self._received:
            self._received[run] += 1
        if message.kind == "start":
            if flags & COPY and run in self._received:
                return None
            self._received[run] = math.nan if flags & RESUMED else 0
        if message.kind == "stop":
            sent = sum(events for topic, events, _ in fields.get("sent", []) if topic.startswith(self._topics))
            message.reason = fields.get("reason", "completed")
            known = self._received.pop(run, math.nan)
            message.lost = sent - known if "sent" in fields and not flags & SHARED else math.nan
        return message


class Writer:
    """Makes frames of messages. One for each life of a publisher: its sequences begin at 0."""

    def __init__(self, stream):
        self.stream, self.incarnation = stream, secrets.randbits(64)
        self._next, self._lifecycle, self._open = {}, 0, {}  # next sequences by topic, and of starts and stops

    def start(self, run, data={}, **envelope):
        fields = {"stream": self.stream, "began": dict(self._next), "data": data}
        self._open[run] = (self._lifecycle, fields, envelope, {})
        self._lifecycle += 1
        return self._start(run)

    def event(self, run, metadata={}, payload=b"", topic="", **envelope):
        """`payload` is an array or bytes; `run` None for what belongs to none."""
        number = self._next.get(topic, 0)
        frames = self._frames(2, topic, number, run, {"metadata": metadata}, payload, **envelope)
        self._next[topic] = number + 1
        sent = self._open[run][3] if run in self._open else {}
        sent[topic] = sent.get(topic, 0) + 1
        return frames

    def stop(self, run, data={}, reason="completed", **envelope):
        fields = {"next": self._next, "reason": reason, "data": data}
        if run in self._open:
            fields["sent"] = [[topic, events, 0] for topic, events in self._open.pop(run)[3].items()]
        self._lifecycle += 1
        return self._frames(3, LIFECYCLE, self._lifecycle - 1, run, fields, **envelope)

    def sign_of_life(self):
        """To be sent each second while a run is open: readers take a publisher for gone after ten without."""
        fields = {"stream": self.stream, "next": self._next, "open": list(self._open)}
        return self._frames(4, LIFECYCLE, self._lifecycle, None, fields)

    def again(self):
        """Gives the starts of the open runs, a list of messages, to be sent when somebody subscribes in the middle."""
        return [self._start(run, RESUMED | COPY) for run in self._open]

    def _start(self, run, flags=0):
        number, fields, envelope, _ = self._open[run]
        return self._frames(1, LIFECYCLE, number, run, {**fields, "next": self._next}, flags=flags, **envelope)

    def _frames(
        self, kind, topic, number, run, fields, payload=b"", flags=0, origin=None, time_ms=math.nan, **envelope
    ):
        *source, first = origin or (self.stream, topic, number)
        static = {"origin": source} if run is None else {"run": run, "origin": source}
        if isinstance(payload, numpy.ndarray):
            if payload.dtype.name not in ELEMENTS:
                raise ValueError(f"an array of {payload.dtype} cannot be sent")
            payload = numpy.asarray(payload, payload.dtype.newbyteorder("<"), order="C")
            static["array"], flags = [payload.dtype.name, *payload.shape], flags | ARRAY
        constant = b"" if kind == 4 else msgpack.packb(static)
        changing = msgpack.packb({"sequence": first, **envelope, **fields}, default=numpy.generic.item)
        numbers = (len(constant), number, self.incarnation, time_ms, len(constant) + len(changing), 0)
        header = PRELUDE.pack(b"AYO", 1, kind, flags | (KEY if "key" in envelope else 0), *numbers)
        frames = [topic.encode(), header + constant + changing] if topic else [header + constant + changing]
        return [*frames, payload] if memoryview(payload).nbytes > 0 else frames
