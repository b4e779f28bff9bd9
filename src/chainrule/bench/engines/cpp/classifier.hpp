// A classifier with two hidden relu layers and 10 classes; W3, W4 and W5 differ in sizes, update.
// Small products stay in registers; a layer whose products are large (LARGE1, LARGE2) uses BLAS.
// The output is padded to 16 columns: the added ones have bias -1e30, hence probability 0.
#pragma once
#include <cmath>
#include <cstring>
#include "products.hpp"
#include "updates.hpp"

enum { CLASSES = 10, PADDED = 16 };
static const float NEVER = -1e30f;

template <int BATCH, int INPUTS, int UNITS1, int UNITS2, bool LARGE1, bool LARGE2,
          template <int> class Optimizer>
struct Classifier {
  enum { W1 = 0, B1 = W1 + INPUTS * UNITS1, W2 = B1 + UNITS1, B2 = W2 + UNITS1 * UNITS2 };
  enum { W3 = B2 + UNITS2, B3 = W3 + UNITS2 * PADDED, COUNT = B3 + PADDED };

  alignas(64) float w[COUNT] = {}, g[COUNT] = {};
  alignas(64) float x[BATCH * INPUTS], h1[BATCH * UNITS1], h2[BATCH * UNITS2], out[BATCH * PADDED];
  alignas(64) float z1[BATCH * UNITS1], z2[BATCH * UNITS2];
  alignas(64) float turned2[UNITS1 * UNITS2], turned3[UNITS2 * PADDED];
  int64_t y[BATCH];
  Optimizer<COUNT> optimizer;

  explicit Classifier(const float *const *start) {
    const int places[] = {W1, B1, W2, B2};
    const int sizes[] = {INPUTS * UNITS1, UNITS1, UNITS1 * UNITS2, UNITS2};
    for (int k = 0; k < 4; k++) memcpy(w + places[k], start[k], sizes[k] * sizeof(float));
    for (int k = 0; k < UNITS2; k++)
      memcpy(w + W3 + k * PADDED, start[4] + k * CLASSES, CLASSES * sizeof(float));
    for (int j = 0; j < PADDED; j++) w[B3 + j] = j < CLASSES ? start[5][j] : NEVER;
  }

  INLINE void gather(const float *X, const int64_t *targets, const int64_t *rows) {
    for (int r = 0; r < BATCH; r++) {
      memcpy(x + r * INPUTS, X + rows[r] * INPUTS, INPUTS * sizeof(float));
      y[r] = targets[rows[r]];
    }
  }

  // h = relu(input W + b), whichever way the product is made.
  template <int IN, int OUT, bool LARGE>
  INLINE void layer(Sgemm sgemm, const float *input, const float *weights, const float *bias,
                    float *h) {
    if (LARGE) {
      blas(sgemm, PLAIN, PLAIN, BATCH, OUT, IN, input, IN, weights, OUT, h);
      for (int r = 0; r < BATCH; r++)
        for (int j = 0; j < OUT; j += 8)
          store(h + r * OUT + j, larger(load(h + r * OUT + j) + load(bias + j), all(0.f)));
    } else {
      product<BATCH, OUT, IN, PLAIN>(input, IN, weights, OUT, [&](int i, int j, Float8 z) {
        store(h + i * OUT + j, larger(z + load(bias + j), all(0.f)));
      });
    }
  }

  // The mean cross-entropy; leaves dL/dz in `out`, and its sums in the bias's gradient.
  INLINE double loss() {
    Float8 bias1 = all(0.f), bias2 = all(0.f);
    double shifted = 0, partition = 1;  // sum of z_y - max; product of the rows' sums of exp
    for (int r = 0; r < BATCH; r++) {
      float *z = out + r * PADDED;
      Float8 low = load(z), high = load(z + 8), top = largest(larger(low, high));
      low -= top;
      high -= top;
      shifted += z[y[r]] - top[0];
      low = exp(low);
      high = exp(high);
      high = where(Int8{-1, -1, 0, 0, 0, 0, 0, 0}, high);
      const float total = sum(low + high);
      partition *= total;  // at most 10^rows, far below what a double holds
      const Float8 share = all(1.f / (total * BATCH));
      store(z, low * share);
      store(z + 8, high * share);
      z[y[r]] -= 1.f / BATCH;
      bias1 += load(z);
      bias2 += load(z + 8);
    }
    store(g + B3, bias1);
    store(g + B3 + 8, bias2);
    return (std::log(partition) - shifted) / BATCH;
  }

  // dL/dz of a hidden layer, where its relu let something through, and the bias's gradient.
  template <int IN, int OUT, bool LARGE>
  INLINE void layer_backward(Sgemm sgemm, const float *z_after, const float *weights, float *turned,
                             const float *h, float *z, float *bias) {
    if (LARGE) {
      blas(sgemm, PLAIN, TURNED, BATCH, IN, OUT, z_after, OUT, weights, OUT, z);
      memset(bias, 0, IN * sizeof(float));
      for (int r = 0; r < BATCH; r++)
        for (int j = 0; j < IN; j += 8) {
          Float8 passed = where(load(h + r * IN + j) > all(0.f), load(z + r * IN + j));
          store(z + r * IN + j, passed);
          store(bias + j, load(bias + j) + passed);
        }
    } else {
      transpose<IN, OUT>(weights, turned);
      product<BATCH, IN, OUT, PLAIN>(z_after, OUT, turned, IN, [&](int i, int j, Float8 gradient) {
        store(z + i * IN + j, where(load(h + i * IN + j) > all(0.f), gradient));
      });
      column_sums<BATCH, IN>(z, bias);
    }
  }

  // gradient = input^T z.
  template <int IN, int OUT, bool LARGE>
  INLINE void weights_backward(Sgemm sgemm, const float *input, const float *z, float *gradient) {
    if (LARGE)
      blas(sgemm, TURNED, PLAIN, IN, OUT, BATCH, input, IN, z, OUT, gradient);
    else
      product<IN, OUT, BATCH, TURNED>(input, IN, z, OUT, [&](int i, int j, Float8 found) {
        store(gradient + i * OUT + j, found);
      });
  }

  void train(const float *X, const int64_t *targets, const int64_t *rows, int64_t steps,
             double *losses, float rate, Sgemm sgemm) {
    for (int64_t step = 0; step < steps; step++, rows += BATCH) {
      gather(X, targets, rows);
      layer<INPUTS, UNITS1, LARGE1>(sgemm, x, w + W1, w + B1, h1);
      layer<UNITS1, UNITS2, LARGE2>(sgemm, h1, w + W2, w + B2, h2);
      product<BATCH, PADDED, UNITS2, PLAIN>(
          h2, UNITS2, w + W3, PADDED,
          [&](int i, int j, Float8 z) { store(out + i * PADDED + j, z + load(w + B3 + j)); });
      losses[step] = loss();
      weights_backward<UNITS2, PADDED, false>(sgemm, h2, out, g + W3);
      layer_backward<UNITS2, PADDED, false>(sgemm, out, w + W3, turned3, h2, z2, g + B2);
      weights_backward<UNITS1, UNITS2, LARGE2>(sgemm, h1, z2, g + W2);
      layer_backward<UNITS1, UNITS2, LARGE2>(sgemm, z2, w + W2, turned2, h1, z1, g + B1);
      weights_backward<INPUTS, UNITS1, LARGE1>(sgemm, x, z1, g + W1);
      optimizer.update(rate, w, g);
    }
  }
};

// The three functions that Python calls, for one kind of classifier.
#define EXPORT(KIND, RATE)                                                                        \
  extern "C" void *create(const float *const *start) { return new KIND(start); }                  \
  extern "C" void destroy(void *training) { delete (KIND *)training; }                            \
  extern "C" void train(void *training, const float *X, const int64_t *y, const int64_t *rows,    \
                        int64_t steps, double *losses, void *sgemm) {                             \
    FlushToZero flush;                                                                            \
    ((KIND *)training)->train(X, y, rows, steps, losses, RATE, (Sgemm)sgemm);                     \
  }
