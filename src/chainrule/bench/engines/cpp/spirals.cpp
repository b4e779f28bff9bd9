// W2: 2-16-16-1, tanh, binary cross-entropy on logits, gradient descent at 0.1, batches of 32.
#include <cstring>
#include "products.hpp"
#include "updates.hpp"

enum { BATCH = 32, INPUTS = 2, UNITS = 16 };
enum { W1 = 0, B1 = W1 + INPUTS * UNITS, W2 = B1 + UNITS, B2 = W2 + UNITS * UNITS };
enum { W3 = B2 + UNITS, B3 = W3 + UNITS, COUNT = B3 + 8 };
static const float RATE = .1f;

struct Training {
  alignas(64) float w[COUNT] = {}, g[COUNT] = {};
  alignas(64) float x[BATCH * INPUTS], y[BATCH], h1[BATCH * UNITS], h2[BATCH * UNITS];
  alignas(64) float z1[BATCH * UNITS], z2[BATCH * UNITS], z3[BATCH], turned[UNITS * UNITS];
  Descent<COUNT> optimizer;
};

// Gradient before a tanh from the gradient after it and its output.
static INLINE Float8 before_tanh(Float8 gradient, Float8 h) {
  return gradient * (all(1.f) - h * h);
}

extern "C" void *create(const float *const *start) {
  const int places[] = {W1, B1, W2, B2, W3, B3};
  const int sizes[] = {INPUTS * UNITS, UNITS, UNITS * UNITS, UNITS, UNITS, 1};
  Training *made = new Training;
  for (int k = 0; k < 6; k++) memcpy(made->w + places[k], start[k], sizes[k] * sizeof(float));
  return made;
}

extern "C" void destroy(void *training) { delete (Training *)training; }

static INLINE void gather(Training &t, const float *X, const float *y, const int64_t *rows) {
  for (int r = 0; r < BATCH; r++) {
    memcpy(t.x + r * INPUTS, X + rows[r] * INPUTS, INPUTS * sizeof(float));
    t.y[r] = y[rows[r]];
  }
}

static INLINE void forward(Training &t) {
  product<BATCH, UNITS, INPUTS, PLAIN>(t.x, INPUTS, t.w + W1, UNITS, [&](int i, int j, Float8 z) {
    store(t.h1 + i * UNITS + j, tanh(z + load(t.w + B1 + j)));
  });
  product<BATCH, UNITS, UNITS, PLAIN>(t.h1, UNITS, t.w + W2, UNITS, [&](int i, int j, Float8 z) {
    store(t.h2 + i * UNITS + j, tanh(z + load(t.w + B2 + j)));
  });
  for (int r = 0; r < BATCH; r++) {
    Float8 low = load(t.h2 + r * UNITS) * load(t.w + W3);
    t.z3[r] = sum(fma(load(t.h2 + r * UNITS + 8), load(t.w + W3 + 8), low));
  }
}

// The mean of y softplus(-z) + (1 - y) softplus(z); leaves dL/dz in z3.
static INLINE float loss(Training &t) {
  Float8 total = all(0.f), bias = all(0.f);
  for (int r = 0; r < BATCH; r += 8) {
    Float8 z = load(t.z3 + r) + all(t.w[B3]), y = load(t.y + r);
    Float8 e = exp(smaller(z, -z)), s = all(1.f) / (all(1.f) + e);  // e = exp(-|z|)
    Float8 p = where(z >= all(0.f), s) + where(z < all(0.f), e * s);
    total += larger(z, all(0.f)) + log1p_of_share(e) - y * z;
    Float8 gradient = (p - y) * all(1.f / BATCH);
    bias += gradient;
    store(t.z3 + r, gradient);
  }
  t.g[B3] = sum(bias);
  return sum(total) / BATCH;
}

static INLINE void last_layer_backward(Training &t) {
  Float8 weights[2], by_weights[2] = {all(0.f), all(0.f)}, by_bias[2] = {all(0.f), all(0.f)};
  for (int v = 0; v < 2; v++) weights[v] = load(t.w + W3 + 8 * v);
  for (int r = 0; r < BATCH; r++)
#pragma GCC unroll 2
    for (int v = 0; v < 2; v++) {
      Float8 gradient = all(t.z3[r]), h = load(t.h2 + r * UNITS + 8 * v);
      Float8 z = before_tanh(gradient * weights[v], h);
      by_weights[v] = fma(gradient, h, by_weights[v]);
      by_bias[v] += z;
      store(t.z2 + r * UNITS + 8 * v, z);
    }
  for (int v = 0; v < 2; v++) {
    store(t.g + W3 + 8 * v, by_weights[v]);
    store(t.g + B2 + 8 * v, by_bias[v]);
  }
}

static INLINE void backward(Training &t) {
  last_layer_backward(t);
  product<UNITS, UNITS, BATCH, TURNED>(t.h1, UNITS, t.z2, UNITS, [&](int i, int j, Float8 g) {
    store(t.g + W2 + i * UNITS + j, g);
  });
  transpose<UNITS, UNITS>(t.w + W2, t.turned);
  product<BATCH, UNITS, UNITS, PLAIN>(t.z2, UNITS, t.turned, UNITS, [&](int i, int j, Float8 g) {
    store(t.z1 + i * UNITS + j, before_tanh(g, load(t.h1 + i * UNITS + j)));
  });
  column_sums<BATCH, UNITS>(t.z1, t.g + B1);
  product<INPUTS, UNITS, BATCH, TURNED>(t.x, INPUTS, t.z1, UNITS, [&](int i, int j, Float8 g) {
    store(t.g + W1 + i * UNITS + j, g);
  });
}

extern "C" void train(void *training, const float *X, const float *y, const int64_t *rows,
                      int64_t steps, double *losses, void *) {
  Training &t = *(Training *)training;
  FlushToZero flush;
  for (int64_t step = 0; step < steps; step++, rows += BATCH) {
    gather(t, X, y, rows);
    forward(t);
    losses[step] = loss(t);
    backward(t);
    t.optimizer.update(RATE, t.w, t.g);
  }
}
