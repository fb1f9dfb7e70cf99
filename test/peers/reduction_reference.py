"""Writes what numpy and pyFAI make of seeded frames, as JSON: the curves that arroyojs/reduction is compared with.

Usage: python reduction_reference.py FOLDER [SEED]

Without a seed these are the curves that are committed. With one the frames are others: their counts take the whole
range of their type, with both signs, and for every type there are all corrections, in one dimension and in two.
"""

import json
import logging
import sys
from pathlib import Path

import numpy
import scipy.ndimage

logging.disable(logging.CRITICAL)

import pyFAI
from pyFAI.detectors import Detector
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

ROWS, COLUMNS = 48, 64
# What is added to every seed, and whether counts take the whole range of their type.
BASE = int(sys.argv[2]) if len(sys.argv) > 2 else 0
WIDE = len(sys.argv) > 2
DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]


def numbers(seed, count):
    """The same generator stands in test/reduction/seeded-frames.ts."""
    state = seed + BASE
    made = numpy.empty(count, dtype=numpy.int64)
    for at in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        made[at] = state
    return made


def frame(dtype, seed):
    made = numbers(seed, ROWS * COLUMNS)
    saturated = made % 97 == 0
    kind = numpy.dtype(dtype)
    counts = (wide(made, kind) if WIDE else narrow(made, kind)).astype(kind)
    counts[saturated] = numpy.nan if kind.kind == "f" else numpy.iinfo(kind).max
    return counts.reshape(ROWS, COLUMNS), saturated.reshape(ROWS, COLUMNS)


def narrow(made, kind):
    if kind.kind == "f":
        return (made >> 8) % 1000 / 4
    return (made >> 8) % (100 if kind.itemsize == 1 else 1000)


def wide(made, kind):
    """Never the largest value of the type, which says that a pixel is saturated; one in sixteen is below zero."""
    if kind.kind == "f":
        size = made / 256
    elif kind.itemsize == 8:
        size = made * 2**20
    else:
        size = (made >> 8 if kind.itemsize < 4 else made) % (2 ** (8 * kind.itemsize - (kind.kind == "i")) - 1)
    return numpy.where((made >> 5) % 16 == 0, -size, size) if kind.kind in "fi" else size


def pixel_mask(seed):
    return (numbers(seed, ROWS * COLUMNS) % 13 == 0).reshape(ROWS, COLUMNS)


def dark_map(seed):
    return ((numbers(seed, ROWS * COLUMNS) >> 8) % 16 / 4).astype("float32").reshape(ROWS, COLUMNS)


def flat_map(seed):
    return (0.5 + (numbers(seed, ROWS * COLUMNS) >> 8) % 100 / 100).astype("float32").reshape(ROWS, COLUMNS)


GEOMETRIES = {
    "flat": dict(dist=0.2, poni1=0.0023, poni2=0.0033, rot1=0, rot2=0, rot3=0),
    "turned": dict(dist=0.1, poni1=0.0012, poni2=0.0051, rot1=0.11, rot2=-0.07, rot3=0.3),
}


def cases():
    base = dict(
        geometry="flat", orientation=3, dtype="uint16", unit="r_mm", bins=16, range=[0.1, 3.0], split="no",
        mask=False, dark=False, flat=False, solidAngle=False, polarisation=None, errors="none", azimuth=None,
    )
    everything = dict(mask=True, dark=True, flat=True, solidAngle=True, polarisation=0.9, errors="poisson")
    # In two dimensions pyFAI adds the dark to the variance, in one it does not.
    around = dict(dict(everything, dark=False), bins=8, azimuth=dict(bins=6, range=[-83.0, 68.0]))
    if WIDE:
        for dtype in DTYPES:
            for split in ["no", "bbox"]:
                yield dict(base, dtype=dtype, split=split)
                yield dict(base, dtype=dtype, split=split, **everything)
                yield dict(base, dtype=dtype, split=split, **dict(around, mask=False, errors="none"))
                yield dict(base, dtype=dtype, split=split, **around)
                yield dict(base, dtype=dtype, split=split, geometry="turned", unit="q_A^-1", range=[0.4, 1.0], mask=True)
        return
    for dtype in DTYPES:
        yield dict(base, dtype=dtype)
        yield dict(base, dtype=dtype, split="bbox", **everything)
    units = [("2th_deg", [4.0, 9.5]), ("q_nm^-1", [4.0, 10.0]), ("q_A^-1", [0.4, 1.0]), ("2th_rad", [0.07, 0.165])]
    for unit, reach in units:
        for split in ["no", "bbox"]:
            yield dict(base, geometry="turned", unit=unit, range=reach, split=split, **everything)
    for orientation in [1, 2, 3, 4]:
        yield dict(base, geometry="turned", orientation=orientation, unit="2th_deg", range=[4.0, 9.5], split="bbox", **everything)
    for split in ["no", "bbox"]:
        yield dict(base, geometry="flat", unit="r_mm", split=split, **around)


def integrate(case):
    detector = Detector(pixel1=1e-4, pixel2=1e-4, max_shape=(ROWS, COLUMNS), orientation=case["orientation"])
    integrator = AzimuthalIntegrator(detector=detector, wavelength=1e-10, **GEOMETRIES[case["geometry"]])
    counts, saturated = frame(case["dtype"], 1)
    options = dict(
        unit=case["unit"],
        radial_range=case["range"],
        method=(case["split"], "csr", "cython"),
        mask=saturated | (pixel_mask(2) if case["mask"] else False),
        dark=dark_map(3) if case["dark"] else None,
        flat=flat_map(4) if case["flat"] else None,
        correctSolidAngle=case["solidAngle"],
        polarization_factor=case["polarisation"],
        error_model="poisson" if case["errors"] == "poisson" else None,
    )
    data = numpy.where(saturated, 0, counts).astype("float64")
    if case["azimuth"] is None:
        made = integrator.integrate1d(data, case["bins"], **options)
    else:
        azimuth = case["azimuth"]
        made = integrator.integrate2d(data, case["bins"], azimuth["bins"], azimuth_range=azimuth["range"], **options)
    # What lies just before a range, pyFAI puts into its first bin, and a pixel that reaches out of it is weighted
    # otherwise: bins at the ends are not compared, nor are those with hardly a pixel.
    known = numpy.array(made.count) >= 2
    known[..., [0, -1]] = False
    if case["azimuth"] is not None:
        known[[0, -1], :] = False
    return listed(made.intensity, known), listed(made.sigma, known) if case["errors"] == "poisson" else None


def listed(values, known):
    return [float(value) if is_known else None for value, is_known in zip(numpy.ravel(values), numpy.ravel(known))]


def corrected(dtype):
    """numpy: (counts - dark) / flat / 2, float64; None where masked or not valid."""
    counts, saturated = frame(dtype, 5)
    values = (counts.astype("float64") - dark_map(3)) / flat_map(4) / 2
    left_out = saturated | pixel_mask(2)
    return [None if out else float(value) for value, out in zip(values.ravel(), left_out.ravel())]


def pixel_statistics(dtype):
    """numpy: of each pixel over five frames, and of blocks and a region of one; what is not valid is left out."""
    frames, saturated = zip(*(frame(dtype, seed) for seed in range(11, 16)))
    stack = numpy.ma.masked_array(numpy.array(frames, dtype="float64"), numpy.array(saturated))
    blocks = stack[0].reshape(ROWS // 4, 4, COLUMNS // 8, 8)
    region = stack[0][5:25, 10:50]
    return dict(
        mean=plain(stack.mean(axis=0)),
        variance=plain(stack.var(axis=0, ddof=1)),
        min=plain(stack.min(axis=0)),
        max=plain(stack.max(axis=0)),
        sums=plain(blocks.sum(axis=(1, 3))),
        projection=plain(stack[0].mean(axis=0)),
        region=dict(
            pixels=int(region.count()), sum=float(region.sum()), mean=float(region.mean()),
            variance=float(region.var(ddof=1)), min=float(region.min()), max=float(region.max()),
        ),
    )


def plain(values):
    return [None if value is numpy.ma.masked else float(value) for value in values.ravel()]


LINES = [((3.2, 5.7), (40.1, 60.3), 50), ((30.5, 60.5), (2.0, 1.25), 33)]


def line_cuts():
    """scipy: straight interpolation between pixels, whose middles are whole numbers there."""
    made = []
    for start, end, samples in LINES:
        rows, columns = (numpy.linspace(start[axis], end[axis], samples) - 0.5 for axis in [0, 1])
        values = scipy.ndimage.map_coordinates(dark_map(3).astype("float64"), [rows, columns], order=1)
        made.append({"from": start, "to": end, "samples": samples, "values": [float(value) for value in values]})
    return made


def main(folder):
    made = []
    for case in cases():
        intensity, sigma = integrate(case)
        made.append(dict(case, geometry=GEOMETRIES[case["geometry"]], intensity=intensity, sigma=sigma))
    write(folder / "integration.json", dict(pyFAI=pyFAI.version, numpy=numpy.__version__, cases=made))
    every = 37
    every_pixel = {dtype: pixel_statistics(dtype) for dtype in DTYPES}
    for made in every_pixel.values():
        for name in ["mean", "variance", "min", "max"]:
            made[name] = made[name][::every]
    write(folder / "statistics.json", dict(numpy=numpy.__version__, every=every, frames=every_pixel))
    write(folder / "line-cut.json", dict(scipy=scipy.__version__, cuts=line_cuts()))
    frames = {dtype: corrected(dtype)[::every] for dtype in DTYPES}
    write(folder / "correction.json", dict(numpy=numpy.__version__, every=every, frames=frames))


def write(file, content):
    file.write_text(json.dumps(content) + "\n")


main(Path(sys.argv[1]))
