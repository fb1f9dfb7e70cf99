"""An application of arroyopy in the middle: python frame_hop.py FROM sub|pull TO pub|push FORM RUNS

Passes on what comes as it is, decoded and encoded again, until so many runs have ended.
"""

import asyncio
import sys

import zmq.asyncio
from arroyopy import Operator
from arroyopy.zmq import ZMQListener

from frames import FramePublisher, FrameStop, from_bytes
from sockets import reading, writing


class PassOn(Operator):
    def __init__(self, runs):
        super().__init__()
        self.runs = runs

    async def process(self, message):
        message = from_bytes(message)
        await self.publish(message)
        if isinstance(message, FrameStop):
            self.runs -= 1
            for listener in self.listeners:
                listener.stop_requested = self.runs == 0


async def main(source, source_kind, target, target_kind, form, runs):
    context = zmq.asyncio.Context()
    outgoing = await writing(context, target_kind, target)
    incoming = reading(context, source_kind, source)
    operator = PassOn(int(runs))
    operator.add_publisher(FramePublisher(outgoing, form))
    listener = ZMQListener(operator, incoming)
    operator.listeners.append(listener)
    await listener.start()
    outgoing.close()
    await listener.stop()


asyncio.run(main(*sys.argv[1:]))
