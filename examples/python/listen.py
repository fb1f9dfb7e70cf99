"""Prints what comes, until a run has ended: python listen.py tcp://127.0.0.1:5555"""

import sys

import zmq

from arroyo_wire import Reader

socket = zmq.Context().socket(zmq.SUB)
socket.setsockopt(zmq.SUBSCRIBE, b"")
socket.connect(sys.argv[1])
reader = Reader()
while True:
    message = reader.read(socket.recv_multipart())
    if message is None:
        continue
    print(message.kind, message.run, message.content, flush=True)
    if message.kind == "event":
        print("  sum", message.payload.sum(), flush=True)
    if message.kind == "stop":
        print(f"  {message.reason}, {message.lost} lost", flush=True)
        break
