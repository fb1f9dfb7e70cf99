"""The two ends of a measured hop: python bench_ends.py source|sink PAYLOAD WARM COUNT

Both print the address that they bind. The source pushes a run of images in the form of arroyosas; the sink checks
each and prints how long those after the first WARM took.
"""

import json
import sys
import time

import numpy
import zmq
from frames import FrameEvent, FrameStart, FrameStop, to_bytes

role, payload, warm, count = sys.argv[1], *map(int, sys.argv[2:])
large = payload > 1_000_000


def image_of(number):
    """Images of 8 MB have rows of 2048 numbers of 16 bits; small ones are a single row of bytes."""
    if large:
        return ((numpy.arange(payload // 2) + number) % 4096).astype("uint16").reshape(-1, 2048)
    return ((numpy.arange(payload) + number) % 256).astype("uint8").reshape(1, -1)


def event_of(number):
    return to_bytes(FrameEvent(image={"array": image_of(number)}, frame_number=number, tiled_url="tiled://example"))


start = to_bytes(FrameStart(run_name="r", run_id="r", width=1, height=1, data_type="uint8", tiled_url=""))
stop = to_bytes(FrameStop(num_frames=warm + count))
# Few that are different: making them is no part of the measurement.
events = [event_of(number) for number in range(8 if large else 1000)]

context = zmq.Context()
socket = context.socket(zmq.PUSH if role == "source" else zmq.PULL)
socket.set_hwm(8 if large else 1000)
socket.bind("tcp://127.0.0.1:*")
print(socket.getsockopt_string(zmq.LAST_ENDPOINT), flush=True)


def send_all():
    socket.send(start)
    for number in range(warm + count):
        socket.send(events[number % len(events)], copy=not large)
    socket.send(stop)


def check_all():
    bad = 0 if socket.recv() == start else 1
    begun = 0
    for number in range(warm + count):
        if number == warm:
            begun = time.perf_counter()
        received, sent = socket.recv(copy=not large), events[number % len(events)]
        if large and number % 10 > 0:  # these by their length and their end, where the number stands
            received = received.buffer
            bad += len(received) != len(sent) or received[-64:] != sent[-64:]
        else:
            bad += (received.bytes if large else received) != sent
    seconds = time.perf_counter() - begun
    bad += socket.recv() != stop
    print(json.dumps({"count": count, "seconds": seconds, "bad": bad}), flush=True)


send_all() if role == "source" else check_all()
socket.close()
context.term()
