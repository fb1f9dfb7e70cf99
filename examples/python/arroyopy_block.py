"""A block of arroyopy between two of arroyojs: python arroyopy_block.py tcp://127.0.0.1:5555 tcp://127.0.0.1:5556

Reads what a block of arroyojs publishes, turns each image upside down, and publishes for the next block. Ends with the
run.
"""

import asyncio
import dataclasses
import sys

import zmq
import zmq.asyncio
from arroyopy import Listener, Operator, Publisher

from arroyo_wire import Reader, Writer


class WireListener(Listener):
    """Gives its operator what comes in the wire form of arroyojs."""

    def __init__(self, operator, socket):
        super().__init__(operator)
        self.socket, self.reader, self.stopped = socket, Reader(), False

    async def start(self):
        while not self.stopped:
            if await self.socket.poll(100):
                message = self.reader.read(await self.socket.recv_multipart())
                if message is not None:
                    await self.operator.process(message)

    async def stop(self):
        self.stopped = True


class WirePublisher(Publisher):
    """Sends messages as a reader gave them; each keeps the origin that it has."""

    def __init__(self, socket, stream):
        self.socket, self.writer = socket, Writer(stream)

    async def publish(self, message):
        envelope = {"origin": message.origin, "time_ms": message.time_ms, **message.envelope}
        if message.kind == "start":
            frames = self.writer.start(message.run, message.content, **envelope)
        elif message.kind == "event":
            frames = self.writer.event(message.run, message.content, message.payload, **envelope)
        else:
            frames = self.writer.stop(message.run, message.content, message.reason, **envelope)
        await self.socket.send_multipart(frames)

    async def serve(self):
        """Gives who subscribes the starts of the open runs, and a sign of life each second."""
        while True:
            if not await self.socket.poll(1000):
                await self.socket.send_multipart(self.writer.sign_of_life())
            elif (await self.socket.recv())[:1] == b"\x01":
                for frames in self.writer.again():
                    await self.socket.send_multipart(frames)


class UpsideDown(Operator):
    async def process(self, message):
        if message.kind == "event":
            message = dataclasses.replace(message, payload=message.payload[::-1])
        await self.publish(message)
        if message.kind == "stop":
            for listener in self.listeners:
                await listener.stop()


async def main(source, target):
    context = zmq.asyncio.Context()
    incoming, outgoing = context.socket(zmq.SUB), context.socket(zmq.XPUB)
    incoming.setsockopt(zmq.SUBSCRIBE, b"")
    outgoing.setsockopt(zmq.XPUB_VERBOSE, 1)
    outgoing.bind(target)
    await outgoing.recv()  # until somebody listens
    incoming.connect(source)
    operator = UpsideDown()
    publisher = WirePublisher(outgoing, "upside-down")
    operator.add_publisher(publisher)
    listener = WireListener(operator, incoming)
    operator.listeners.append(listener)
    serving = asyncio.create_task(publisher.serve())
    await listener.start()
    serving.cancel()
    incoming.close()
    outgoing.close()
    context.term()  # returns when all is sent


asyncio.run(main(*sys.argv[1:]))
