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

// Past the caches, for what is too big to stay in them; `fence` before another thread reads it.
#if defined(__AVX512F__)
inline void store_past(float* p, vec v) { _mm512_stream_ps(p, v); }
inline void fence() { _mm_sfence(); }
#else
inline void store_past(float* p, vec v) { store(p, v); }
inline void fence() {}
#endif

// out[i] = sum of v[i]
#if defined(__AVX512F__)
inline void sums_of_four(const vec v[4], float* out) {
  const auto half = [](vec a, vec b) {
    return _mm512_shuffle_f32x4(a, b, 0x44) + _mm512_shuffle_f32x4(a, b, 0xEE);
  };
  const vec ab = half(v[0], v[1]), cd = half(v[2], v[3]);
  vec lanes = _mm512_shuffle_f32x4(ab, cd, 0x88) + _mm512_shuffle_f32x4(ab, cd, 0xDD);
  lanes += _mm512_permute_ps(lanes, 0x4E);
  lanes += _mm512_permute_ps(lanes, 0xB1);
  const __m512i firsts = _mm512_set_epi32(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 8, 4, 0);
  _mm_storeu_ps(out, _mm512_castps512_ps128(_mm512_permutexvar_ps(firsts, lanes)));
}
#else
inline void sums_of_four(const vec v[4], float* out) {
  for (int i = 0; i < 4; ++i) {
    float lanes[VW];
    std::memcpy(lanes, &v[i], sizeof v[i]);
    for (int half = VW / 2; half; half /= 2)
      for (int k = 0; k < half; ++k) lanes[k] += lanes[k + half];
    out[i] = lanes[0];
  }
}
#endif

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

// ---- what follows a convolution ------------------------------------------------------------------------------

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

// ---- memory of one call --------------------------------------------------------------------------------------

constexpr size_t PAD = 16;  // floats, one line
constexpr int PREFETCHED_CHANNELS = 128;  // above, products take most of the time
constexpr size_t WHOLE_LAYER_BYTES = 12u << 20;

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
    image[0] = shelf.take(net.channels * pixels);
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
    const int tiles = p.across * p.across, panels = l.cout / NR;
    float *V = memory.v[0], *M = memory.m[0];
    for (int first = 0; first < tiles; first += p.block) {
      const int count = std::min(p.block, tiles - first);
      team.each(count, [&](int i) { transform(l, p, map, first + i, i, id, V); });
      team.each(p.classes * p.classes, [&](int matrix) {
        for (int panel = 0; panel < panels; ++panel) multiply(l, p, V, M, count, matrix, panel);
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
        for (int c = 0; c < map.channels; ++c) memory.features[p * map.channels + c] = net.start[p * map.channels + c] * s[c];
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

// ---- what Python calls ---------------------------------------------------------------------------------------

extern "C" {

// Channels must be a multiple of this.
int dne_channel_multiple() { return NR; }

// 0 if this build computes rightly on this machine; run in a child, which an unknown instruction would end.
int dne_trial() {
  constexpr int K = 8, ROWS = 2 * MR + 1;
  alignas(64) float A[ROWS * K], B[K * NR], C[ROWS * NR];
  for (int i = 0; i < ROWS * K; ++i) A[i] = static_cast<float>(i % 5 - 2);
  for (int i = 0; i < K * NR; ++i) B[i] = static_cast<float>(i % 7 - 3);
  product(ROWS, K, A, K, B, C, NR);
  for (int m = 0; m < ROWS; ++m)
    for (int n = 0; n < NR; ++n) {
      float expected = 0;
      for (int k = 0; k < K; ++k) expected += A[m * K + k] * B[k * NR + n];
      if (C[m * NR + n] != expected) return 1;
    }
  return 0;
}

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
  const Synthesis synthesis{*net, team, memory, ws, noise, noise_gain, threads};
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
