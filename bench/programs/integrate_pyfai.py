"""What bench/reduction.ts is compared with: pyFAI's look-up table (CSR) with one thread.

Usage: python integrate_pyfai.py FILE SIDE BINS ROUNDS. FILE is that of integrate.c. Prints the shortest time in ms, then
the curve, over rings of one pixel around the point (1024.3, 1023.6).
"""

import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import logging

import numpy

logging.disable(logging.CRITICAL)

from pyFAI.detectors import Detector
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

path, side, bins, rounds = sys.argv[1], *map(int, sys.argv[2:])
pixels = side * side
bytes_ = numpy.fromfile(path, dtype="uint8")
counts = bytes_[8 : 8 + 2 * pixels].view("uint16").reshape(side, side)
dark = bytes_[8 + 4 * pixels : 8 + 8 * pixels].view("float32").reshape(side, side)
norm = bytes_[8 + 8 * pixels : 8 + 12 * pixels].view("float32").reshape(side, side)

# One metre a pixel is a thousand of its units.
detector = Detector(pixel1=1.0, pixel2=1.0, max_shape=(side, side))
integrator = AzimuthalIntegrator(dist=1, poni1=1024.3, poni2=1023.6, detector=detector)
options = dict(
    unit="r_m", radial_range=(0, bins), method=("no", "csr", "cython"), dark=dark, flat=norm, dummy=65535,
    delta_dummy=0.5, correctSolidAngle=False,
)
best = float("inf")
for _ in range(rounds + 1):
    before = time.perf_counter()
    made = integrator.integrate1d(counts, bins, **options)
    best = min(best, time.perf_counter() - before)
print(best * 1e3)
for value in made.intensity:
    print(repr(float(value)))
