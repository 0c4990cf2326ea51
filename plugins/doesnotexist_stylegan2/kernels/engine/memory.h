// How layers are cut up for threads and caches, and the memory that one picture takes.

#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "network.h"
#include "vectors.h"
#include "winograd.h"

namespace {

constexpr size_t PAD = 16;  // floats, one line
constexpr int PREFETCHED_CHANNELS = 128;  // above, products take most of the time
constexpr size_t WHOLE_LAYER_BYTES = 12u << 20;  // of weights: more than a thread can keep near

// Where the products of a block lie: row(tile) + step(slot), in floats.
struct Room {
  size_t row, step, size;
};

Room room_of(int channels, int slots, int block) {
  const auto odd_lines = [](size_t floats) { return (floats + 31) / 32 * 32 + 16; };
  Room r;
  if (channels <= 32) {
    // Slots of a tile side by side: written and read in one sweep, which matters where products are short.
    r.step = channels;
    // Twelve rows read at once spread over the sets of a first cache.
    r.row = odd_lines(slots * channels);
    r.size = block * r.row;
  } else {
    // Tiles of a slot side by side: products run through them. No row starts on the sets of its neighbours.
    r.row = channels >= 256 ? odd_lines(channels) : channels;
    r.step = odd_lines(block * r.row);
    r.size = slots * r.step;
  }
  return r;
}

struct Plan {  // how a Winograd layer is cut up
  int across;          // tiles in a row of tiles
  int slots, classes;  // products of a tile; different matrices along an axis
  int block;           // tiles done together
  bool whole;          // all threads work on the same tiles, so that big weights are read once
  int band, bands;     // rows of tiles of an up-convolution that a thread takes at a time, and how many such
  Room v, m;           // what goes into the products and what comes out
};

Plan plan_of(const Layer& l, int threads) {
  Plan p;
  const bool up = is_up(l);
  p.across = up ? (l.size + 1 + 4) / 5 : l.size / 4;
  p.slots = up ? UP_SLOTS : 36;
  p.classes = up ? 7 : 6;
  const int tiles = p.across * p.across;
  p.whole = static_cast<size_t>(p.classes) * p.classes * l.cin * l.cout * sizeof(float) > WHOLE_LAYER_BYTES;
  if (p.whole)
    p.block = std::min(tiles, 256);
  else if (up)
    p.block = (p.across + (p.across + 11) / 12 - 1) / ((p.across + 11) / 12);
  else
    p.block = l.cin >= 256 ? 12 : 36;
  p.band = std::max(1, p.across / (12 * threads));
  p.bands = (p.across + p.band - 1) / p.band;
  p.v = room_of(l.cin, p.slots, p.block);
  p.m = room_of(l.cout, p.slots, p.block);
  return p;
}

inline bool is_winograd(const Layer& l) { return l.method == WINOGRAD || l.method == UP_WINOGRAD; }

// Side of t, the transposed convolution's outputs; rows and columns from 2 * size + 1 on are zeros.
inline int t_side(const Layer& l) { return l.method == UP_WINOGRAD ? (l.size + 1 + 4) / 5 * 10 : 2 * l.size + 2; }

struct Shelf {  // hands out 64-byte aligned pieces of one allocation; with a null base it only counts
  float* base;
  size_t used = 0;
  float* take(size_t floats) {
    float* piece = base ? base + used : nullptr;
    // an odd number of lines keeps big buffers from starting on the same cache set
    used += (floats + 15) / 16 * 16 + 16 * 17;
    return piece;
  }
};

struct Memory {
  float *features, *middle, *t, *seams, *image[2], *zeros, *styles, *demodulation, *colours;
  std::vector<float*> v, m, band, scratch;  // of each thread; all share the first thread's v and m in whole layers
  size_t style_step, colour_step, zeros_size = 0;

  Memory(const Net& net, int threads, Shelf& shelf) {
    size_t features_size = 16 * static_cast<size_t>(net.layer[0].cin), middle_size = 0, t_size = 0, seams_size = 0;
    size_t band_size = 0, own_v = 0, own_m = 0, all_v = 0, all_m = 0, widest = NR;
    for (int i = 0; i < net.layers; ++i) {
      const Layer& l = net.layer[i];
      const Plan p = plan_of(l, threads);
      const size_t features_here = static_cast<size_t>(size_out(l)) * size_out(l) * l.cout;
      const size_t t_row = static_cast<size_t>(t_side(l)) * l.cout;
      widest = std::max<size_t>({widest, static_cast<size_t>(l.cin), static_cast<size_t>(l.cout)});
      if (is_up(l)) {
        middle_size = std::max(middle_size, features_here);
        zeros_size = std::max(zeros_size, t_row);
        if (l.method == UP_DIRECT || p.whole) t_size = std::max(t_size, t_row * t_side(l));
        if (l.method == UP_WINOGRAD && !p.whole) {
          seams_size = std::max(seams_size, 6 * t_row * p.bands);
          band_size = std::max(band_size, 20 * t_row);
        }
      } else if (i + 1 < net.layers) {
        features_size = std::max(features_size, features_here);
      }
      if (!is_winograd(l)) {
        all_m = std::max(all_m, static_cast<size_t>(l.size) * l.size * (9 * l.cout + PAD));
      } else {
        size_t &v_size = p.whole ? all_v : own_v, &m_size = p.whole ? all_m : own_m;
        v_size = std::max(v_size, p.v.size);
        m_size = std::max(m_size, p.m.size);
      }
    }
    const Layer& last = net.layer[net.layers - 1];
    const size_t pixels = static_cast<size_t>(size_out(last)) * size_out(last);
    features = shelf.take(features_size);
    middle = shelf.take(middle_size);
    t = shelf.take(t_size);
    seams = shelf.take(seams_size);
    // the last picture is the caller's, the one before lands in image[1]
    image[0] = shelf.take(net.channels * pixels / 16 + 16);
    image[1] = shelf.take(net.channels * pixels / 4 + 16);
    zeros = shelf.take(zeros_size);
    style_step = widest + PAD;
    colour_step = net.channels * style_step;
    styles = shelf.take(2 * net.layers * style_step);  // of the convolutions, then of the colours
    demodulation = shelf.take(net.layers * style_step);
    colours = shelf.take(net.layers * colour_step);
    for (int id = 0; id < threads; ++id) {
      v.push_back(shelf.take(id ? own_v : std::max(own_v, all_v)));
      m.push_back(shelf.take(id ? own_m : std::max(own_m, all_m)));
      band.push_back(shelf.take(band_size));
      scratch.push_back(shelf.take(36 * widest));
    }
  }

  float* style(int layer) const { return styles + layer * style_step; }
};

}  // namespace
