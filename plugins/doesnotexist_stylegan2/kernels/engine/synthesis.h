// The network, layer by layer.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

#include "epilogue.h"
#include "memory.h"
#include "network.h"
#include "team.h"
#include "vectors.h"
#include "winograd.h"

namespace {

// out (columns) = x (rows) @ matrix (rows, columns), where x[k] is value(k)
template <class Value>
void vector_matrix(int rows, const float* matrix, int columns, Value&& value, float* out) {
  for (int c = 0; c < columns; c += NR) {
    vec sum0 = {}, sum1 = {};
    for (int k = 0; k < rows; ++k) {
      const float* m = matrix + static_cast<size_t>(k) * columns + c;
      const float x = value(k);
      sum0 += x * load(m);
      sum1 += x * load(m + VW);
    }
    store(out + c, sum0);
    store(out + c + VW, sum1);
  }
}

struct Synthesis {
  const Net& net;
  Team& team;
  Memory& memory;
  const float* ws;            // (num_ws, w_dim)
  const float* const* noise;  // a map for each layer, or null
  const float* noise_gain;    // for each layer, activation's gain included
  int threads;

  // Styles of all layers, then what follows from them.
  void modulate() const {
    team.each(2 * net.layers, [&](int i) {
      const Layer& l = net.layer[i / 2];
      const bool rgb = i & 1;
      if (rgb && l.rgb_w_index < 0) return;
      const Affine& affine = rgb ? l.rgb_style : l.style;
      const float* w = ws + static_cast<size_t>(rgb ? l.rgb_w_index : l.w_index) * net.w_dim;
      const int columns = rgb ? l.cout : l.cin;
      float* out = memory.style(rgb ? net.layers + i / 2 : i / 2);
      vector_matrix(net.w_dim, affine.weight, columns, [&](int k) { return w[k]; }, out);
      for (int c = 0; c < columns; ++c) out[c] += affine.bias[c];
    });
    team.each(net.layers, [&](int i) {
      const Layer& l = net.layer[i];
      const float* s = memory.style(i);
      float* d = memory.demodulation + i * memory.style_step;
      vector_matrix(l.cin, l.squares, l.cout, [&](int k) { return s[k] * s[k]; }, d);
      for (int c = 0; c < l.cout; ++c) d[c] = net.gain / std::sqrt(d[c] + 1e-8f);  // their equation 3
      if (l.rgb_w_index < 0) return;
      const float* rgb = memory.style(net.layers + i);
      for (int k = 0; k < net.channels; ++k)
        for (int c = 0; c < l.cout; ++c)
          memory.colours[i * memory.colour_step + k * l.cout + c] = l.rgb_weight[k * l.cout + c] * rgb[c];
    });
  }

  Epilogue epilogue(int i, float* out, float* image) const {
    const Layer& l = net.layer[i];
    Epilogue e;
    e.demodulation = memory.demodulation + i * memory.style_step;
    e.bias = l.bias;
    e.noise = noise[i];
    e.noise_gain = noise_gain[i];
    e.next_style = i + 1 < net.layers ? memory.style(i + 1) : nullptr;
    e.rgb_weight = l.rgb_w_index < 0 ? memory.zeros : memory.colours + i * memory.colour_step;
    e.rgb_bias = l.rgb_bias;
    e.slope = net.slope;
    e.clamp = net.clamp;
    e.size = size_out(l);
    e.cout = l.cout;
    e.channels = l.rgb_w_index < 0 ? 0 : net.channels;
    e.out = out;
    e.image = image;
    return e;
  }

  // Products of one matrix, for the tiles in V. Of an up-convolution all but (6, 6), whose slots don't exist.
  void multiply(const Layer& l, const Plan& p, const float* V, float* M, int tiles, int matrix, int panel) const {
    const bool up = is_up(l);
    const int a = matrix / p.classes, b = matrix % p.classes, a_to = a == 6 ? 11 : a + 1, b_to = b == 6 ? 11 : b + 1;
    if (a == 6 && b == 6) return;
    const float* B = panel_of(l, matrix, panel);
    for (int i = a; i < a_to; ++i)
      for (int j = b; j < b_to; ++j) {
        const int slot = up ? up_slot(i, j) : 6 * i + j;
        product(tiles, l.cin, V + slot * p.v.step, p.v.row, B, M + slot * p.m.step + panel * NR, p.m.row);
      }
  }

  static const float* panel_of(const Layer& l, int matrix, int panel) {
    return l.packed + (static_cast<size_t>(matrix) * (l.cout / NR) + panel) * l.cin * NR;
  }

  void transform(const Layer& l, const Plan& p, const Map& map, int tile, int place, int id, float* V) const {
    const int step = is_up(l) ? 5 : 4, y = tile / p.across * step - 1, x = tile % p.across * step - 1;
    if (l.cin <= PREFETCHED_CHANNELS) prefetch(map, y, x + 6 + step, step);
    const Patch patch = patch_of(map, y, x, memory.scratch[id]);
    (is_up(l) ? transform_up : transform_conv)(patch, l.cin, V + place * p.v.row, p.v.step);
  }

  // Plain convolutions: a tile of products to features and colours.
  void finish(const Layer& l, const Plan& p, const Epilogue& e, int tile, const float* M, float* scratch) const {
    finish_conv(M, p.m.step, l.cout, scratch);
    const int y = 4 * (tile / p.across), x = 4 * (tile % p.across);
    const auto four = e.clamped() ? finish_four<true> : finish_four<false>;
    for (int i = 0; i < 4; ++i) four(e, scratch + static_cast<size_t>(4 * i) * l.cout, y + i, x);
  }

  // A plain convolution, every thread with blocks of tiles of its own.
  void conv_in_blocks(int id, const Layer& l, const Plan& p, const Map& map, const Epilogue& e) const {
    const int tiles = p.across * p.across, panels = l.cout / NR;
    float *V = memory.v[id], *M = memory.m[id];
    team.each((tiles + p.block - 1) / p.block, [&](int block) {
      const int first = block * p.block, count = std::min(p.block, tiles - first);
      for (int i = 0; i < count; ++i) transform(l, p, map, first + i, i, id, V);
      for (int matrix = 0; matrix < 36; ++matrix)
        for (int panel = 0; panel < panels; ++panel) multiply(l, p, V, M, count, matrix, panel);
      for (int i = 0; i < count; ++i) finish(l, p, e, first + i, M + i * p.m.row, memory.scratch[id]);
    });
  }

  // Any Winograd layer, all threads with the same tiles; `result(tile, its products)` takes them.
  template <class Result>
  void together(int id, const Layer& l, const Plan& p, const Map& map, Result&& result) const {
    const int tiles = p.across * p.across, panels = l.cout / NR, parts = std::min(panels, 4);
    float *V = memory.v[0], *M = memory.m[0];
    for (int first = 0; first < tiles; first += p.block) {
      const int count = std::min(p.block, tiles - first);
      team.each(count, [&](int i) { transform(l, p, map, first + i, i, id, V); });
      team.each(p.classes * p.classes * parts, [&](int i) {
        for (int panel = i % parts; panel < panels; panel += parts) multiply(l, p, V, M, count, i / parts, panel);
      });
      team.each(count, [&](int i) { result(first + i, M + i * p.m.row); });
    }
  }

  // Where both row and column of t are odd: plain products of x. Row y of it, columns `from` to `to`, to a row of t.
  void odd_row(const Layer& l, const Map& map, int y, int from, int to, int panel, float* t_row) const {
    const size_t C = l.cout;
    const int real = y < l.size ? std::max(from, std::min(to, l.size)) : from;
    product(real - from, l.cin, map.at + (static_cast<size_t>(y) * l.size + from) * l.cin, l.cin,
            panel_of(l, 48, panel), t_row + (2 * from + 1) * C + panel * NR, 2 * C);
    for (size_t x = real; x < static_cast<size_t>(to); ++x)
      std::memset(t_row + (2 * x + 1) * C + panel * NR, 0, NR * sizeof(float));
  }

  template <class Row>
  void fir(const Epilogue& e, int y_from, int y_to, int x_from, int x_to, Row&& row) const {
    const float reversed[4] = {net.taps[3], net.taps[2], net.taps[1], net.taps[0]};
    fir_area(e, reversed, y_from, y_to, x_from, x_to, row);
  }

  // The FIR filter over all of t.
  void fir_all(const Layer& l, const Epilogue& e) const {
    const size_t step = static_cast<size_t>(t_side(l)) * l.cout;
    const auto row = [&](int y) { return y < 0 ? memory.zeros : memory.t + y * step; };
    team.each(e.size / 4, [&](int i) { fir(e, 4 * i, 4 * i + 4, 0, e.size, row); });
  }

  void up_together(int id, const Layer& l, const Plan& p, const Map& map, const Epilogue& e) const {
    const size_t C = l.cout, row = t_side(l) * C;
    team.each(l.cout / NR, [&](int panel) {
      for (int y = 0; y < t_side(l) / 2; ++y)
        odd_row(l, map, y, 0, t_side(l) / 2, panel, memory.t + (2 * y + 1) * row);
    });
    together(id, l, p, map, [&](int tile, const float* M) {
      finish_up(M, p.m.step, l.cout, memory.t + tile / p.across * 10 * row + tile % p.across * 10 * C, row, C);
    });
    fir_all(l, e);
  }

  // A block of tiles of an up-convolution, from tile (ty, tx) on: ten rows of t from `t` on.
  void block_of_t(int id, const Layer& l, const Plan& p, const Map& map, int ty, int tx, int count, float* t) const {
    const size_t C = l.cout, row = t_side(l) * C;
    const int panels = l.cout / NR;
    float *V = memory.v[id], *M = memory.m[id];
    for (int i = 0; i < count; ++i) transform(l, p, map, ty * p.across + tx + i, i, id, V);
    for (int matrix = 0; matrix < 49; ++matrix)
      for (int panel = 0; panel < panels; ++panel) multiply(l, p, V, M, count, matrix, panel);
    for (int panel = 0; panel < panels; ++panel)
      for (int y = 0; y < 5; ++y)
        odd_row(l, map, 5 * ty + y, 5 * tx, 5 * (tx + count), panel, t + (2 * y + 1) * row);
    for (int i = 0; i < count; ++i) finish_up(M + i * p.m.row, p.m.step, l.cout, t + (tx + i) * 10 * C, row, C);
  }

  // An up-convolution in bands of rows of tiles. Each block of t is filtered while it is in the caches, as far as
  // the tiles above it and to its left allow; t of two rows of tiles is kept. Filtered rows that need t of two bands
  // wait until all are done: `seams` holds the first three and the last three rows of each band's t.
  void up_in_bands(int id, const Layer& l, const Plan& p, const Map& map, const Epilogue& e) const {
    const size_t row = static_cast<size_t>(t_side(l)) * l.cout;
    const size_t three = 3 * row * sizeof(float);
    const auto t = [&](int y) { return y < 0 ? memory.zeros : memory.band[id] + y % 20 * row; };
    team.each(p.bands, [&](int band) {
      const int first = band * p.band, last = std::min(first + p.band, p.across);
      for (int ty = first; ty < last; ++ty) {
        const int y_from = ty > first ? 10 * ty - 2 : ty ? 10 * ty + 1 : 0, y_to = std::min(10 * ty + 8, e.size);
        for (int tx = 0, done = 0; tx < p.across; tx += p.block) {
          const int count = std::min(p.block, p.across - tx), to = std::min(10 * (tx + count) - 2, e.size);
          block_of_t(id, l, p, map, ty, tx, count, t(10 * ty));
          fir(e, y_from, y_to, done, to, t);
          done = to;
        }
        if (ty == first) std::memcpy(memory.seams + 6 * band * row, t(10 * ty), three);
        if (ty + 1 == last) std::memcpy(memory.seams + (6 * band + 3) * row, t(10 * ty + 7), three);
      }
    });
    team.each(p.bands - 1, [&](int band) {
      const int from = 10 * p.band * (band + 1) - 2;
      fir(e, from, std::min(from + 3, e.size), 0, e.size,
          [&](int y) { return memory.seams + (6 * band + 4 + y - from) * row; });
    });
  }

  // A product for each tap, (pixels, 9, cout) in the shared room.
  void products_of_taps(const Layer& l, const Map& map) const {
    const int panels = 9 * l.cout / NR;
    team.each(panels, [&](int panel) {
      product(l.size * l.size, l.cin, map.at, l.cin, l.packed + static_cast<size_t>(panel) * l.cin * NR,
              memory.m[0] + panel * NR, 9 * l.cout + PAD);
    });
  }

  void direct(int id, const Layer& l, const Map& map, const Epilogue& e) const {
    products_of_taps(l, map);
    const size_t C = l.cout, pixel = 9 * C + PAD;
    team.each(l.size * l.size / 4, [&](int four) {
      const int y = four * 4 / l.size, x = four * 4 % l.size;
      float* raw = memory.scratch[id];
      for (size_t c = 0; c < C; c += VW)
        for (int p = 0; p < 4; ++p) {
          vec total = {};
          for (int tap = 0; tap < 9; ++tap) {
            const int yy = y + tap / 3 - 1, xx = x + p + tap % 3 - 1;
            if (yy < 0 || xx < 0 || yy >= l.size || xx >= l.size) continue;
            total += load(memory.m[0] + (yy * l.size + xx) * pixel + tap * C + c);
          }
          store(raw + p * C + c, total);
        }
      (e.clamped() ? finish_four<true> : finish_four<false>)(e, raw, y, x);
    });
  }

  // t of a small layer: t[2i+k] sums x[i] by tap k.
  void up_direct(const Layer& l, const Map& map) const {
    products_of_taps(l, map);
    const size_t C = l.cout, pixel = 9 * C + PAD;
    const int side = t_side(l);
    team.each(side, [&](int y) {
      for (int x = 0; x < side; ++x)
        for (size_t c = 0; c < C; c += VW) {
          vec total = {};
          for (int ky = y & 1; ky < 3; ky += 2)
            for (int kx = x & 1; kx < 3; kx += 2) {
              const int i = (y - ky) / 2, j = (x - kx) / 2;
              if (y < ky || x < kx || i >= l.size || j >= l.size) continue;
              total += load(memory.m[0] + (i * l.size + j) * pixel + (ky * 3 + kx) * C + c);
            }
          store(memory.t + (static_cast<size_t>(y) * side + x) * C + c, total);
        }
    });
  }

  void up(int id, int i, const Map& map) const {
    const Layer& l = net.layer[i];
    const Plan p = plan_of(l, threads);
    const Epilogue e = epilogue(i, memory.middle, nullptr);
    if (l.method == UP_DIRECT) {
      up_direct(l, map);
      fir_all(l, e);
    } else if (p.whole) {
      up_together(id, l, p, map, e);
    } else {
      up_in_bands(id, l, p, map, e);
    }
  }

  void conv(int id, int i, const Map& map, float* image) const {
    const Layer& l = net.layer[i];
    const Plan p = plan_of(l, threads);
    const Epilogue e = epilogue(i, memory.features, image);
    if (l.method == DIRECT)
      direct(id, l, map, e);
    else if (p.whole)
      together(id, l, p, map, [&](int tile, const float* M) { finish(l, p, e, tile, M, memory.scratch[id]); });
    else
      conv_in_blocks(id, l, p, map, e);
  }

  void run(int id, float* picture) const {
    modulate();
    Map map{memory.features, 4, net.layer[0].cin};
    team.each(1, [&](int) {
      const float* s = memory.style(0);
      for (int p = 0; p < 16; ++p)
        for (int c = 0, at = p * map.channels; c < map.channels; ++c, ++at) memory.features[at] = net.start[at] * s[c];
      std::memset(memory.zeros, 0, memory.zeros_size * sizeof(float));
    });
    // Pictures so far alternate between two rooms so that the last lands in the caller's.
    int blocks = 0;
    for (int i = 0; i < net.layers; ++i) blocks += !is_up(net.layer[i]);
    float* image = nullptr;
    for (int i = 0; i < net.layers; ++i) {
      const Layer& l = net.layer[i];
      if (is_up(l)) {
        up(id, i, map);
        map = {memory.middle, size_out(l), l.cout};
        continue;
      }
      float* larger = --blocks ? memory.image[blocks & 1] : picture;
      const int side = l.size;
      team.each(side, [&](int y) {
        if (image) return enlarge_row(net.taps, net.channels, image, larger, side, y);
        for (int k = 0; k < net.channels; ++k) std::memset(larger + (k * side + y) * side, 0, side * sizeof(float));
      });
      image = larger;
      conv(id, i, map, image);
      map = {memory.features, side, l.cout};
    }
  }
};

}  // namespace
