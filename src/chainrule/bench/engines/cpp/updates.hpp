// Updates of all parameters at once: they lie one behind the other, and so do their gradients.
// Knows arrays of floats, their number a multiple of 8; knows no layer.
#pragma once
#include <cmath>
#include "vectors.hpp"

// w = w - rate * g.
template <int COUNT>
struct Descent {
  INLINE void update(float rate, float *w, const float *g) {
    for (int i = 0; i < COUNT; i += 8) store(w + i, load(w + i) - all(rate) * load(g + i));
  }
};

// v = 0.9 v + g; w = w - rate * v.
template <int COUNT>
struct Momentum {
  alignas(64) float v[COUNT] = {};

  INLINE void update(float rate, float *w, const float *g) {
    for (int i = 0; i < COUNT; i += 8) {
      Float8 velocity = fma(all(.9f), load(v + i), load(g + i));
      store(v + i, velocity);
      store(w + i, load(w + i) - all(rate) * velocity);
    }
  }
};

// Adam: running means of g and g^2, corrected for their start at zero by two factors for all.
template <int COUNT>
struct Adam {
  alignas(64) float m[COUNT] = {}, v[COUNT] = {};
  double power1 = 1, power2 = 1;  // 0.9^t and 0.999^t

  INLINE void update(float rate, float *w, const float *g) {
    power1 *= .9;
    power2 *= .999;
    const double correction = std::sqrt(1 - power2);
    const Float8 scaled = all(float(rate * correction / (1 - power1)));
    const Float8 epsilon = all(float(1e-8 * correction));
    for (int i = 0; i < COUNT; i += 8) {
      Float8 slope = load(g + i);
      Float8 mean = fma(all(.9f), load(m + i), all(.1f) * slope);
      Float8 size = fma(all(.999f), load(v + i), all(.001f) * slope * slope);
      store(m + i, mean);
      store(v + i, size);
      store(w + i, load(w + i) - mean * scaled / (root(size) + epsilon));
    }
  }
};
