"""Tells what a Reader makes of wire messages: a list of frames in base64 per line of input, a line of JSON for each."""

import base64
import dataclasses
import json
import sys

import numpy
from arroyo_wire import Reader

reader = Reader(*sys.argv[1:])
for line in sys.stdin:
    message = reader.read([base64.b64decode(frame) for frame in json.loads(line)])
    if message is None:
        print("null")
        continue
    payload = message.payload
    if isinstance(payload, numpy.ndarray):
        described = {"dtype": payload.dtype.name, "shape": payload.shape}
    else:
        described = {"dtype": None}
    data = base64.b64encode(payload.tobytes() if isinstance(payload, numpy.ndarray) else payload).decode()
    fields = {**dataclasses.asdict(message), "payload": {**described, "data": data}}
    known = {name: value for name, value in fields.items() if value == value}  # without nan
    print(json.dumps(known, default=lambda value: value.hex()))
