"""Writes random messages, by the systems' own packages where there are some, with what they must be decoded to.

Needs numpy, msgpack, msgpack-numpy, karabo-bridge 0.7, ess-streaming-data-types 0.27, cbor2 6 and bitshuffle; prints
nothing. `npm test` reads what was written, without Python. Run it in this folder: python make.py
"""

import base64
import hashlib
import json
import random
import struct
from pathlib import Path

import bitshuffle
import cbor2
import msgpack
import msgpack_numpy
import numpy as np
from cbor2 import CBORTag
from karabo_bridge import serializer
from streaming_data_types import area_detector_ad00, dataarray_da00, eventdata_ev44, logdata_f144

SEED = 20261122
COUNT = 12
rng = np.random.default_rng(SEED)
random.seed(SEED)

NAMES = {"b1": "bool", "f2": "float16"} | {np.dtype(c).str[1:]: np.dtype(c).name for c in "BHIQbhilfd"}
PLAIN = [code for code in NAMES if code not in ("b1", "f2")]
LITTLE = {"u1": 64, "u2": 69, "u4": 70, "u8": 71, "i1": 72, "i2": 77, "i4": 78, "i8": 79, "f2": 84, "f4": 85, "f8": 86}
BIG = {"u1": 64, "u2": 65, "u4": 66, "u8": 67, "i1": 72, "i2": 73, "i4": 74, "i8": 75, "f2": 80, "f4": 81, "f8": 82}


def array(codes, most=3, scalars=False):
    """Makes an array of random type, shape and contents, with the extremes of its type."""
    code = random.choice(codes)
    shape = tuple(0 if random.random() < 0.08 else random.randint(1, 9) for _ in range(random.randint(1, most)))
    if scalars and random.random() < 0.1:
        shape = ()
    count = int(np.prod(shape))
    if code == "b1":
        return rng.integers(0, 2, count).astype(bool).reshape(shape)
    if code[0] == "f":
        values = rng.normal(size=count).astype("<" + code)
        for place, special in enumerate([np.nan, np.inf, -np.inf][:count]):
            if random.random() < 0.3:
                values[place] = special
        return values.reshape(shape)
    limits = np.iinfo(code)
    values = rng.integers(limits.min, limits.max, count, dtype="<" + code, endpoint=True)
    if count and random.random() < 0.5:
        values[0] = max(limits.min, -100)
    return values.reshape(shape)


def told(value):
    """Gives a number as the vectors have it."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        value = int(value)
        return value if abs(value) < 2**53 else {"$bigint": str(value)}
    value = float(value)
    if value != value:
        return {"$float": "NaN"}
    if value in (float("inf"), float("-inf")):
        return {"$float": "Infinity" if value > 0 else "-Infinity"}
    return value


def described(values):
    little = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<")))
    return {
        "dtype": NAMES[values.dtype.str[1:]],
        "shape": list(values.shape),
        "sha256": hashlib.sha256(little.tobytes()).hexdigest(),
        "first": [told(value) for value in little.reshape(-1)[:8]],
    }


def event(sequence, metadata, arrays, run=None):
    expected = {name: described(values) for name, values in arrays.items()}
    return {"kind": "event", "run": run, "sequence": sequence, "metadata": metadata, "arrays": expected}


def place(name):
    return {"$array": name}


def karabo(number):
    data, metadata, sources, arrays = {}, {}, {}, {}
    for source in (f"SOURCE/{index}" for index in range(random.randint(1, 3))):
        properties = {f"p{index}.x": array(list(NAMES), scalars=True) for index in range(random.randint(0, 4))}
        for key, values in properties.items():
            if random.random() < 0.3:
                properties[key] = values.astype(values.dtype.newbyteorder(">"))
        number_or_text = random.choice([1, -5, 2**40, 2**63, 1.5, "text", None, True, [1, "x"]])
        data[source] = {**properties, "n": number_or_text}
        metadata[source] = {"source": source, "timestamp": 1.5, "timestamp.tid": 1000 + number}
        plain = isinstance(number_or_text, (str, list, type(None)))
        sources[source] = {key: place(f"sources/{source}/{key}") for key in properties}
        sources[source]["n"] = number_or_text if plain else told(number_or_text)
        arrays |= {f"sources/{source}/{key}": values for key, values in properties.items()}
    frames = serializer.serialize(data, metadata, protocol_version=random.choice(["1.0", "2.2"]))
    return [bytes(frame) for frame in frames], event(1000 + number, {"sources": sources, "metadata": metadata}, arrays), {}


def ess(number):
    kind = number % 4
    if kind == 0:
        count = random.randint(0, 50)
        arrays = {
            "reference_time": np.sort(rng.integers(0, 2**62, 3)),
            "reference_time_index": np.sort(rng.integers(0, count + 1, 3)).astype("i4"),
            "time_of_flight": rng.integers(0, 2**31, count).astype("i4"),
            "pixel_id": rng.integers(0, 2**31, random.choice([0, count])).astype("i4"),
        }
        message_id = random.choice([number, 2**60])
        frame = eventdata_ev44.serialise_ev44("source", message_id, *arrays.values())
        fields = {"schema": "ev44", "source_name": "source", "message_id": told(message_id)}
        return [frame], event(told(message_id), fields | {name: place(name) for name in arrays}, arrays), {}
    if kind == 1:
        image = array(PLAIN)
        frame = area_detector_ad00.serialise_ad00("camera", number, 123_456_789_012_345, image)
        fields = {"schema": "ad00", "source_name": "camera", "id": number, "timestamp": 123_456_789_012_345}
        return [frame], event(number, fields | {"data": place("data"), "attributes": []}, {"data": image}), {}
    if kind == 2:
        variables, expected, arrays = [], [], {}
        for index in range(random.randint(1, 4)):
            name, values = f"v{index}" if index else "signal", array(PLAIN)
            axes = [f"axis{axis}" for axis in range(values.ndim)]
            variables.append(dataarray_da00.Variable(name=name, data=values, axes=axes, unit="m"))
            fields = {"name": name, "unit": "m", "label": None, "source": None, "axes": axes}
            expected.append({**fields, "shape": list(values.shape), "data": place(f"variables/{index}/data")})
            arrays[f"variables/{index}/data"] = values
        fields = {"schema": "da00", "source_name": "histogram", "timestamp": 5, "variables": expected}
        return [dataarray_da00.serialise_da00("histogram", 5, variables)], event(None, fields, arrays), {}
    value = array(PLAIN, most=1)
    value = np.zeros(1, value.dtype)[0] if value.size == 0 else random.choice([value, value[0]])
    fields = {"schema": "f144", "source_name": "motor", "timestamp": 7, "dtype": NAMES[value.dtype.str[1:]]}
    fields["value"] = place("value") if value.ndim else told(value)
    frame = logdata_f144.serialise_f144("motor", value, 7)
    return [frame], event(None, fields, {"value": value} if value.ndim else {}), {}


def bluesky(number):
    image, scalar = array(list(NAMES), scalars=True), array(PLAIN, most=1)
    scalar = np.zeros(1, scalar.dtype)[0] if scalar.size == 0 else scalar[0]
    doc = {"uid": "u", "time": 1.5, "seq_num": number + 1, "filled": {}, "descriptor": "d", "timestamps": {"img": 2**60}}
    doc["data"] = {"img": image, "scalar": scalar, "nothing": float("nan")}
    data = {"img": place("doc/data/img"), "scalar": told(scalar), "nothing": told(float("nan"))}
    expected = {"name": "event", "doc": {**doc, "timestamps": {"img": told(2**60)}, "data": data}}
    return doc, expected, {"doc/data/img": image}


def bluesky_zmq(number):
    doc, expected, arrays = bluesky(number)
    frame = b"prefix event " + msgpack.packb(doc, default=msgpack_numpy.encode)
    return [frame], event(number + 1, {"prefix": "prefix", **expected}, arrays), {"serializer": "msgpack"}


def bluesky_kafka(number):
    doc, expected, arrays = bluesky(number)
    frame = msgpack.packb(["event", doc], default=msgpack_numpy.encode)
    return [frame], event(number + 1, expected, arrays), {"kafka": {"topic": "t", "key": "k"}}


def arroyosas(number):
    image = array(PLAIN)
    packed = {"data": image.tobytes(), "dtype": image.dtype.name, "shape": list(image.shape)}
    message = {"msg_type": "event", "image": {"array": packed}, "frame_number": number, "tiled_url": "x"}
    expected = {**message, "image": {"array": place("image/array")}}
    return [msgpack.packb(message)], event(number, expected, {"image/array": image}), {}


def arroyopy(number):
    image, other = array(list(NAMES)), array(list(NAMES), scalars=True)
    message = {"msg_type": "event", "image": image, "also": [other], "frame_number": number}
    expected = {**message, "image": place("image"), "also": [place("also/0")]}
    frame = msgpack.packb(message, default=msgpack_numpy.encode)
    return [frame], event(number, expected, {"image": image, "also/0": other}), {}


def framed(values):
    """Compresses as HDF5 chunks are."""
    block = max(8192 // values.itemsize // 8 * 8, 128)
    header = struct.pack(">QI", values.nbytes, block * values.itemsize)
    return header + bytes(bitshuffle.compress_lz4(values.view(f"u{values.itemsize}")))


def dectris_v2(number):
    data, expected, arrays = {}, {}, {}
    for channel in (f"threshold_{index + 1}" for index in range(random.randint(1, 3))):
        code = random.choice(list(LITTLE))
        image = np.resize(array([code], most=1), (random.randint(1, 9), random.randint(1, 9)))
        is_big, by_columns = random.random() < 0.3, random.random() < 0.2
        wire = image.astype((">" if is_big else "<") + code)
        content = np.ascontiguousarray(wire.T if by_columns else wire).reshape(-1)
        is_small = not by_columns and random.random() < 0.5
        bytes_or_tag = CBORTag(56500, ["bslz4", wire.itemsize, framed(content)]) if is_small else content.tobytes()
        typed = CBORTag((BIG if is_big else LITTLE)[code], bytes_or_tag)
        data[channel] = CBORTag(1040 if by_columns else 40, [list(image.shape), typed])
        expected[channel] = place(f"data/{channel}")
        arrays[f"data/{channel}"] = image
    fields = {"type": "image", "image_id": random.choice([number, 2**33, 2**53 - 1])}
    fields |= {"series_id": 2**40, "series_unique_id": "S"}
    date = "2026-01-15T10:20:30.123456Z"
    message = {**fields, "series_date": CBORTag(0, date), "user_data": {"b": b"xy", "u": 2**63}, "data": data}
    user = {"b": {"$bytes": "eHk="}, "u": told(2**63)}
    told_fields = {**fields, "series_date": date, "user_data": user, "data": expected}
    return [cbor2.dumps(message)], event(fields["image_id"], told_fields, arrays, run="S"), {}


def bslz4(number):
    values = array(PLAIN)
    values = np.arange(9, dtype=values.dtype) if values.size == 0 else values
    compressed, block = framed(values.reshape(-1)), max(8192 // values.itemsize // 8 * 8, 128)
    has_header = random.random() < 0.5
    params = {"elemSize": values.itemsize, "rawBytes": values.nbytes}
    metadata = {**params, "header": "hdf5" if has_header else "none", "blockElements": block}
    params |= {"dtype": values.dtype.name, "shape": list(values.shape)}
    return [compressed if has_header else compressed[12:]], event(None, metadata, {"data": values}), {"params": params}


def array_1_0(number):
    values, is_big = array([code for code in NAMES if code != "b1"], most=4), random.random() < 0.4
    header = {"htype": "array-1.0", "shape": list(values.shape), "type": NAMES[values.dtype.str[1:]], "frame": number}
    if is_big:
        header[random.choice(["endianess", "endianness"])] = "big"
    blob = values.astype(values.dtype.newbyteorder(">" if is_big else "<")).tobytes()
    return [json.dumps(header).encode(), blob], event(number, {"header": header}, {"data": values}), {}


def stins(number):
    values = array([code for code in NAMES if code != "b1"], most=4)
    header = {"htype": "image", "msg_number": number, "frame": 0, "compression": random.choice(["none", "bslz4"])}
    if values.size == 0:
        header["compression"] = "none"
    header |= {"shape": list(values.shape), "type": NAMES[values.dtype.str[1:]], "x": float("nan")}
    blob = framed(values.reshape(-1)) if header["compression"] == "bslz4" else values.tobytes()
    frames = [json.dumps(header).encode(), blob]
    return frames, event(number, {"header": {**header, "x": told(float("nan"))}}, {"data": values}), {}


MAKERS = {
    "array-1.0": array_1_0,
    "arroyopy": arroyopy,
    "arroyosas": arroyosas,
    "bluesky-kafka": bluesky_kafka,
    "bluesky-zmq": bluesky_zmq,
    "bslz4": bslz4,
    "dectris-v2": dectris_v2,
    "ess": ess,
    "karabo-bridge": karabo,
    "stins": stins,
}

for name, make in MAKERS.items():
    lines = []
    for number in range(COUNT):
        frames, expect, more = make(number)
        texts = [base64.b64encode(frame).decode() for frame in frames]
        lines.append({"format": name, "name": f"made-{number}", "frames": texts, "expect": expect, **more})
    Path(f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
