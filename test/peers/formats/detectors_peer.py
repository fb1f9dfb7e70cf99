"""Streams of detectors, by what packages there are for them, and else by their public description.

python detectors_peer.py send FORMAT ADDRESS COMPRESSION
python detectors_peer.py receive FORMAT ADDRESS COUNT

stins is written by dranspose's models and read by its parser, as is a series of dectris-v1; arrays are compressed and
decompressed by the filters of HDF5. A sender says each message in the layout of arroyojs, a receiver what it read.
"""

import json
import sys

import msgpack
import numpy
import zmq
from dranspose.data.stream1 import Stream1Data, Stream1End, Stream1Start
from dranspose.event import StreamData
from dranspose.middlewares import eiger_legacy, stream1
from hdf5_blobs import compressed, decompressed
from peer import counts, image, say

SHAPE = (24, 40)


def text(fields, end=""):
    return (json.dumps(fields) + end).encode()


def event(content, payload):
    return {"type": "event", "content": content, "payload": payload}


def stins(compression):
    def parts(packet):
        return [frame.bytes for frame in packet.to_stream_data().frames]

    header = Stream1Start(msg_number=374, filename="/data/run12.h5", run_id="r12")
    yield parts(header), {"type": "start", "content": {"header": header.model_dump(exclude_unset=True) | {"htype": "header"}}}
    number = 375
    for dtype in ["uint8", "uint16", "uint32", "int32", "float32", "float64"]:
        array = image(dtype, SHAPE, number)
        if compression == "none":
            packet = Stream1Data(msg_number=number, frame=number - 375, shape=list(SHAPE), type=dtype, compression="none", data=array)
            frames, fields = parts(packet), packet.model_dump(exclude={"data"})
        else:
            fields = dict(msg_number=number, htype="image", frame=number - 375, shape=list(SHAPE), type=dtype, compression="bslz4")
            frames = [text(fields), compressed(array, "bslz4")]
        yield frames, event({"header": fields}, array)
        number += 1
    end = Stream1End(msg_number=number)
    yield parts(end), {"type": "stop", "content": {"header": end.model_dump()}}


def read_stins(parts):
    packet = stream1.parse(StreamData(typ="STINS", frames=parts))
    if not isinstance(packet, Stream1Data):
        return packet.model_dump()
    fields = packet.model_dump(exclude={"data"})
    if packet.compression == "none":
        return {**fields, "image": packet.data}
    return {**fields, "image": decompressed(parts[1], packet.type, packet.shape, "bslz4")}


def odin(compression):
    for number, dtype in enumerate(["uint8", "uint16", "uint32", "uint64", "float"]):
        array = image("float32" if dtype == "float" else dtype, SHAPE, number)
        blob = array.tobytes() if compression == "none" else compressed(array, compression.lower())
        header = {"frame_num": 10 * number, "acquisition_id": "acq-17", "dtype": dtype, "dsize": len(blob), "dataset": "data",
                  "compression": compression, "tags": ["a"], "shape": [str(length) for length in SHAPE]}
        yield [text(header), blob], event({"header": header}, array)


def read_odin(parts):
    header = json.loads(parts[0])
    dtype, shape = header["dtype"], [int(length) for length in header["shape"]]
    dtype = "float32" if dtype == "float" else dtype
    assert header["dsize"] == len(parts[1])
    if header["compression"] == "none":
        array = numpy.frombuffer(parts[1], dtype).reshape(shape)
    else:
        array = decompressed(parts[1], dtype, shape, header["compression"].lower())
    return {"frame": header["frame_num"], "acquisition": header["acquisition_id"], "image": array}


def slsdetector(_):
    for number, bits in enumerate([8, 12, 16, 32]):
        dtype = {8: "uint8", 12: "uint16", 16: "uint16", 32: "uint32"}[bits]
        array = image(dtype, (32, 64), number)
        header = {"jsonversion": 5, "bitmode": bits, "fileIndex": 3, "detshape": [1, 1], "shape": [64, 32], "size": array.nbytes,
                  "acqIndex": 3, "frameIndex": number, "progress": 12.5, "fname": "run", "data": 1, "completeImage": 1,
                  "frameNumber": 2**60 + number, "expLength": 100, "packetNumber": 128, "timestamp": 74129811, "modId": 0, "row": 0,
                  "column": 0, "detType": 3, "version": 2, "flipRows": 0, "quad": 0, "addJsonHeader": {"energy": "12.4"}}
        yield [text(header, "\n"), array.tobytes()], event({"header": header}, array)
    end = {"jsonversion": 5, "bitmode": 32, "fileIndex": 3, "detshape": [1, 1], "shape": [0, 0], "size": 0, "data": 0}
    yield [text(end, "\n")], {"type": "stop"}


def read_slsdetector(parts):
    header = json.loads(parts[0])
    if header["data"] == 0:
        assert len(parts) == 1
        return {"end": header["fileIndex"]}
    dtype = {8: "uint8", 16: "uint16", 32: "uint32"}[header["bitmode"]]
    columns, rows = header["shape"]
    assert header["size"] == len(parts[1]) and header["jsonversion"] in (4, 5)
    array = numpy.frombuffer(parts[1], dtype).reshape(rows, columns)
    return {"frame": header["frameIndex"], "file": header["fileIndex"], "image": array}


def array10(_):
    for number, dtype in enumerate(["uint8", "int16", ">u2", "uint32", ">i4", "uint64", "float32", ">f8"]):
        array = counts(dtype, (2, 6, 8), number)
        header = {"htype": "array-1.0", "shape": [2, 6, 8], "type": array.dtype.name, "frame": number, "source": "cam1"}
        # One is spelt as some senders do.
        if array.dtype.byteorder == ">":
            header["endianess" if number == 2 else "endianness"] = "big"
        yield [text(header), array.tobytes()], event({"header": header}, array)


def read_array10(parts):
    header = json.loads(parts[0])
    assert header["htype"] == "array-1.0" and header.get("encoding", "") in ("", "none")
    dtype = numpy.dtype(header["type"]).newbyteorder({"big": ">"}.get(header.get("endianness", header.get("endianess")), "<"))
    return {"frame": header["frame"], "image": numpy.frombuffer(parts[1], dtype).reshape(header["shape"])}


def timepix(_):
    settings = {"n_bins": 7, "t_delta_ns": 10, "collapse_y": False, "scan_name": "scan 1"}
    start = {"msg_type": "start", **settings}
    yield [msgpack.packb(start)], {"type": "start", "content": start}
    for number in range(3):
        array = counts("uint32", (12, 10, 7), number)
        fields = {"msg_type": "event", **settings, "shape": list(array.shape), "dtype": "uint32", "timestamp": 1.5 + number,
                  "flush_number": number + 1, "total_cycles": 1000 * number}
        yield [msgpack.packb(fields), array.tobytes()], event(fields, array)
    stop = {"msg_type": "stop", "scan_name": "scan 1"}
    yield [msgpack.packb(stop)], {"type": "stop", "content": stop}


def read_timepix(parts):
    fields = msgpack.unpackb(parts[0])
    if fields["msg_type"] != "event":
        return {name: fields[name] for name in ["msg_type", "scan_name"]}
    array = numpy.frombuffer(parts[1], fields["dtype"]).reshape(fields["shape"])
    return {"flush": fields["flush_number"], "scan": fields["scan_name"], "image": array}


def arroyoxps(_):
    """Two messages for each event: its header, and its frame, which is big-endian."""
    for name, dtype in {"U16": ">u2", "I32": ">i4", "Single Float": ">f4", "Double Float": ">f8", "U8": "u1"}.items():
        start = {"msg_type": "start", "Pass Energy": 200, "Lens Mode": "x", "data_type": name,
                 "Rectangle": {"Left": 8, "Top": 5, "Right": 28, "Bottom": 17, "Rotation": 0}}
        yield [text(start)], {"type": "start", "content": {"header": start}}
        for number in range(2):
            array = counts(dtype, (12, 20), number)
            header = {"msg_type": "event", "Frame Number": number}
            yield [text(header)], None
            yield [array.tobytes()], event({"header": header}, array)
        stop = {"msg_type": "stop", "Num Frames": 2}
        yield [text(stop)], {"type": "stop", "content": {"header": stop}}


class Xps:
    """Reads a frame as what its header and the start before it say."""

    def __init__(self):
        self.start, self.number = None, None

    def __call__(self, parts):
        (part,) = parts
        if self.number is not None:
            frame, self.number = self.number, None
            rectangle = self.start["Rectangle"]
            dtype = {"U16": ">u2", "Single Float": ">f4"}[self.start["data_type"]]
            shape = rectangle["Bottom"] - rectangle["Top"], rectangle["Right"] - rectangle["Left"]
            return {"frame": frame, "image": numpy.frombuffer(part, dtype).reshape(shape)}
        fields = json.loads(part)
        if fields["msg_type"] == "start":
            self.start = fields
        if fields["msg_type"] == "event":
            self.number = fields["Frame Number"]
            return None
        return {"msg_type": fields["msg_type"]}


def read_dectris_v1(parts):
    packet = eiger_legacy.parse(StreamData(typ="EIGER_LEGACY", frames=parts))
    if packet.htype != "dimage-1.0":
        return packet.model_dump()
    data = packet.data
    assert data["size"] == len(data["buffer"]) and data["encoding"] == "bs16-lz4<"
    array = decompressed(data["buffer"], data["type"], data["shape"][::-1], "bslz4")
    return {"frame": packet.frame, "series": packet.series, "image": array, "times": packet.config}


WRITE = {"stins": stins, "odin": odin, "slsdetector": slsdetector, "array-1.0": array10, "timepix": timepix, "arroyoxps": arroyoxps}
READ = {"stins": read_stins, "odin": read_odin, "slsdetector": read_slsdetector, "array-1.0": read_array10, "timepix": read_timepix,
        "arroyoxps": Xps(), "dectris-v1": read_dectris_v1}


def main(role, form, address, argument):
    context = zmq.Context()
    socket = context.socket(zmq.PUSH if role == "send" else zmq.PULL)
    if role == "send":
        socket.bind(address)
        for frames, said in WRITE[form](argument):
            socket.send_multipart(frames)
            if said is not None:
                say(said)
    else:
        socket.connect(address)
        for _ in range(int(argument)):
            said = READ[form](socket.recv_multipart())
            if said is not None:
                say(said)
    socket.close()
    context.term()


main(*sys.argv[1:])
