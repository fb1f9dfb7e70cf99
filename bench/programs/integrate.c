// What bench/reduction.ts is compared with: gcc -O3 -march=native integrate.c -o integrate
// Usage: integrate FILE ROUNDS. FILE: pixels and bins as uint32, then counts and bins of pixels as uint16, then dark and
// norm as float32. Prints the shortest time in ms of the plain loop and of the one over counts alone, then the curve.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

// Everything pixel by pixel.
__attribute__((noinline)) static void plain(const uint16_t *counts, const uint16_t *place, const float *dark,
                                            const float *norm, uint32_t pixels, uint32_t bins, double *curve,
                                            double *sums, double *norms) {
  memset(sums, 0, (bins + 1) * 8);
  memset(norms, 0, (bins + 1) * 8);
  for (uint32_t pixel = 0; pixel < pixels; pixel++) {
    if (counts[pixel] == 65535) continue;
    sums[place[pixel]] += counts[pixel] - dark[pixel];
    norms[place[pixel]] += norm[pixel];
  }
  for (uint32_t bin = 0; bin < bins; bin++) curve[bin] = sums[bin] / norms[bin];
}

// Ours: darks and norms were summed before, and what is not valid is taken away from them.
__attribute__((noinline)) static void counting(const uint16_t *counts, const uint16_t *place, const float *dark,
                                               const float *norm, uint32_t pixels, uint32_t bins, double *curve,
                                               const double *darks, const double *norms, double *sums, double *offs,
                                               double *less) {
  static uint32_t tables[4][65536];
  memset(sums, 0, (bins + 1) * 8);
  memset(offs, 0, (bins + 1) * 8);
  memset(less, 0, (bins + 1) * 8);
  for (uint32_t first = 0; first < pixels; first += 65536) {
    uint32_t last = first + 65536 < pixels ? first + 65536 : pixels;
    for (int k = 0; k < 4; k++) memset(tables[k], 0, (bins + 1) * 4);
    for (uint32_t pixel = first; pixel < last; pixel += 4) {
      for (int k = 0; k < 4; k++) {
        uint32_t at = pixel + k;
        if (__builtin_expect(counts[at] == 65535, 0)) {
          offs[place[at]] += dark[at];
          less[place[at]] += norm[at];
        } else tables[k][place[at]] += counts[at];
      }
    }
    for (uint32_t bin = 0; bin <= bins; bin++)
      sums[bin] += (double)tables[0][bin] + tables[1][bin] + tables[2][bin] + tables[3][bin];
  }
  for (uint32_t bin = 0; bin < bins; bin++) curve[bin] = (sums[bin] - (darks[bin] - offs[bin])) / (norms[bin] - less[bin]);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  FILE *file = fopen(argv[1], "rb");
  uint32_t head[2];
  if (!file || fread(head, 4, 2, file) != 2) return 2;
  uint32_t pixels = head[0], bins = head[1];
  uint16_t *counts = malloc(pixels * 2), *place = malloc(pixels * 2);
  float *dark = malloc(pixels * 4), *norm = malloc(pixels * 4);
  if (fread(counts, 2, pixels, file) != pixels || fread(place, 2, pixels, file) != pixels) return 2;
  if (fread(dark, 4, pixels, file) != pixels || fread(norm, 4, pixels, file) != pixels) return 2;
  double *room[6], *curve = malloc(bins * 8);
  for (int k = 0; k < 6; k++) room[k] = calloc(bins + 1, 8);
  for (uint32_t pixel = 0; pixel < pixels; pixel++) {
    room[0][place[pixel]] += dark[pixel];
    room[1][place[pixel]] += norm[pixel];
  }
  double best[2] = {1e9, 1e9};
  for (int round = 0; round < atoi(argv[2]); round++) {
    double before = now();
    plain(counts, place, dark, norm, pixels, bins, curve, room[2], room[3]);
    double between = now();
    counting(counts, place, dark, norm, pixels, bins, curve, room[0], room[1], room[2], room[3], room[4]);
    double after = now();
    if (between - before < best[0]) best[0] = between - before;
    if (after - between < best[1]) best[1] = after - between;
  }
  printf("%.6f %.6f\n", best[0], best[1]);
  for (uint32_t bin = 0; bin < bins; bin++) printf("%.9g\n", curve[bin]);
  return 0;
}
