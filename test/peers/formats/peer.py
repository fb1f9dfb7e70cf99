"""What the programs of this folder share: how they say what they sent or received.

Each prints a line of JSON for each message. Arrays are said by element type, shape and a digest of their bytes, in C
order and little-endian, so that the other side says the same of the same array, whatever the wire does with it.
"""

import hashlib
import json
import math
import sys

import numpy

SAFE = 2**53 - 1


def seen(value):
    """Says of a value what seen.ts says of it."""
    if isinstance(value, numpy.ndarray):
        plain = numpy.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        return {"array": [value.dtype.name, list(value.shape), hashlib.sha256(plain.tobytes()).hexdigest()]}
    if isinstance(value, numpy.generic):
        return seen(value.item())
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, dict):
        return {str(key): seen(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [seen(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > SAFE:
        return {"integer": str(value)}
    return value


def say(what):
    print(json.dumps(seen(what)), flush=True)


def heard():
    """Gives the lines of JSON on standard input, as they come."""
    for line in sys.stdin:
        yield json.loads(line)


def counts(dtype, shape, seed):
    """Makes an array of an element type that has every bit set somewhere, and for floats no NaN."""
    kind = numpy.dtype(dtype)
    random = numpy.random.default_rng(seed)
    if kind.kind == "b":
        return random.integers(0, 2, shape).astype(kind)
    if kind.kind == "f":
        return random.normal(0, 1000, shape).astype(kind)
    limits = numpy.iinfo(kind)
    return random.integers(limits.min, limits.max, shape, dtype=kind.newbyteorder("="), endpoint=True).astype(kind)


def image(dtype, shape, seed):
    """Makes an image of small counts, as detectors see them, with a saturated pixel."""
    kind = numpy.dtype(dtype)
    made = (numpy.arange(numpy.prod(shape)) * 7 + seed * 13) % 50
    made = made.astype(kind).reshape(shape)
    made.flat[seed % made.size] = numpy.inf if kind.kind == "f" else numpy.iinfo(kind).max
    return made
