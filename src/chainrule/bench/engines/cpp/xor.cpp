// W1: 3-4-1, sigmoid, half the summed squared error, gradient descent at 0.1, the same 4 rows in
// each step. All weights stay in registers: row k of the first layer is one vector, its units side
// by side.
#include <cstring>
#include "vectors.hpp"

enum { ROWS = 4, INPUTS = 3, UNITS = 4 };

struct Training {
  double w1[INPUTS][UNITS], b1[UNITS], w2[UNITS], b2;
};

static INLINE Double4 four(const double *from) {
  Double4 found;
  memcpy(&found, from, sizeof found);
  return found;
}

// The four sums of four vectors. The hadd of a pair holds sums of neighbours.
static INLINE Double4 sums(const Double4 (&v)[4]) {
  __m256d x = _mm256_hadd_pd((__m256d)v[0], (__m256d)v[1]);
  __m256d y = _mm256_hadd_pd((__m256d)v[2], (__m256d)v[3]);
  return (Double4)_mm256_add_pd(_mm256_permute2f128_pd(x, y, 0x21), _mm256_blend_pd(x, y, 12));
}

static INLINE double sum(Double4 v) { return (v[0] + v[2]) + (v[1] + v[3]); }

extern "C" void *create(const double *const *start) {
  Training *made = new Training;
  memcpy(made->w1, start[0], sizeof made->w1);
  memcpy(made->b1, start[1], sizeof made->b1);
  memcpy(made->w2, start[2], sizeof made->w2);
  made->b2 = *start[3];
  return made;
}

extern "C" void destroy(void *training) { delete (Training *)training; }

extern "C" void train(void *training, const double *X, const double *targets, const int64_t *,
                      int64_t steps, double *losses, void *) {
  Training &kept = *(Training *)training;
  Double4 w[INPUTS], x[ROWS][INPUTS], b1 = four(kept.b1), w2 = four(kept.w2), y = four(targets);
  double b2 = kept.b2;
  for (int k = 0; k < INPUTS; k++) w[k] = four(kept.w1[k]);
  for (int r = 0; r < ROWS; r++)
    for (int k = 0; k < INPUTS; k++) x[r][k] = all(X[r * INPUTS + k]);
  for (int64_t step = 0; step < steps; step++) {
    Double4 h[ROWS], shares[ROWS];
#pragma GCC unroll 4
    for (int r = 0; r < ROWS; r++) {
      h[r] = sigmoid(fma(x[r][2], w[2], fma(x[r][1], w[1], fma(x[r][0], w[0], b1))));
      shares[r] = h[r] * w2;
    }
    Double4 out = sigmoid(sums(shares) + all(b2)), error = out - y;
    losses[step] = .5 * sum(error * error);
    Double4 down = (error * all(-.1)) * fma(-out, out, out);  // -rate * dL/dz2, row by row
    Double4 new_w2 = w2;
#pragma GCC unroll 4
    for (int r = 0; r < ROWS; r++) {
      Double4 here = all(down[r]), z = (here * w2) * fma(-h[r], h[r], h[r]);
      new_w2 = fma(h[r], here, new_w2);
      b1 += z;
      for (int k = 0; k < INPUTS; k++) w[k] = fma(x[r][k], z, w[k]);
    }
    w2 = new_w2;
    b2 += sum(down);
  }
  for (int k = 0; k < INPUTS; k++) memcpy(kept.w1[k], &w[k], sizeof w[k]);
  memcpy(kept.b1, &b1, sizeof b1);
  memcpy(kept.w2, &w2, sizeof w2);
  kept.b2 = b2;
}
