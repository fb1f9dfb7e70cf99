"""The messages of an application of arroyopy, and their form in bytes, which each application writes for itself.

One part, one MessagePack map, as arroyosas has it: `msg_type`, and an image as `{data, dtype, shape}`. With
`form="msgpack-numpy"` arrays are packed as msgpack-numpy does.
"""

import msgpack
import msgpack_numpy
import numpy
from arroyopy import Publisher
from arroyopy.schemas import Event, NumpyArrayModel, Start, Stop
from pydantic import field_serializer, field_validator


class Image(NumpyArrayModel):
    @field_validator("array", mode="before")
    @classmethod
    def from_map(cls, value):
        if not isinstance(value, dict):
            return value
        return numpy.frombuffer(value["data"], value["dtype"]).reshape(value["shape"])

    @field_serializer("array")
    def to_map(self, value, info):
        if info.context == "msgpack-numpy":
            return value
        return {"data": value.tobytes(), "dtype": value.dtype.name, "shape": value.shape}


class FrameStart(Start):
    msg_type: str = "start"
    run_name: str
    run_id: str
    width: int
    height: int
    data_type: str
    tiled_url: str


class FrameEvent(Event):
    msg_type: str = "event"
    image: Image
    frame_number: int
    tiled_url: str


class FrameStop(Stop):
    msg_type: str = "stop"
    num_frames: int


KINDS = {"start": FrameStart, "event": FrameEvent, "stop": FrameStop}


def to_bytes(message, form="map"):
    fields = message.model_dump(context=form)
    return msgpack.packb(fields, default=msgpack_numpy.encode if form == "msgpack-numpy" else None)


def from_bytes(data):
    fields = msgpack.unpackb(data, object_hook=msgpack_numpy.decode)
    return KINDS[fields["msg_type"]](**fields)


class FramePublisher(Publisher):
    def __init__(self, socket, form="map"):
        self.socket = socket
        self.form = form

    async def publish(self, message):
        await self.socket.send(to_bytes(message, self.form))
