"""A hop made of arroyopy: python bench_hop.py FROM TO. Pulls, decodes, passes on, encodes, pushes."""

import asyncio
import sys

import zmq
import zmq.asyncio
from arroyopy import Operator
from arroyopy.zmq import ZMQListener
from frames import FramePublisher, from_bytes


class PassOn(Operator):
    async def process(self, message):
        await self.publish(from_bytes(message))


async def main(source, target):
    context = zmq.asyncio.Context()
    incoming, outgoing = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    outgoing.connect(target)
    incoming.connect(source)
    operator = PassOn()
    operator.add_publisher(FramePublisher(outgoing))
    await ZMQListener(operator, incoming).start()


asyncio.run(main(*sys.argv[1:]))
