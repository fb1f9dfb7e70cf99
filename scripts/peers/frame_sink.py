"""The end of a chain, made of arroyopy: python frame_sink.py ADDRESS sub|pull RUNS

Prints a line of JSON for each message, until so many runs have ended.
"""

import asyncio
import json
import sys

import zmq.asyncio
from arroyopy import Operator
from arroyopy.zmq import ZMQListener

from frame_source import report
from frames import FrameEvent, FrameStart, FrameStop, from_bytes
from sockets import reading


class Print(Operator):
    def __init__(self, runs):
        super().__init__()
        self.runs = runs
        self.run = None

    async def process(self, message):
        message = from_bytes(message)
        if isinstance(message, FrameEvent):
            report(self.run, message.frame_number, message.image.array)
            return
        print(json.dumps(message.model_dump()), flush=True)
        if isinstance(message, FrameStart):
            self.run = message.run_id
        if isinstance(message, FrameStop):
            self.runs -= 1
            for listener in self.listeners:
                listener.stop_requested = self.runs == 0


async def main(address, kind, runs):
    context = zmq.asyncio.Context()
    operator = Print(int(runs))
    listener = ZMQListener(operator, reading(context, kind, address))
    operator.listeners.append(listener)
    await listener.start()
    await listener.stop()


asyncio.run(main(*sys.argv[1:]))
