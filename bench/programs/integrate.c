// What bench/reduction.ts is compared with: gcc -O3 -march=native integrate.c -o integrate
// Usage: integrate FILE ROUNDS. FILE: pixels and bins as uint32, then counts and bins of pixels as uint16, then dark and
// norm as float32. Prints the shortest time in ms of the plain loop, of that over counts alone, and of that over lists, then the curve.
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

// Lists of the pixels of each bin, for tiles that stay near the processor: what is done in WebAssembly.
enum { TILE = 32752 };
typedef struct {
  uint32_t *first_run, *first_entry, (*runs)[2];
  uint16_t *entries;
} lists;

static lists listed(const uint16_t *place, uint32_t pixels, uint32_t bins) {
  uint32_t tiles = (pixels + TILE - 1) / TILE, run = 0, entry = 0;
  lists made = {malloc((tiles + 1) * 4), malloc((tiles + 1) * 4), malloc((size_t)tiles * bins * 8),
                malloc(((size_t)pixels + (size_t)tiles * bins * 3) * 2)};
  for (uint32_t tile = 0; tile <= tiles; tile++) {
    made.first_run[tile] = run;
    made.first_entry[tile] = entry;
    if (tile == tiles) break;
    uint32_t first = tile * TILE, last = first + TILE < pixels ? first + TILE : pixels;
    uint32_t *next = calloc(bins + 1, 4);
    for (uint32_t pixel = first; pixel < last; pixel++) next[place[pixel]]++;
    for (uint32_t bin = 0; bin < bins; bin++) {
      uint32_t filled = (next[bin] + 3) / 4 * 4;
      if (filled == 0) continue;
      for (uint32_t k = next[bin]; k < filled; k++) made.entries[entry + k] = TILE;
      next[bin] = entry;
      entry += filled;
      made.runs[run][0] = bin;
      made.runs[run++][1] = entry;
    }
    for (uint32_t pixel = first; pixel < last; pixel++)
      if (place[pixel] < bins) made.entries[next[place[pixel]]++] = pixel - first;
    free(next);
  }
  return made;
}

__attribute__((noinline)) static void listing(const uint16_t *counts, const uint16_t *place, const float *dark,
                                              const float *norm, uint32_t pixels, uint32_t bins, double *curve,
                                              const double *darks, const double *norms, double *sums, double *offs,
                                              double *less, const lists *of) {
  static uint16_t tile[TILE + 1];
  memset(sums, 0, (bins + 1) * 8);
  memset(offs, 0, (bins + 1) * 8);
  memset(less, 0, (bins + 1) * 8);
  for (uint32_t at = 0; at * TILE < pixels; at++) {
    uint32_t first = at * TILE, count = first + TILE < pixels ? TILE : pixels - first;
    memcpy(tile, counts + first, count * 2);
    for (uint32_t block = 0; block < count; block += 64) {
      uint32_t end = block + 64 < count ? block + 64 : count;
      uint16_t hits = 0;
      for (uint32_t k = block; k < end; k++) hits |= -(tile[k] == 65535);
      if (__builtin_expect(hits == 0, 1)) continue;
      for (uint32_t k = block; k < end; k++) {
        if (tile[k] != 65535) continue;
        tile[k] = 0;
        offs[place[first + k]] += dark[first + k];
        less[place[first + k]] += norm[first + k];
      }
    }
    uint32_t entry = of->first_entry[at];
    for (uint32_t run = of->first_run[at]; run < of->first_run[at + 1]; run++) {
      uint32_t end = of->runs[run][1], one = 0, two = 0;
      for (; entry < end; entry += 4) {
        one += tile[of->entries[entry]] + tile[of->entries[entry + 2]];
        two += tile[of->entries[entry + 1]] + tile[of->entries[entry + 3]];
      }
      sums[of->runs[run][0]] += one + two;
    }
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
  lists of = listed(place, pixels, bins);
  double best[3] = {1e9, 1e9, 1e9};
  for (int round = 0; round < atoi(argv[2]); round++) {
    double before = now();
    plain(counts, place, dark, norm, pixels, bins, curve, room[2], room[3]);
    double between = now();
    counting(counts, place, dark, norm, pixels, bins, curve, room[0], room[1], room[2], room[3], room[4]);
    double after = now();
    listing(counts, place, dark, norm, pixels, bins, curve, room[0], room[1], room[2], room[3], room[4], &of);
    double end = now();
    if (end - after < best[2]) best[2] = end - after;
    if (between - before < best[0]) best[0] = between - before;
    if (after - between < best[1]) best[1] = after - between;
  }
  printf("%.6f %.6f %.6f\n", best[0], best[1], best[2]);
  for (uint32_t bin = 0; bin < bins; bin++) printf("%.9g\n", curve[bin]);
  return 0;
}
