"""The streams of DECTRIS detectors, by cbor2, dectris-compression, and the filters of HDF5.

python dectris_peer.py send v1|v2 ADDRESS COMPRESSION
python dectris_peer.py receive v1|v2 ADDRESS COUNT

Version 2 is CBOR with typed arrays in tags; version 1 is written from its public description, for there is no package.
Both say what they send or receive in the layout of arroyojs.
"""

import json
import sys

import bitshuffle
import cbor2
import lz4.block
import numpy
import zmq
from hdf5_blobs import compressed, decompressed
from peer import image, say

try:
    from dectris.compression import decompress
except ModuleNotFoundError:  # it has to be compiled; the run says that it is not there
    decompress = None

DTYPES = ["uint8", "uint16", "uint32"]
SHAPE = (30, 44)
TAGS = {"uint8": 64, "uint16": 69, "uint32": 70, "uint64": 71, "int8": 72, "int16": 77, "int32": 78, "int64": 79, "float32": 85, "float64": 86}
NAMES = {tag: name for name, tag in TAGS.items()}
DATE = "2023-11-14T22:13:20.123456Z"


def packed(array, compression):
    """Bytes of an array in version 2: tag 56500 around them where they are compressed."""
    if compression == "none":
        return array.tobytes()
    size = 0 if compression == "lz4" else array.itemsize
    return cbor2.CBORTag(56500, [compression, size, compressed(array, compression)])


def tagged(array, compression, column_major=False):
    typed = cbor2.CBORTag(TAGS[array.dtype.name], packed(array.T.copy() if column_major else array, compression))
    return cbor2.CBORTag(1040 if column_major else 40, [list(array.shape), typed])


def send_v2(socket, compression):
    ids = {"series_id": 2**33, "series_unique_id": "01HF8"}
    mask = image("uint32", SHAPE, 1)
    table = numpy.linspace(1, 2, 6).astype("float32")
    start = {"type": "start", **ids, "arm_date": DATE, "channels": ["threshold_1", "threshold_2"], "image_dtype": "uint16",
             "image_size_x": SHAPE[1], "image_size_y": SHAPE[0], "number_of_images": len(DTYPES),
             "threshold_energy": {"threshold_1": 6350.0, "threshold_2": 9000.5}, "user_data": {"a": [1, None, b"\x00"]},
             "flatfield_enabled": True, "beam_center_x": 22.25}
    socket.send(cbor2.dumps({**start, "arm_date": cbor2.CBORTag(0, DATE), "pixel_mask": {"threshold_1": tagged(mask, compression)},
                             "countrate_correction_lookup_table": cbor2.CBORTag(85, table.tobytes())}))
    say({"type": "start", "content": {**start, "pixel_mask": {"threshold_1": mask}, "countrate_correction_lookup_table": table}})
    for number, dtype in enumerate(DTYPES):
        first, second = image(dtype, SHAPE, number), image(dtype, SHAPE, number + 10)
        fields = {"type": "image", **ids, "image_id": number, "series_date": DATE, "real_time": [1000000, 1000000000],
                  "start_time": [number, 1000], "stop_time": [number + 1, 1000], "user_data": "x"}
        turned = number == 1 and compression == "none"
        data = {"threshold_1": tagged(first, compression), "threshold_2": tagged(second, compression, turned)}
        socket.send(cbor2.dumps({**fields, "series_date": cbor2.CBORTag(0, DATE), "data": data}))
        say({"type": "event", "content": {**fields, "data": {"threshold_1": first, "threshold_2": second}}, "payload": first})
    socket.send(cbor2.dumps({"type": "end", **ids}))
    say({"type": "stop", "content": {"type": "end", **ids}})


def unpacked(tag, _immutable):
    """What a client does with the tags that cbor2 leaves to it."""
    if tag.tag == 56500:
        name, size, blob = tag.value
        if decompress is None:
            dtype = f"u{max(size, 1)}"
            length = int.from_bytes(blob[:8], "big") // max(size, 1)
            return decompressed(blob, dtype, (length,), name).tobytes()
        return bytes(decompress(blob, name, elem_size=max(size, 1)))
    if tag.tag in NAMES:
        return numpy.frombuffer(tag.value, NAMES[tag.tag])
    if tag.tag == 40:
        shape, values = tag.value
        return values.reshape(shape)
    return tag


def receive_v2(parts):
    (part,) = parts
    message = cbor2.loads(part, tag_hook=unpacked)
    # cbor2 gives an object for a date.
    return {key: value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value for key, value in message.items()}


def blob_v1(array, compression):
    bits = 8 * array.itemsize
    if compression == "none":
        return "<", array.tobytes()
    if compression == "lz4":
        return "lz4<", lz4.block.compress(array.tobytes(), store_size=False)
    if compression == "lz4-framed":
        return "lz4<", compressed(array, "lz4")
    # As the Python package does it: the frame around the blocks is the detector's.
    header = array.nbytes.to_bytes(8, "big") + (8192).to_bytes(4, "big")
    return f"bs{bits}-lz4<", header + bitshuffle.compress_lz4(array, 8192 // array.itemsize).tobytes()


def parts_of(*parts):
    return [part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts]


def send_v1(socket, compression):
    header = {"htype": "dheader-1.0", "series": 7, "header_detail": "all"}
    config = {"beam_center_x": 22.25, "detector_number": "E-01", "nimages": len(DTYPES)}
    flat, mask = (image("uint16", SHAPE, 1) / 3).astype("float32"), image("uint32", SHAPE, 2)
    table = numpy.arange(10, dtype="float32").reshape(2, 5)
    turned = [SHAPE[1], SHAPE[0]]
    socket.send_multipart(parts_of(
        header, config,
        {"htype": "dflatfield-1.0", "shape": turned, "type": "float32"}, flat.tobytes(),
        {"htype": "dpixelmask-1.0", "shape": turned, "type": "uint32"}, mask.tobytes(),
        {"htype": "dcountrate_table-1.0", "shape": [2, 5], "type": "float32"}, table.tobytes(),
        {"user": "x"},
    ))
    say({"type": "start", "content": {"header": header, "config": config, "flatfield": flat, "pixelmask": mask,
                                      "countrate_table": table, "appendix": {"user": "x"}}})
    for number, dtype in enumerate(DTYPES):
        array = image(dtype, SHAPE, number)
        encoding, blob = blob_v1(array, compression)
        first = {"htype": "dimage-1.0", "series": 7, "frame": number, "hash": "fc67f000d08fe6b380ea9434b8362d22"}
        second = {"htype": "dimage_d-1.0", "shape": turned, "type": dtype, "encoding": encoding, "size": len(blob)}
        third = {"htype": "dconfig-1.0", "start_time": number, "stop_time": number + 1, "real_time": 1}
        socket.send_multipart(parts_of(first, second, blob, third, "free text".encode()))
        say({"type": "event", "content": {"header": first, "image": second, "times": third, "appendix": "free text"}, "payload": array})
    end = {"htype": "dseries_end-1.0", "series": 7}
    socket.send_multipart(parts_of(end))
    say({"type": "stop", "content": {"header": end}})


def receive_v1(parts):
    """Reads the blobs of images; a client of version 1 knows a message by its first part and by their number."""
    first = json.loads(parts[0])
    if first["htype"] == "dheader-1.0":
        return {"header": first, "config": json.loads(parts[1]) if len(parts) > 1 else None}
    if first["htype"] == "dseries_end-1.0":
        return {"header": first}
    second, blob = json.loads(parts[1]), parts[2]
    assert second["size"] == len(blob) and json.loads(parts[3])["htype"] == "dconfig-1.0"
    dtype, shape = numpy.dtype(second["type"]), second["shape"][::-1]
    if second["encoding"] == "<":
        array = numpy.frombuffer(blob, dtype).reshape(shape)
    elif second["encoding"] == "lz4<":
        size = int(numpy.prod(shape)) * dtype.itemsize
        array = numpy.frombuffer(lz4.block.decompress(blob, uncompressed_size=size), dtype).reshape(shape)
    else:
        assert second["encoding"] == f"bs{8 * dtype.itemsize}-lz4<"
        array = decompressed(blob, dtype, shape, "bslz4")
    return {"frame": first["frame"], "image": array}


def main(role, version, address, argument):
    context = zmq.Context()
    socket = context.socket(zmq.PUSH if role == "send" else zmq.PULL)
    if role == "send":
        socket.bind(address)
        {"v1": send_v1, "v2": send_v2}[version](socket, argument)
    else:
        socket.connect(address)
        for _ in range(int(argument)):
            say({"v1": receive_v1, "v2": receive_v2}[version](socket.recv_multipart()))
    socket.close()
    context.term()


main(*sys.argv[1:])
