// The synthesis network of StyleGAN2 ("skip" architecture) on a CPU, one picture a call, float32 throughout.
//
//   styles, demodulation -> 4x4 -> [up convolution -> convolution -> colours] ... -> picture
//
// Modulation scales what goes into a convolution and demodulation what comes out (Karras et al. 2020, section
// 2.2), so weights are static and are transformed once, when a network is loaded (`dne_pack`). Three ways to
// convolve, all of which end in the same small matrix product:
//   direct     a product for each tap; at the smallest sizes, where weights are most of the traffic
//   winograd   F(4x4,3x3) (Lavin & Gray 2016): 36 products for 16 outputs in place of 144
//   up         a stride-2 transposed convolution is, along an axis, a 2-tap convolution (its even outputs) and a
//              1-tap one (its odd outputs). F(5,2) makes 6 products for 5 even outputs, the odd ones cost 5:
//              121 products for 100 outputs, in place of 225. The 4-tap FIR filter follows in a pass that also
//              does demodulation, noise, bias and activation.
// Features lie in memory as (y, x, channel), channels padded with zeros to whole register tiles, already scaled
// by the styles of the convolution that will read them. No result depends on the number of threads.
//
// GCC and Clang vector extensions only: the width follows the machine that compiles.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace {

// VW: floats of a vector. MR x NR: the register tile, MR rows by two vectors.
#if defined(__AVX512F__)
constexpr int VW = 16, MR = 12;
#elif defined(__AVX__)
constexpr int VW = 8, MR = 6;
#elif defined(__aarch64__)
constexpr int VW = 4, MR = 12;
#else
constexpr int VW = 4, MR = 6;
#endif
constexpr int NR = 2 * VW;

typedef float vec __attribute__((vector_size(VW * sizeof(float)), may_alias));

inline vec load(const float* p) { return *reinterpret_cast<const vec*>(p); }
inline void store(float* p, vec v) { *reinterpret_cast<vec*>(p) = v; }

#if defined(__AVX512F__)
inline vec larger(vec a, vec b) { return _mm512_max_ps(a, b); }
inline vec smaller(vec a, vec b) { return _mm512_min_ps(a, b); }
#else
inline vec larger(vec a, vec b) { return a > b ? a : b; }
inline vec smaller(vec a, vec b) { return a < b ? a : b; }
#endif

float sum(vec v) {
  float lanes[VW];
  std::memcpy(lanes, &v, sizeof v);
  for (int half = VW / 2; half; half /= 2)
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  return lanes[0];
}

}  // namespace

// ---- what Python hands over; kept in step with fast.py -------------------------------------------------------

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

// ---- threads -------------------------------------------------------------------------------------------------

// The threads of one picture. All run the same code; `each` hands its iterations out and waits for all.
// They live as long as the call: nothing to keep, nothing that a fork could lose.
class Team {
 public:
  template <class Body>
  void each(int count, Body&& body) {
    for (int i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count;) body(i);
    wait();
  }

  template <class Work>
  void run(int wanted, Work&& work) {
    std::vector<std::thread> others;
    std::atomic<bool> go{false};
    try {
      for (int id = 1; id < wanted; ++id)
        others.emplace_back([&, id] {
          while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
          work(id);
        });
    } catch (const std::system_error&) {
      // fewer threads than wanted: slower, and the same picture
    }
    size_ = 1 + static_cast<int>(others.size());
    go.store(true, std::memory_order_release);
    work(0);
    for (auto& thread : others) thread.join();
  }

 private:
  void wait() {
    const int round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
      arrived_.store(0, std::memory_order_relaxed);
      next_.store(0, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
      return;
    }
    // A short spin, since phases are fractions of a millisecond; then leave the core to others.
    for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins)
      if (spins > 2000) std::this_thread::yield();
  }

  int size_ = 1;
  alignas(64) std::atomic<int> next_{0};
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<int> round_{0};
};

// ---- the matrix product --------------------------------------------------------------------------------------

// C (M, NR) = A (M, K) B (K, NR); rows of A and C lie lda and ldc floats apart.
template <int M>
inline void tile_product(int K, const float* A, size_t lda, const float* B, float* C, size_t ldc) {
  vec acc[M][2] = {};
  for (int k = 0; k < K; ++k, B += NR) {
    const vec b0 = load(B), b1 = load(B + VW);
#pragma GCC unroll 12
    for (int m = 0; m < M; ++m) {
      const float a = A[m * lda + k];
      acc[m][0] += a * b0;
      acc[m][1] += a * b1;
    }
  }
#pragma GCC unroll 12
  for (int m = 0; m < M; ++m) {
    store(C + m * ldc, acc[m][0]);
    store(C + m * ldc + VW, acc[m][1]);
  }
}

template <int M>
inline void last_rows(int rows, int K, const float* A, size_t lda, const float* B, float* C, size_t ldc) {
  if constexpr (M > 0) {
    if (rows == M) return tile_product<M>(K, A, lda, B, C, ldc);
    last_rows<M - 1>(rows, K, A, lda, B, C, ldc);
  }
}

void product(int rows, int K, const float* A, size_t lda, const float* B, float* C, size_t ldc) {
  for (; rows >= MR; rows -= MR, A += MR * lda, C += MR * ldc) tile_product<MR>(K, A, lda, B, C, ldc);
  last_rows<MR - 1>(rows, K, A, lda, B, C, ldc);
}

// ---- Winograd transforms: points 0, 1, -1, 2, -2 and infinity ------------------------------------------------

// Rows of G of F(4,3), and of F(5,2) with the single tap of the odd outputs below it.
constexpr double G43[6][3] = {{1. / 4, 0, 0},           {-1. / 6, -1. / 6, -1. / 6}, {-1. / 6, 1. / 6, -1. / 6},
                              {1. / 24, 1. / 12, 1. / 6}, {1. / 24, -1. / 12, 1. / 6}, {0, 0, 1}};
// An even output 2i is x[i-1]*tap2 + x[i]*tap0: columns are taps 0, 1, 2 of the kernel.
constexpr double G52[7][3] = {{0, 0, 1. / 4},        {-1. / 6, 0, -1. / 6},  {1. / 6, 0, -1. / 6}, {1. / 12, 0, 1. / 24},
                              {-1. / 12, 0, 1. / 24}, {1, 0, 0}, {0, 1, 0}};
constexpr double G11[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

// B^T d: six samples to six points, `step` floats apart.
inline void to_points(const vec d0, const vec d1, const vec d2, const vec d3, const vec d4, const vec d5, float* out,
                      size_t step) {
  const vec a = d4 - 4.f * d2, b = d3 - 4.f * d1, c = d4 - d2, e = 2.f * (d3 - d1);
  store(out, 4.f * d0 - 5.f * d2 + d4);
  store(out + step, a + b);
  store(out + 2 * step, a - b);
  store(out + 3 * step, c + e);
  store(out + 4 * step, c - e);
  store(out + 5 * step, 4.f * d1 - 5.f * d3 + d5);
}

// A^T m: six points to OUT outputs, 4 of F(4,3) or 5 of F(5,2).
template <int OUT>
inline void from_points(const float* m, size_t step, float* out, size_t out_step) {
  const vec m1 = load(m + step), m2 = load(m + 2 * step), m3 = load(m + 3 * step), m4 = load(m + 4 * step);
  const vec s1 = m1 + m2, d1 = m1 - m2, s2 = m3 + m4, d2 = m3 - m4;
  store(out, load(m) + s1 + s2);
  store(out + out_step, d1 + 2.f * d2);
  store(out + 2 * out_step, s1 + 4.f * s2);
  const vec y3 = d1 + 8.f * d2;
  if constexpr (OUT == 4) {
    store(out + 3 * out_step, y3 + load(m + 5 * step));
  } else {
    store(out + 3 * out_step, y3);
    store(out + 4 * out_step, s1 + 16.f * s2 + load(m + 5 * step));
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

// Patch -> 11 x 11 slots: of each axis six points for the even outputs, then samples 1 to 5 for the odd ones.
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
      float* out = V + 11 * i * step + c;
      to_points(load(d), load(d + pixel), load(d + 2 * pixel), load(d + 3 * pixel), load(d + 4 * pixel),
                load(d + 5 * pixel), out, step);
      for (int j = 1; j < 6; ++j) store(out + (5 + j) * step, load(d + j * pixel));
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

// 11 x 11 slots -> 10x10 outputs; `row` and `pixel` are strides of the outputs.
void finish_up(const float* M, size_t step, int channels, float* out, size_t row, size_t pixel) {
  for (int c = 0; c < channels; c += VW) {
    alignas(64) float half[5][11][VW];
    for (int j = 0; j < 11; ++j) from_points<5>(M + j * step + c, 11 * step, half[0][j], 11 * VW);
    for (int i = 0; i < 10; ++i) {
      const bool odd = i & 1;
      const float* m = odd ? M + (6 + i / 2) * 11 * step + c : half[i / 2][0];
      const size_t across = odd ? step : VW;
      float* to = out + i * row + c;
      from_points<5>(m, across, to, 2 * pixel);
      for (int j = 0; j < 5; ++j) store(to + (2 * j + 1) * pixel, load(m + (6 + j) * across));
    }
  }
}

// ---- what follows a convolution ------------------------------------------------------------------------------

// The numbers of one layer that change with w, and where its results go.
struct Epilogue {
  const float* demodulation;  // (cout,), times the activation's gain
  const float* bias;          // (cout,), likewise
  const float* noise;         // (size, size) or null
  float noise_gain;           // likewise
  const float* next_style;    // (cout,), or null if the features are not needed any more
  const float* rgb_weight;    // (channels, cout), styles multiplied in, or null
  const float* rgb_bias;      // (channels,)
  float slope, clamp;
  int size, cout, channels;
  float* out;                 // (size, size, cout)
  float* image;               // (channels, size, size), added to
};

inline vec activate(vec x, float slope, float clamp) {
  x = larger(x, slope * x);
  const vec limit = clamp - vec{};
  return larger(smaller(x, limit), -limit);
}

// Four neighbouring outputs, (4, cout) in `raw`: features to `e.out`, colours to `e.image`.
void finish_four(const Epilogue& e, const float* raw, int y, int x) {
  const size_t at = static_cast<size_t>(y) * e.size + x, C = e.cout;
  float noise[4] = {};
  if (e.noise)
    for (int p = 0; p < 4; ++p) noise[p] = e.noise[at + p] * e.noise_gain;
  constexpr int COLOURS = 3;
  for (int first = 0; first < e.channels; first += COLOURS) {
    vec colour[COLOURS][4] = {};
    const float* weight[COLOURS];
    for (int i = 0; i < COLOURS; ++i) weight[i] = e.rgb_weight + std::min(first + i, e.channels - 1) * C;
    for (size_t c = 0; c < C; c += VW) {
      const vec d = load(e.demodulation + c), b = load(e.bias + c);
      const vec w0 = load(weight[0] + c), w1 = load(weight[1] + c), w2 = load(weight[2] + c);
#pragma GCC unroll 4
      for (int p = 0; p < 4; ++p) {
        const vec v = activate(load(raw + p * C + c) * d + (b + noise[p]), e.slope, e.clamp);
        colour[0][p] += v * w0;
        colour[1][p] += v * w1;
        colour[2][p] += v * w2;
        if (e.next_style && !first) store(e.out + (at + p) * C + c, v * load(e.next_style + c));
      }
    }
    for (int i = 0; i < COLOURS && first + i < e.channels; ++i)
      for (int p = 0; p < 4; ++p) {
        const float value = sum(colour[i][p]) + e.rgb_bias[first + i];
        e.image[(first + i) * static_cast<size_t>(e.size) * e.size + at + p] +=
            std::max(-e.clamp, std::min(value, e.clamp));
      }
  }
}

// One row of the FIR filter over t, (t_size, t_size, cout), the transposed convolution's outputs; row and column
// -1 of t are zeros, those from 2 * size + 1 on hold zeros.
void fir_row(const Epilogue& e, const float* taps, const float* t, size_t t_row, const float* zeros, int y) {
  const size_t C = e.cout;
  const float* rows[4];
  for (int a = 0; a < 4; ++a) rows[a] = y - 1 + a < 0 ? zeros : t + (y - 1 + a) * t_row;
  const float f0 = taps[0], f1 = taps[1], f2 = taps[2], f3 = taps[3];
  float* out = e.out + static_cast<size_t>(y) * e.size * C;
  const float* noise = e.noise ? e.noise + static_cast<size_t>(y) * e.size : nullptr;
  for (size_t c = 0; c < C; c += NR) {
    const auto column = [&](size_t x, int v) {
      const size_t at = x * C + c + v * VW;
      return f0 * load(rows[0] + at) + f1 * load(rows[1] + at) + f2 * load(rows[2] + at) + f3 * load(rows[3] + at);
    };
    vec before[2] = {}, here[2] = {column(0, 0), column(0, 1)}, after[2] = {column(1, 0), column(1, 1)};
    const vec d[2] = {load(e.demodulation + c), load(e.demodulation + c + VW)};
    const vec b[2] = {load(e.bias + c), load(e.bias + c + VW)};
    const vec s[2] = {load(e.next_style + c), load(e.next_style + c + VW)};
    for (int x = 0; x < e.size; ++x) {
      const float n = noise ? noise[x] * e.noise_gain : 0.f;
#pragma GCC unroll 2
      for (int v = 0; v < 2; ++v) {
        const vec next = column(x + 2, v);
        const vec raw = f0 * before[v] + f1 * here[v] + f2 * after[v] + f3 * next;
        store(out + x * C + c + v * VW, s[v] * activate(raw * d[v] + (b[v] + n), e.slope, e.clamp));
        before[v] = here[v], here[v] = after[v], after[v] = next;
      }
    }
  }
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
    float left = 0, here = g0 * a[0] + g1 * b[0];
    for (int x = 0; x < half; ++x) {
      const float right = x + 1 < half ? g0 * a[x + 1] + g1 * b[x + 1] : 0;
      out[2 * x] = taps[3] * left + taps[1] * here;
      out[2 * x + 1] = taps[2] * here + taps[0] * right;
      left = here, here = right;
    }
  }
}

// ---- memory of one call --------------------------------------------------------------------------------------

constexpr size_t PAD = 16;  // floats; keeps rows of a power of two apart in the caches
constexpr size_t WHOLE_LAYER_BYTES = 12u << 20;

struct Plan {  // how a Winograd layer is cut up
  int across;          // tiles in a row of tiles
  int slots, classes;  // products of a tile; different matrices along an axis
  int block;           // tiles done together
  bool whole;          // all tiles at once by all threads, so that big weights are read once
  size_t lda, ldc;
  size_t v() const { return static_cast<size_t>(slots) * block * lda; }
  size_t m() const { return static_cast<size_t>(slots) * block * ldc; }
};

int block_of(int cin, int cout, bool up) {
  const int channels = std::max(cin, cout);
  if (up) return channels <= 64 ? 12 : channels <= 256 ? 24 : 48;
  return channels <= 64 ? 36 : channels <= 128 ? 24 : 48;
}

Plan plan_of(const Layer& l) {
  Plan p;
  const bool up = is_up(l);
  p.across = up ? (l.size + 1 + 4) / 5 : l.size / 4;
  p.slots = up ? 121 : 36;
  p.classes = up ? 7 : 6;
  const int tiles = p.across * p.across;
  p.whole = static_cast<size_t>(p.classes) * p.classes * l.cin * l.cout * sizeof(float) > WHOLE_LAYER_BYTES;
  p.block = std::min(tiles, p.whole ? 256 : block_of(l.cin, l.cout, up));
  p.lda = l.cin + PAD;
  p.ldc = l.cout + PAD;
  return p;
}

inline bool is_winograd(const Layer& l) { return l.method == WINOGRAD || l.method == UP_WINOGRAD; }
inline int t_size(const Layer& l) { return l.method == UP_WINOGRAD ? 10 * plan_of(l).across : 2 * l.size + 2; }

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
  float *features, *middle, *t, *image[2], *zeros, *styles, *demodulation, *colours;
  std::vector<float*> v, m, scratch;
  size_t style_step, colour_step;

  Memory(const Net& net, int threads, Shelf& shelf) {
    size_t features_size = 0, middle_size = 0, t_all = 0, private_v = 0, private_m = 0, shared_v = 0, shared_m = 0;
    size_t widest = NR, row = 0;
    for (int i = 0; i < net.layers; ++i) {
      const Layer& l = net.layer[i];
      const size_t pixels = static_cast<size_t>(size_out(l)) * size_out(l);
      widest = std::max<size_t>({widest, static_cast<size_t>(l.cin), static_cast<size_t>(l.cout)});
      if (is_up(l)) {
        middle_size = std::max(middle_size, pixels * l.cout);
        t_all = std::max(t_all, static_cast<size_t>(t_size(l)) * t_size(l) * l.cout);
        row = std::max(row, static_cast<size_t>(t_size(l)) * l.cout);
      } else if (i + 1 < net.layers) {
        features_size = std::max(features_size, pixels * l.cout);
      }
      features_size = std::max<size_t>(features_size, 16 * static_cast<size_t>(net.layer[0].cin));
      if (!is_winograd(l)) {
        shared_m = std::max(shared_m, static_cast<size_t>(l.size) * l.size * (9 * l.cout + PAD));
        continue;
      }
      const Plan p = plan_of(l);
      size_t& v_size = p.whole ? shared_v : private_v;
      size_t& m_size = p.whole ? shared_m : private_m;
      v_size = std::max(v_size, p.v());
      m_size = std::max(m_size, p.m());
    }
    const Layer& last = net.layer[net.layers - 1];
    const size_t pixels = static_cast<size_t>(size_out(last)) * size_out(last);
    features = shelf.take(features_size);
    middle = shelf.take(middle_size);
    t = shelf.take(t_all);
    image[0] = shelf.take(net.channels * pixels);
    image[1] = shelf.take(net.channels * pixels / 4 + 16);
    zeros = shelf.take(row);
    style_step = widest + PAD;
    colour_step = net.channels * style_step;
    styles = shelf.take(2 * net.layers * style_step);  // of the convolutions, then of the colours
    demodulation = shelf.take(net.layers * style_step);
    colours = shelf.take(net.layers * colour_step);
    // whole layers use the first thread's room, which is made big enough for them
    for (int id = 0; id < threads; ++id) {
      v.push_back(shelf.take(id ? private_v : std::max(private_v, shared_v)));
      m.push_back(shelf.take(id ? private_m : std::max(private_m, shared_m)));
      scratch.push_back(shelf.take(36 * widest));
    }
  }

  float* style(int layer) const { return styles + layer * style_step; }
};

// ---- the network ---------------------------------------------------------------------------------------------

// out (columns) = bias + x (rows) @ matrix (rows, columns), columns from..to
template <class Value>
void vector_matrix(int rows, const float* matrix, int columns, int from, int to, Value&& value, float* out) {
  for (int c = from; c < to; c += NR) {
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
      vector_matrix(net.w_dim, affine.weight, columns, 0, columns, [&](int k) { return w[k]; }, out);
      for (int c = 0; c < columns; ++c) out[c] += affine.bias[c];
    });
    team.each(net.layers, [&](int i) {
      const Layer& l = net.layer[i];
      const float* s = memory.style(i);
      float* d = memory.demodulation + i * memory.style_step;
      vector_matrix(l.cin, l.squares, l.cout, 0, l.cout, [&](int k) { return s[k] * s[k]; }, d);
      for (int c = 0; c < l.cout; ++c) d[c] = net.gain / std::sqrt(d[c] + 1e-8f);  // their equation 3
      if (l.rgb_w_index < 0) return;
      const float* rgb = memory.style(net.layers + i);
      for (int k = 0; k < net.channels; ++k)
        for (int c = 0; c < l.cout; ++c)
          memory.colours[i * memory.colour_step + static_cast<size_t>(k) * l.cout + c] = l.rgb_weight[k * l.cout + c] * rgb[c];
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
    e.rgb_weight = l.rgb_w_index < 0 ? nullptr : memory.colours + i * memory.colour_step;
    e.rgb_bias = l.rgb_bias;
    e.slope = net.slope;
    e.clamp = net.clamp;
    e.size = size_out(l);
    e.cout = l.cout;
    e.channels = net.channels;
    e.out = out;
    e.image = image;
    return e;
  }

  // Products of the matrices (a, b) in `which`, for the tiles in V.
  void multiply(const Layer& l, const Plan& p, const float* V, float* M, int tiles, int matrix, int panel) const {
    const int kinds = p.classes == 7 ? 11 : 6, a = matrix / p.classes, b = matrix % p.classes;
    const float* B = l.packed + (static_cast<size_t>(matrix) * (l.cout / NR) + panel) * l.cin * NR;
    const int a_to = a == 6 ? kinds : a + 1, b_to = b == 6 ? kinds : b + 1;
    for (int i = a; i < a_to; ++i)
      for (int j = b; j < b_to; ++j) {
        const size_t slot = static_cast<size_t>(i * kinds + j) * p.block;
        product(tiles, l.cin, V + slot * p.lda, p.lda, B, M + slot * p.ldc + panel * NR, p.ldc);
      }
  }

  void transform(const Layer& l, const Plan& p, const Map& map, int tile, float* V, float* scratch) const {
    const int step = is_up(l) ? 5 : 4, y = tile / p.across * step - 1, x = tile % p.across * step - 1;
    const Patch patch = patch_of(map, y, x, scratch);
    (is_up(l) ? transform_up : transform_conv)(patch, l.cin, V, p.block * p.lda);
  }

  void finish(const Layer& l, const Plan& p, const Epilogue& e, int tile, const float* M, float* scratch) const {
    const int ty = tile / p.across, tx = tile % p.across;
    const size_t step = p.block * p.ldc, C = l.cout;
    if (is_up(l)) {
      const size_t row = t_size(l) * C;
      finish_up(M, step, l.cout, memory.t + 10 * ty * row + 10 * tx * C, row, C);
      return;
    }
    finish_conv(M, step, l.cout, scratch);
    for (int i = 0; i < 4; ++i) finish_four(e, scratch + 4 * i * C, 4 * ty + i, 4 * tx);
  }

  // All tiles of a layer, in blocks.
  void winograd(int id, const Layer& l, const Map& map, const Epilogue& e) const {
    const Plan p = plan_of(l);
    const int tiles = p.across * p.across, blocks = (tiles + p.block - 1) / p.block, panels = l.cout / NR;
    const int matrices = p.classes * p.classes;
    if (!p.whole) {
      team.each(blocks, [&](int block) {
        const int first = block * p.block, count = std::min(p.block, tiles - first);
        float *V = memory.v[id], *M = memory.m[id];
        for (int i = 0; i < count; ++i) transform(l, p, map, first + i, V + i * p.lda, memory.scratch[id]);
        for (int matrix = 0; matrix < matrices; ++matrix)
          for (int panel = 0; panel < panels; ++panel) multiply(l, p, V, M, count, matrix, panel);
        for (int i = 0; i < count; ++i) finish(l, p, e, first + i, M + i * p.ldc, memory.scratch[id]);
      });
      return;
    }
    float *V = memory.v[0], *M = memory.m[0];
    for (int first = 0; first < tiles; first += p.block) {
      const int count = std::min(p.block, tiles - first);
      team.each(count, [&](int i) { transform(l, p, map, first + i, V + i * p.lda, memory.scratch[id]); });
      team.each(matrices, [&](int matrix) {
        for (int panel = 0; panel < panels; ++panel) multiply(l, p, V, M, count, matrix, panel);
      });
      team.each(count, [&](int i) { finish(l, p, e, first + i, M + i * p.ldc, memory.scratch[id]); });
    }
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
      finish_four(e, raw, y, x);
    });
  }

  // t of a small layer: t[2i+k] sums x[i] by tap k.
  void up_direct(const Layer& l, const Map& map) const {
    products_of_taps(l, map);
    const size_t C = l.cout, pixel = 9 * C + PAD;
    const int side = t_size(l);
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
    const Epilogue e = epilogue(i, memory.middle, nullptr);
    if (l.method == UP_WINOGRAD)
      winograd(id, l, map, e);
    else
      up_direct(l, map);
    const float reversed[4] = {net.taps[3], net.taps[2], net.taps[1], net.taps[0]};
    team.each(e.size, [&](int y) {
      fir_row(e, reversed, memory.t, static_cast<size_t>(t_size(l)) * l.cout, memory.zeros, y);
    });
  }

  void run(int id, float* picture) const {
    modulate();
    Map map{memory.features, 4, net.layer[0].cin};
    team.each(1, [&](int) {
      const float* s = memory.style(0);
      for (int p = 0; p < 16; ++p)
        for (int c = 0; c < map.channels; ++c) memory.features[p * map.channels + c] = net.start[p * map.channels + c] * s[c];
      std::memset(memory.zeros, 0, static_cast<size_t>(zero_row()) * sizeof(float));
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
      const Epilogue e = epilogue(i, memory.features, image);
      if (l.method == WINOGRAD)
        winograd(id, l, map, e);
      else
        direct(id, l, map, e);
      map = {memory.features, side, l.cout};
    }
  }

  int zero_row() const {
    int longest = 0;
    for (int i = 0; i < net.layers; ++i)
      if (is_up(net.layer[i])) longest = std::max(longest, t_size(net.layer[i]) * net.layer[i].cout);
    return longest;
  }
};

}  // namespace

// ---- what Python calls ---------------------------------------------------------------------------------------

extern "C" {

// Channels must be a multiple of this.
int dne_channel_multiple() { return NR; }

// Floats of the packed weights of a layer.
size_t dne_packed_floats(int method, int cin, int cout) {
  const size_t along = method == WINOGRAD ? 6 : method == UP_WINOGRAD ? 7 : 3;
  return along * along * cin * cout;
}

// weight (cout, cin, 3, 3) -> packed: for each matrix, for each panel of NR outputs, (cin, NR).
void dne_pack(int method, int cin, int cout, const float* weight, float* packed, int threads) {
  const int along = method == WINOGRAD ? 6 : method == UP_WINOGRAD ? 7 : 3;
  const double(*G)[3] = method == WINOGRAD ? G43 : method == UP_WINOGRAD ? G52 : G11;
  const int panels = cout / NR;
  Team team;
  team.run(threads, [&](int) {
    team.each(panels, [&](int panel) {
      for (int k = 0; k < cin; ++k) {
        double tap[3][3][NR], half[7][3][NR];
        for (int n = 0; n < NR; ++n)
          for (int t = 0; t < 9; ++t)
            tap[t / 3][t % 3][n] = weight[(static_cast<size_t>(panel * NR + n) * cin + k) * 9 + t];
        for (int a = 0; a < along; ++a)
          for (int x = 0; x < 3; ++x)
            for (int n = 0; n < NR; ++n)
              half[a][x][n] = G[a][0] * tap[0][x][n] + G[a][1] * tap[1][x][n] + G[a][2] * tap[2][x][n];
        for (int a = 0; a < along; ++a)
          for (int b = 0; b < along; ++b) {
            float* out = packed + ((static_cast<size_t>(a * along + b) * panels + panel) * cin + k) * NR;
            for (int n = 0; n < NR; ++n)
              out[n] = static_cast<float>(G[b][0] * half[a][0][n] + G[b][1] * half[a][1][n] + G[b][2] * half[a][2][n]);
          }
      }
    });
  });
}

// Floats that dne_synthesize needs to work in.
size_t dne_workspace_floats(const Net* net, int threads) {
  Shelf shelf{nullptr};
  Memory memory(*net, threads, shelf);
  return shelf.used;
}

// ws (num_ws, w_dim) -> picture (channels, size, size). `workspace` is 64-byte aligned.
void dne_synthesize(const Net* net, const float* ws, const float* const* noise, const float* noise_gain,
                    float* workspace, float* picture, int threads) {
  Shelf shelf{workspace};
  Memory memory(*net, threads, shelf);
  Team team;
  const Synthesis synthesis{*net, team, memory, ws, noise, noise_gain};
  team.run(threads, [&](int id) { synthesis.run(id, picture); });
}

// Ask for big pages: they are faulted in 512 times more seldom.
void dne_big_pages(void* start, size_t bytes) {
#if defined(__linux__)
  const uintptr_t page = 4096, from = (reinterpret_cast<uintptr_t>(start) + page - 1) / page * page;
  const uintptr_t to = (reinterpret_cast<uintptr_t>(start) + bytes) / page * page;
  if (to > from) madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
#else
  (void)start, (void)bytes;
#endif
}

}  // extern "C"
