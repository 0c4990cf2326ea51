// Winograd transforms (Lavin & Gray 2016) at the points 0, a, -a, b, -b and infinity.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "vectors.h"

namespace {

// a and b, with ab = 1: errors are a third of those of the usual points 1 and 2, whose powers differ more.
constexpr double POINT_A = 0.70710678118654752440, POINT_B = 1.41421356237309504880;
constexpr float A = POINT_A, B = POINT_B;

// Rows of G of F(4,3): powers of each point over the product of its distances from the others.
constexpr double G43[6][3] = {{1, 0, 0},
                              {-1 / 1.5, -POINT_A / 1.5, -0.5 / 1.5},
                              {-1 / 1.5, POINT_A / 1.5, -0.5 / 1.5},
                              {1 / 6., POINT_B / 6, 2 / 6.},
                              {1 / 6., -POINT_B / 6, 2 / 6.},
                              {0, 0, 1}};
// The same of F(5,2), then the single tap of the odd outputs; columns are taps 0, 1 and 2 of the kernel. An even
// output 2i is x[i-1] * tap 2 + x[i] * tap 0.
constexpr double G52[7][3] = {{0, 0, 1},
                              {-POINT_A / 1.5, 0, -1 / 1.5},
                              {POINT_A / 1.5, 0, -1 / 1.5},
                              {POINT_B / 6, 0, 1 / 6.},
                              {-POINT_B / 6, 0, 1 / 6.},
                              {1, 0, 0},
                              {0, 1, 0}};
constexpr double G11[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

// B^T d: six samples to six points, `step` floats apart.
inline void to_points(vec d0, vec d1, vec d2, vec d3, vec d4, vec d5, float* out, size_t step) {
  const vec even_a = d4 - 2.f * d2, odd_a = d3 - 2.f * d1, even_b = d4 - 0.5f * d2, odd_b = d3 - 0.5f * d1;
  store(out, d4 - 2.5f * d2 + d0);
  store(out + step, even_a + A * odd_a);
  store(out + 2 * step, even_a - A * odd_a);
  store(out + 3 * step, even_b + B * odd_b);
  store(out + 4 * step, even_b - B * odd_b);
  store(out + 5 * step, d5 - 2.5f * d3 + d1);
}

// A^T m: six points to OUT outputs, 4 of F(4,3) or 5 of F(5,2).
template <int OUT>
inline void from_points(const float* m, size_t step, float* out, size_t out_step) {
  const vec m1 = load(m + step), m2 = load(m + 2 * step), m3 = load(m + 3 * step), m4 = load(m + 4 * step);
  const vec s1 = m1 + m2, d1 = m1 - m2, s2 = m3 + m4, d2 = m3 - m4;
  store(out, load(m) + s1 + s2);
  store(out + out_step, A * d1 + B * d2);
  store(out + 2 * out_step, 0.5f * s1 + 2.f * s2);
  const vec y3 = (A / 2) * d1 + (B * 2) * d2;
  if constexpr (OUT == 4) {
    store(out + 3 * out_step, y3 + load(m + 5 * step));
  } else {
    store(out + 3 * out_step, y3);
    store(out + 4 * out_step, 0.25f * s1 + 4.f * s2 + load(m + 5 * step));
  }
}

// One picture's features: (size, size, channels).
struct Map {
  const float* at;
  int size, channels;
};

// The 6x6 patch whose first sample is (y, x): where it lies, or, if it overlaps the border, a copy with zeros
// outside. `row` and `pixel` are its strides.
struct Patch {
  const float* at;
  size_t row, pixel;
};

inline Patch patch_of(const Map& map, int y, int x, float* copy) {
  const size_t C = map.channels, row = C * map.size;
  if (y >= 0 && x >= 0 && y + 6 <= map.size && x + 6 <= map.size) return {map.at + y * row + x * C, row, C};
  for (int i = 0; i < 6; ++i)
    for (int j = 0; j < 6; ++j) {
      float* to = copy + (i * 6 + j) * C;
      const int yy = y + i, xx = x + j;
      if (yy < 0 || xx < 0 || yy >= map.size || xx >= map.size)
        std::memset(to, 0, C * sizeof(float));
      else
        std::memcpy(to, map.at + yy * row + xx * C, C * sizeof(float));
    }
  return {copy, 6 * C, C};
}

// What the tile after the next will read first: rows of a patch are too short for the processor to see it coming.
inline void prefetch(const Map& map, int y, int x, int pixels) {
  const size_t bytes = pixels * map.channels * sizeof(float);
  for (int i = std::max(y, 0); i < std::min(y + 6, map.size); ++i) {
    const char* at = reinterpret_cast<const char*>(map.at + (static_cast<size_t>(i) * map.size + x) * map.channels);
    for (size_t line = 0; line < bytes; line += 64) __builtin_prefetch(at + line);
  }
}

// A tile's slots: one vector of channels for each product. `step` floats lie between slots.

// Patch -> 36 slots.
void transform_conv(const Patch& p, int channels, float* V, size_t step) {
  for (int c = 0; c < channels; c += VW) {
    alignas(64) float half[6][6][VW];  // points down, samples across
    for (int j = 0; j < 6; ++j) {
      const float* d = p.at + j * p.pixel + c;
      to_points(load(d), load(d + p.row), load(d + 2 * p.row), load(d + 3 * p.row), load(d + 4 * p.row),
                load(d + 5 * p.row), half[0][j], 6 * VW);
    }
    for (int i = 0; i < 6; ++i)
      to_points(load(half[i][0]), load(half[i][1]), load(half[i][2]), load(half[i][3]), load(half[i][4]),
                load(half[i][5]), V + 6 * i * step + c, step);
  }
}

// Slots of a tile of an up-convolution. Along an axis: six points for the even outputs, then samples 1 to 5 for
// the odd ones. Where both axes are odd there is nothing to transform and so no slot.
constexpr int UP_SLOTS = 96;
inline int up_slot(int row, int column) { return row < 6 ? 11 * row + column : 30 + 6 * row + column; }

// Patch -> 96 slots.
void transform_up(const Patch& p, int channels, float* V, size_t step) {
  for (int c = 0; c < channels; c += VW) {
    alignas(64) float half[6][6][VW];
    for (int j = 0; j < 6; ++j) {
      const float* d = p.at + j * p.pixel + c;
      to_points(load(d), load(d + p.row), load(d + 2 * p.row), load(d + 3 * p.row), load(d + 4 * p.row),
                load(d + 5 * p.row), half[0][j], 6 * VW);
    }
    for (int i = 0; i < 11; ++i) {
      const float* d = i < 6 ? half[i][0] : p.at + (i - 5) * p.row + c;
      const size_t pixel = i < 6 ? VW : p.pixel;
      float* out = V + up_slot(i, 0) * step + c;
      to_points(load(d), load(d + pixel), load(d + 2 * pixel), load(d + 3 * pixel), load(d + 4 * pixel),
                load(d + 5 * pixel), out, step);
      for (int j = 1; i < 6 && j < 6; ++j) store(out + (5 + j) * step, load(d + j * pixel));
    }
  }
}

// 36 slots -> 4x4 outputs, (16, channels).
void finish_conv(const float* M, size_t step, int channels, float* out) {
  for (int c = 0; c < channels; c += VW) {
    alignas(64) float half[4][6][VW];
    for (int j = 0; j < 6; ++j) from_points<4>(M + j * step + c, 6 * step, half[0][j], 6 * VW);
    for (int i = 0; i < 4; ++i) from_points<4>(half[i][0], VW, out + 4 * i * channels + c, channels);
  }
}

// 96 slots -> 10x10 outputs, less those whose row and column are odd; `row` and `pixel` are strides.
void finish_up(const float* M, size_t step, int channels, float* out, size_t row, size_t pixel) {
  for (int c = 0; c < channels; c += VW) {
    alignas(64) float half[5][11][VW];
    for (int j = 0; j < 11; ++j) from_points<5>(M + j * step + c, 11 * step, half[0][j], 11 * VW);
    for (int i = 0; i < 5; ++i) {
      float* even = out + 2 * i * row + c;
      from_points<5>(half[i][0], VW, even, 2 * pixel);
      for (int j = 0; j < 5; ++j) store(even + (2 * j + 1) * pixel, load(half[i][6 + j]));
      from_points<5>(M + up_slot(6 + i, 0) * step + c, step, even + row, 2 * pixel);
    }
  }
}

}  // namespace
