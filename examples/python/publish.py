"""Publishes one run of images: python publish.py tcp://127.0.0.1:5555 [images] [seconds between them]"""

import sys
import time

import numpy
import zmq

from arroyo_wire import Writer

address, images, pause = (*sys.argv[1:], "10", "0.1")[:3]
socket = zmq.Context().socket(zmq.XPUB)
socket.setsockopt(zmq.XPUB_VERBOSE, 1)  # hear of every subscription, not only of the first
socket.bind(address)
writer = Writer("camera")
alive = time.monotonic()


def serve(seconds):
    """Waits; meanwhile gives who subscribes the starts of the open runs, and a sign of life each second."""
    global alive
    until = time.monotonic() + seconds
    while True:
        left = max(0, until - time.monotonic())
        while socket.poll(1000 * min(left, 0.2)):
            if socket.recv()[:1] == b"\x01":
                for frames in writer.again():
                    socket.send_multipart(frames)
        if time.monotonic() - alive >= 1:
            alive = time.monotonic()
            socket.send_multipart(writer.sign_of_life())
        if time.monotonic() >= until:
            return


socket.recv()  # until somebody listens
socket.send_multipart(writer.start("scan-42", {"images": int(images)}))
for number in range(int(images)):
    image = numpy.full((4, 6), number, dtype="uint16")
    socket.send_multipart(writer.event("scan-42", {"number": number}, image, time_ms=1000 * time.time()))
    serve(float(pause))
socket.send_multipart(writer.stop("scan-42"))
socket.close()
socket.context.term()  # returns when all is sent
