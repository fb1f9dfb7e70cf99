"""How long the codec of an application of arroyopy takes: python bench_codec.py PAYLOAD COUNT

For each line on standard input it decodes COUNT messages of arroyosas to their objects, encodes as many objects, and
prints how many nanoseconds a message took both ways. `message` prints one of the messages, in base64, instead.
"""

import base64
import json
import sys
import time

import numpy
from frames import FrameEvent, from_bytes, to_bytes

payload, count = map(int, sys.argv[1:])
if payload > 1_000_000:
    image = (numpy.arange(payload // 2) % 4096).astype("uint16").reshape(-1, 2048)
else:
    image = (numpy.arange(payload) % 256).astype("uint8").reshape(1, -1)
event = FrameEvent(image={"array": image}, frame_number=7, tiled_url="tiled://example")
data = to_bytes(event)
again = from_bytes(data)
assert again.frame_number == 7 and (again.image.array == image).all()


def nanoseconds(work, argument):
    begun = time.perf_counter_ns()
    for _ in range(count):
        work(argument)
    return (time.perf_counter_ns() - begun) / count


for line in sys.stdin:
    if line.strip() == "message":
        print(json.dumps(base64.b64encode(data).decode()), flush=True)
        continue
    print(json.dumps({"decode": nanoseconds(from_bytes, data), "encode": nanoseconds(to_bytes, event)}), flush=True)
