"""Writes messages as Python makes them, with what a reader must make of them: python capture.py FOLDER

What is written is the same each time: `npm test` decodes what is kept of it, without Python.
"""

import asyncio
import base64
import hashlib
import importlib.metadata
import json
import pathlib
import sys

import numpy
import zmq.asyncio

from arroyo_wire import Writer
from frames import FrameEvent, FramePublisher, FrameStart, FrameStop

IMAGE = numpy.arange(-7, 8).reshape(3, 5)
ELEMENTS = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64".split()


def array_of(value):
    plain = numpy.ascontiguousarray(value, value.dtype.newbyteorder("<"))
    digest = hashlib.sha256(plain.tobytes()).hexdigest()
    return {"dtype": value.dtype.name, "shape": list(value.shape), "sha256": digest}


def event(sequence, content, payload, run=None):
    expect = {"type": "event", "run": run, "sequence": sequence, "content": content}
    if isinstance(payload, numpy.ndarray):
        return {**expect, "array": array_of(payload)}
    return {**expect, "bytes": base64.b64encode(payload).decode()}


async def frames_of(form):
    """What a publisher of arroyopy sends, taken from the other end of a socket."""
    context = zmq.asyncio.Context()
    sending, receiving = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
    sending.bind("inproc://frames")
    receiving.connect("inproc://frames")
    publisher = FramePublisher(sending, form)

    async def sent(message):
        await publisher.publish(message)
        return await receiving.recv_multipart()

    start = {"run_name": "dusk", "run_id": "scan 42 µ", "width": 5, "height": 3, "data_type": "mixed", "tiled_url": ""}
    expect = {"type": "start", "run": start["run_id"], "content": {"msg_type": "start", **start}}
    yield "start", await sent(FrameStart(**start)), expect
    elements = [numpy.dtype(name) for name in ELEMENTS]
    if form == "msgpack-numpy":
        elements += [numpy.dtype(">u2"), numpy.dtype(">f8")]
    for number, element in enumerate(elements):
        image = IMAGE.astype(element)
        message = FrameEvent(image={"array": image}, frame_number=number, tiled_url=f"tiled://{number}")
        content = {"msg_type": "event", "frame_number": number, "tiled_url": f"tiled://{number}"}
        order = "-big-endian" if element.byteorder == ">" else ""
        yield f"event-{element.name}{order}", await sent(message), event(number, content, image)
    expect = {"type": "stop", "content": {"msg_type": "stop", "num_frames": len(elements)}}
    yield "stop", await sent(FrameStop(num_frames=len(elements))), expect
    context.destroy(linger=0)


def wire():
    """What the writer of examples/python makes."""
    writer = Writer("camera")
    writer.incarnation = 0x0011223344556677
    run, data = "scan 42 µ", {"motor": "x", "from": -1.5, "steps": 3, "dark": None, "nested": {"list": [1, [2], True]}}
    yield "start", writer.start(run, data), {"type": "start", "run": run, "sequence": 0, "content": data}
    for number, name in enumerate(ELEMENTS):
        image = IMAGE.astype(name)
        expect = event(number, {"frame": number}, image, run)
        yield f"event-{name}", writer.event(run, {"frame": number}, image), expect
    payloads = {
        "no-axes": numpy.array(2.5),
        "no-elements": numpy.zeros((0, 4), "uint16"),
        "big-endian": IMAGE.astype(">i4"),
        "columns-first": numpy.asfortranarray(IMAGE.astype("float32")),
        "every-second": IMAGE.astype("uint16")[:, ::2],
        "bytes": b"\x00\xffbytes",
        "no-bytes": b"",
    }
    for number, (name, payload) in enumerate(payloads.items()):
        content = {"name": name, "mean": 0.25}
        frames = writer.event(run, {**content, "mean": numpy.float32(0.25)}, payload, topic="odd")
        yield f"event-{name}", frames, {**event(number, content, payload, run), "topic": "odd"}
    envelope = {
        "key": "module-3",
        "headers": [["unit", "counts"], ["unit", b"\x00\xff"]],
        "trace": ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
        "time_ms": 1700000000000.5,
        "origin": ("detector", "module", 2**53 - 1),
    }
    expect = {
        **event(len(payloads), {}, b"x", run),
        "topic": "odd",
        "envelope": {
            "key": "module-3",
            "headers": [["unit", "counts"], ["unit", {"$bytes": "AP8="}]],
            "trace": {"parent": envelope["trace"][0]},
            "timeMs": envelope["time_ms"],
            "origin": {"stream": "detector", "partition": "module", "sequence": 2**53 - 1},
        },
    }
    yield "event-envelope", writer.event(run, {}, b"x", topic="odd", **envelope), expect
    joined = b"".join(writer.event(run, {"joined": True}, IMAGE.astype("int16")))
    yield "event-one-body", [joined], event(len(ELEMENTS), {"joined": True}, IMAGE.astype("int16"), run)
    yield "event-without-run", writer.event(None, {"value": 1}), event(len(ELEMENTS) + 1, {"value": 1}, b"")
    alive = {"type": "control", "content": {"stream": "camera", "open": [run]}}
    yield "sign-of-life", writer.sign_of_life(), alive
    again = {"type": "start", "run": run, "sequence": 0, "content": data, "copy": True}
    yield "start-again", writer.again()[0], again
    expect = {"type": "stop", "run": run, "sequence": 1, "content": {"left": 0}, "reason": "interrupted"}
    sent = [
        {"topic": "", "events": len(ELEMENTS) + 1, "skipped": 0},
        {"topic": "odd", "events": len(payloads) + 1, "skipped": 0},
    ]
    yield "stop", writer.stop(run, {"left": 0}, "interrupted"), {**expect, "sent": sent}


async def main(folder):
    def by(*packages):
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)

    sources = {
        "arroyosas": (by("arroyopy", "msgpack", "numpy"), [one async for one in frames_of("map")]),
        "arroyopy": (by("arroyopy", "msgpack-numpy", "numpy"), [one async for one in frames_of("msgpack-numpy")]),
        "arroyo/1": ("examples/python/arroyo_wire.py, " + by("msgpack", "numpy"), list(wire())),
    }
    for form, (produced_by, messages) in sources.items():
        for name, frames, expect in messages:
            text = [base64.b64encode(bytes(frame)).decode() for frame in frames]
            vector = {"format": form, "name": name, "producedBy": produced_by, "frames": text, "expect": expect}
            path = pathlib.Path(folder, f"{form.replace('/', '-')}-{name}.json")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(vector, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


asyncio.run(main(sys.argv[1]))
