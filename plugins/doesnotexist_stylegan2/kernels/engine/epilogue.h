// What follows a convolution: demodulation, noise, bias, activation, colours; and the FIR filter.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "vectors.h"

namespace {

// The numbers of one layer that change with w, and where its results go.
struct Epilogue {
  const float* demodulation;  // (cout,), times the activation's gain
  const float* bias;          // (cout,), likewise
  const float* noise;         // (size, size) or null
  float noise_gain;           // likewise
  const float* next_style;    // (cout,), or null if the features are not needed any more
  const float* rgb_weight;    // (channels, cout), styles multiplied in; zeros without channels
  const float* rgb_bias;      // (channels,)
  float slope, clamp;
  int size, cout, channels;
  float* out;                 // (size, size, cout)
  float* image;               // (channels, size, size), added to
  bool clamped() const { return std::isfinite(clamp); }
};

template <bool Clamped>
inline vec activate(vec x, float slope, float clamp) {
  x = larger(x, slope * x);
  if (!Clamped) return x;
  const vec limit = clamp - vec{};
  return larger(smaller(x, limit), -limit);
}

// Four neighbouring outputs, (4, cout) in `raw`: features to `e.out`, colours to `e.image`.
template <bool Clamped>
void finish_four(const Epilogue& e, const float* raw, int y, int x) {
  const size_t at = static_cast<size_t>(y) * e.size + x, C = e.cout, plane = static_cast<size_t>(e.size) * e.size;
  float noise[4] = {};
  if (e.noise)
    for (int p = 0; p < 4; ++p) noise[p] = e.noise[at + p] * e.noise_gain;
  float* out = e.next_style ? e.out + at * C : nullptr;
  constexpr int COLOURS = 3;
  for (int first = 0; first == 0 || first < e.channels; first += COLOURS) {
    vec colour[COLOURS][4] = {};
    const float* weight[COLOURS];
    for (int i = 0; i < COLOURS; ++i) weight[i] = e.rgb_weight + std::max(0, std::min(first + i, e.channels - 1)) * C;
    for (size_t c = 0; c < C; c += VW) {
      const vec d = load(e.demodulation + c), b = load(e.bias + c);
      const vec w0 = load(weight[0] + c), w1 = load(weight[1] + c), w2 = load(weight[2] + c);
      vec v[4];
#pragma GCC unroll 4
      for (int p = 0; p < 4; ++p) {
        v[p] = activate<Clamped>(load(raw + p * C + c) * d + (b + noise[p]), e.slope, e.clamp);
        colour[0][p] += v[p] * w0;
        colour[1][p] += v[p] * w1;
        colour[2][p] += v[p] * w2;
      }
      if (out && !first) {
        const vec s = load(e.next_style + c);
#pragma GCC unroll 4
        for (int p = 0; p < 4; ++p) store(out + p * C + c, v[p] * s);
      }
    }
    for (int i = 0; i < COLOURS && first + i < e.channels; ++i) {
      float value[4];
      sums_of_four(colour[i], value);
      float* image = e.image + (first + i) * plane + at;
      const float bias = e.rgb_bias[first + i];
      for (int p = 0; p < 4; ++p) {
        value[p] += bias;
        image[p] += Clamped ? std::max(-e.clamp, std::min(value[p], e.clamp)) : value[p];
      }
    }
  }
}

// Two vectors of channels from c on, of outputs `from` to `to` of row y, filtered from rows y-1 to y+2 of the
// transposed convolution's outputs, whose column -1 is zeros. Past: whether the result is too big for the caches.
template <bool Past, bool Clamped>
void fir_piece(const Epilogue& e, const float* taps, const float* const rows[4], int y, size_t c, int from, int to) {
  const size_t C = e.cout;
  const float f0 = taps[0], f1 = taps[1], f2 = taps[2], f3 = taps[3];
  float* out = e.out + static_cast<size_t>(y) * e.size * C + c;
  const float* noise = e.noise ? e.noise + static_cast<size_t>(y) * e.size : nullptr;
  const auto column = [&](size_t x, int v) {
    const size_t at = x * C + c + v * VW;
    return f0 * load(rows[0] + at) + f1 * load(rows[1] + at) + f2 * load(rows[2] + at) + f3 * load(rows[3] + at);
  };
  vec before[2] = {}, here[2], after[2], d[2], b[2], s[2];
  for (int v = 0; v < 2; ++v) {
    if (from) before[v] = column(from - 1, v);
    here[v] = column(from, v);
    after[v] = column(from + 1, v);
    d[v] = load(e.demodulation + c + v * VW);
    b[v] = load(e.bias + c + v * VW);
    s[v] = load(e.next_style + c + v * VW);
  }
  for (int x = from; x < to; ++x) {
    const float n = noise ? noise[x] * e.noise_gain : 0.f;
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) {
      const vec next = column(x + 2, v);
      const vec raw = f0 * before[v] + f1 * here[v] + f2 * after[v] + f3 * next;
      const vec result = s[v] * activate<Clamped>(raw * d[v] + (b[v] + n), e.slope, e.clamp);
      Past ? store_past(out + x * C + v * VW, result) : store(out + x * C + v * VW, result);
      before[v] = here[v], here[v] = after[v], after[v] = next;
    }
  }
}

// The same for a rectangle of outputs; `row(y)` is a row of the transposed convolution's outputs.
template <class Row>
void fir_area(const Epilogue& e, const float* taps, int y_from, int y_to, int x_from, int x_to, Row&& row) {
  const bool past = static_cast<size_t>(e.size) * e.size * e.cout * sizeof(float) > (16u << 20);
  const auto piece = past ? (e.clamped() ? fir_piece<true, true> : fir_piece<true, false>)
                          : (e.clamped() ? fir_piece<false, true> : fir_piece<false, false>);
  const int width = std::max(16, 2048 / e.cout);  // four rows of a piece stay in the first cache from row to row
  for (int from = x_from; from < x_to; from += width)
    for (int c = 0; c < e.cout; c += NR)
      for (int y = y_from; y < y_to; ++y) {
        const float* rows[4] = {row(y - 1), row(y), row(y + 1), row(y + 2)};
        const int to = std::min(from + width, x_to);
        piece(e, taps, rows, y, c, from, to);
      }
  if (past) fence();
}

// Row y of the picture so far at twice the size: (channels, size/2, size/2) -> row of (channels, size, size).
void enlarge_row(const float* taps, int channels, const float* from, float* to, int size, int y) {
  const int half = size / 2, q = y / 2;
  // Output 2q takes samples q-1 and q by taps 3 and 1; output 2q+1 samples q and q+1 by taps 2 and 0.
  const int first = y & 1 ? q : q - 1, second = first + 1;
  const float g0 = first < 0 ? 0 : taps[y & 1 ? 2 : 3], g1 = second >= half ? 0 : taps[y & 1 ? 0 : 1];
  for (int k = 0; k < channels; ++k) {
    const float* a = from + (static_cast<size_t>(k) * half + std::max(first, 0)) * half;
    const float* b = from + (static_cast<size_t>(k) * half + std::min(second, half - 1)) * half;
    float* out = to + (static_cast<size_t>(k) * size + y) * size;
    constexpr int PIECE = 128;
    float line[PIECE + 2];  // filtered down, one sample more on both sides
    for (int from = 0; from < half; from += PIECE) {
      const int count = std::min(PIECE, half - from);
      for (int x = 0; x < count; ++x) line[x + 1] = g0 * a[from + x] + g1 * b[from + x];
      line[0] = from ? g0 * a[from - 1] + g1 * b[from - 1] : 0;
      line[count + 1] = from + count < half ? g0 * a[from + count] + g1 * b[from + count] : 0;
      for (int x = 0; x < count; ++x) {
        out[2 * (from + x)] = taps[3] * line[x] + taps[1] * line[x + 1];
        out[2 * (from + x) + 1] = taps[2] * line[x + 1] + taps[0] * line[x + 2];
      }
    }
  }
}

}  // namespace
