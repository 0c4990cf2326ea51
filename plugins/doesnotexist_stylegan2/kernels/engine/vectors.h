// Vectors as wide as the machine that compiles has them, and the matrix product of all convolutions.

#pragma once

#include <cstddef>
#include <cstring>

#if defined(__AVX512F__)
#include <immintrin.h>
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

}  // namespace
