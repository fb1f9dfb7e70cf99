"""What bench/compression.ts is compared with: the C library of bitshuffle, in one thread.

Usage: python bslz4.py FILE ELEMENT_SIZE ROUNDS. FILE: the bytes of one frame. Prints the shortest times in ms of decoding
and of encoding, then the instructions that the library uses.
"""

import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import bitshuffle
import numpy

path, element_size, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
frame = numpy.fromfile(path, dtype="uint%d" % (8 * element_size))


def best(work):
    shortest = float("inf")
    for _ in range(rounds):
        before = time.perf_counter()
        made = work()
        shortest = min(shortest, time.perf_counter() - before)
    return 1e3 * shortest, made


encode_ms, packed = best(lambda: bitshuffle.compress_lz4(frame))
decode_ms, unpacked = best(lambda: bitshuffle.decompress_lz4(packed, frame.shape, frame.dtype))
assert numpy.array_equal(unpacked, frame)
used = [name for name in ("AVX512", "AVX2", "NEON", "SSE2") if getattr(bitshuffle, "using_" + name, lambda: False)()]
print(decode_ms, encode_ms, used[0] if used else "none")
