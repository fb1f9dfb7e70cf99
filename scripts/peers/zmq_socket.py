"""One socket of pyzmq: python zmq_socket.py TYPE bind|connect ADDRESS [IDENTITY]

Does what lines of JSON on standard input ask for, each with a line of JSON: {"send": [FRAME, ...]}, {"receive": true},
{"subscribe": TOPIC}. Frames are in base64. Ends with standard input, after what was sent has left.
"""

import base64
import json
import sys

import zmq

PATIENCE_MS = 20_000


def answer(what):
    print(json.dumps(what), flush=True)


def do(socket, order):
    if "send" in order:
        socket.send_multipart([base64.b64decode(frame) for frame in order["send"]])
        return {}
    if "subscribe" in order:
        topic = order["subscribe"].encode()
        if socket.type == zmq.SUB:
            socket.setsockopt(zmq.SUBSCRIBE, topic)
        else:
            socket.send(b"\x01" + topic)
        return {}
    frames = socket.recv_multipart()
    return {"frames": [base64.b64encode(frame).decode() for frame in frames]}


def main(kind, role, address, identity=None):
    context = zmq.Context()
    socket = context.socket(getattr(zmq, kind.upper()))
    socket.setsockopt(zmq.SNDTIMEO, PATIENCE_MS)
    socket.setsockopt(zmq.RCVTIMEO, PATIENCE_MS)
    # A SUB would wait in vain to tell a publisher that is gone that it goes too.
    socket.setsockopt(zmq.LINGER, 0 if kind in ("sub", "xsub") else PATIENCE_MS)
    if identity is not None:
        socket.setsockopt(zmq.IDENTITY, identity.encode())
    if role == "bind":
        socket.bind(address)
    else:
        socket.connect(address)
    answer({"libzmq": zmq.zmq_version()})
    for line in sys.stdin:
        answer(do(socket, json.loads(line)))
    socket.close()
    context.term()


main(*sys.argv[1:])
