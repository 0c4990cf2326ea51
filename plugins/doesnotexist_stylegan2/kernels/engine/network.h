// What Python hands over; kept in step with library.py.

#pragma once

#include <cstdint>

extern "C" {

struct Affine {          // styles = w @ weight + bias
  const float* weight;   // (w_dim, channels)
  const float* bias;     // (channels,)
};

struct Layer {
  int32_t method;        // of `enum Method`
  int32_t size;          // side of what goes in
  int32_t cin, cout;     // multiples of NR
  int32_t w_index;       // which of the ws steers this layer
  int32_t rgb_w_index;   // ... and its colours; -1 if it has none
  Affine style;
  Affine rgb_style;
  const float* packed;      // weights from dne_pack
  const float* squares;     // (cin, cout): sums of squared weights
  const float* bias;        // (cout,), times the activation's gain
  const float* rgb_weight;  // (channels, cout)
  const float* rgb_bias;    // (channels,)
};

struct Net {
  int32_t w_dim, num_ws, channels, layers;
  float slope, gain, clamp;  // of the activation; clamp is infinite where there is none
  float taps[4];             // of the FIR filter along an axis, gain 2
  const float* start;        // (4, 4, cout of the first layer)
  const Layer* layer;
};

}  // extern "C"

namespace {

enum Method : int32_t { DIRECT = 0, WINOGRAD = 1, UP_DIRECT = 2, UP_WINOGRAD = 3 };

inline bool is_up(const Layer& l) { return l.method >= UP_DIRECT; }
inline int size_out(const Layer& l) { return is_up(l) ? 2 * l.size : l.size; }

}  // namespace
