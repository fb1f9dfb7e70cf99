"""A detector made of arroyopy: python frame_source.py ADDRESS pub|push FORM RUNS FRAMES

Publishes runs of images whose values come from their numbers, and prints a line of JSON for each image.
"""

import asyncio
import hashlib
import json
import sys

import numpy
import zmq.asyncio
from arroyopy import Operator

from frames import FrameEvent, FramePublisher, FrameStart, FrameStop
from sockets import writing

TYPES = ["uint16", "int32", "float32", "float64", "uint8", "int64"]


class Detector(Operator):
    async def process(self, message):
        await self.publish(message)

    async def run(self, run, frames):
        start = FrameStart(
            run_name=run, run_id=run, width=7, height=5, data_type="mixed", tiled_url="tiled://example/" + run
        )
        await self.process(start)
        for number in range(frames):
            image = (numpy.arange(35).reshape(5, 7) * (number + 1)).astype(TYPES[number % len(TYPES)])
            await self.process(FrameEvent(image={"array": image}, frame_number=number, tiled_url=f"{run}/{number}"))
            report(run, number, image)
        await self.process(FrameStop(num_frames=frames))


def report(run, number, image):
    digest = hashlib.sha256(image.tobytes()).hexdigest()
    print(json.dumps([run, number, image.dtype.name, list(image.shape), digest]), flush=True)


async def main(address, kind, form, runs, frames):
    context = zmq.asyncio.Context()
    socket = await writing(context, kind, address)
    detector = Detector()
    detector.add_publisher(FramePublisher(socket, form))
    for number in range(int(runs)):
        await detector.run(f"run-{number}", int(frames))
    socket.close()
    context.term()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
