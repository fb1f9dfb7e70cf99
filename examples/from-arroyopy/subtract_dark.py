import asyncio
import sys

import zmq
import zmq.asyncio
from arroyopy import Operator
from arroyopy.zmq import ZMQListener

from frames import FrameEvent, FramePublisher, FrameStart, from_bytes


class SubtractDark(Operator):
    async def process(self, message):
        message = from_bytes(message)
        if isinstance(message, FrameStart):
            self.dark = None
        if isinstance(message, FrameEvent):
            image = message.image.array
            if self.dark is None:
                self.dark = image
                return
            message.image.array = image - self.dark
        await self.publish(message)


async def main(source, target):
    context = zmq.asyncio.Context()
    incoming = context.socket(zmq.SUB)
    incoming.setsockopt(zmq.SUBSCRIBE, b"")
    incoming.connect(source)
    outgoing = context.socket(zmq.PUB)
    outgoing.bind(target)
    operator = SubtractDark()
    operator.add_publisher(FramePublisher(outgoing))
    await ZMQListener(operator, incoming).start()


asyncio.run(main(*sys.argv[1:]))
