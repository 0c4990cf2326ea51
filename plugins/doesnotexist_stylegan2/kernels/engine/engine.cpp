// The synthesis network of StyleGAN2 (architectures "skip" and "orig") on a CPU, one picture a call, in float32.
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
//
// One translation unit: its headers keep everything in unnamed namespaces, so that the compiler may inline it.

#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "memory.h"
#include "network.h"
#include "synthesis.h"
#include "team.h"
#include "vectors.h"
#include "winograd.h"

// What Python calls.

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
