// Vectors of 8 floats and of 4 doubles, and the functions that a training step needs of them.
// Knows AVX2 and FMA; knows no network. Every function is the plain formula of its name.
#pragma once
#include <immintrin.h>
#include <cstdint>

#define INLINE inline __attribute__((always_inline))

typedef float Float8 __attribute__((vector_size(32)));
typedef int32_t Int8 __attribute__((vector_size(32)));
typedef double Double4 __attribute__((vector_size(32)));
typedef int64_t Long4 __attribute__((vector_size(32)));
typedef Float8 Unaligned8 __attribute__((aligned(4)));

static INLINE Float8 load(const float *from) { return *(const Unaligned8 *)from; }
static INLINE void store(float *to, Float8 value) { *(Unaligned8 *)to = value; }

static INLINE Float8 all(float x) { return Float8{x, x, x, x, x, x, x, x}; }
static INLINE Double4 all(double x) { return Double4{x, x, x, x}; }

// a * b + c, rounded once.
static INLINE Float8 fma(Float8 a, Float8 b, Float8 c) {
  return (Float8)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
static INLINE Double4 fma(Double4 a, Double4 b, Double4 c) {
  return (Double4)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}

static INLINE Float8 larger(Float8 a, Float8 b) {
  return (Float8)_mm256_max_ps((__m256)a, (__m256)b);
}
static INLINE Float8 smaller(Float8 a, Float8 b) {
  return (Float8)_mm256_min_ps((__m256)a, (__m256)b);
}
static INLINE Float8 root(Float8 a) { return (Float8)_mm256_sqrt_ps((__m256)a); }

// value where the comparison holds, 0 elsewhere.
static INLINE Float8 where(Int8 holds, Float8 value) { return (Float8)(holds & (Int8)value); }

static INLINE float sum(Float8 v) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128((__m256)v), _mm256_extractf128_ps((__m256)v, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

// The largest entry, in every place.
static INLINE Float8 largest(Float8 v) {
  __m256 turned = _mm256_max_ps((__m256)v, _mm256_permute2f128_ps((__m256)v, (__m256)v, 1));
  turned = _mm256_max_ps(turned, _mm256_shuffle_ps(turned, turned, 0x4E));
  return (Float8)_mm256_max_ps(turned, _mm256_shuffle_ps(turned, turned, 0xB1));
}

// exp(x) = (1 + p) * scale: x = n ln 2 + r, p a polynomial of r, scale = 2^n.
struct Exponential { Float8 p, scale; };

static INLINE Exponential split_exp(Float8 x) {
  x = smaller(larger(x, all(-87.f)), all(87.f));
  __m256 n = _mm256_round_ps(_mm256_mul_ps((__m256)x, _mm256_set1_ps(1.44269504f)), 8);
  Float8 r = fma((Float8)n, all(2.12194440e-4f), fma((Float8)n, all(-0.693359375f), x));
  Float8 r2 = r * r;
  Float8 high = fma(all(1.3981999507e-3f), r, all(8.3334519073e-3f));
  Float8 low = fma(all(4.1665795894e-2f), r, all(1.6666665459e-1f));
  Float8 p = fma(fma(fma(high, r2, low), r, all(0.5f)), r2, r);
  return {p, (Float8)(((Int8)_mm256_cvtps_epi32(n) + 127) << 23)};
}

static INLINE Float8 exp(Float8 x) {
  Exponential e = split_exp(x);
  return fma(e.p, e.scale, e.scale);
}

// (e^2x - 1) / (e^2x + 1), without cancellation near 0.
static INLINE Float8 tanh(Float8 x) {
  x = smaller(larger(x, all(-9.1f)), all(9.1f));
  Exponential e = split_exp(x + x);
  Float8 less_one = fma(e.p, e.scale, e.scale - all(1.f));
  return less_one / (less_one + all(2.f));
}

// log(1 + u) for u from 0 to 1: 2 atanh(u / (u + 2)).
static INLINE Float8 log1p_of_share(Float8 u) {
  Float8 s = u / (u + all(2.f)), w = s * s;
  Float8 q = fma(fma(all(.090909f), w, all(.111111f)), w, all(.142857f));
  q = fma(fma(q, w, all(.2f)), w, all(.333333f));
  return fma((s + s) * w, q, s + s);
}

// x = n ln 2 + r and the series of exp to r^12, in an order that keeps chains short.
static INLINE Double4 exp(Double4 x) {
  x = (Double4)_mm256_max_pd((__m256d)x, _mm256_set1_pd(-707));
  x = (Double4)_mm256_min_pd((__m256d)x, _mm256_set1_pd(707));
  const Double4 shift = all(6755399441055744.0);  // 1.5 * 2^52: adding it rounds to a whole number
  Double4 t = fma(x, all(1.4426950408889634), shift), n = t - shift;
  Double4 r = fma(n, all(-6.93147180369123816490e-01), x);
  r = fma(n, all(-1.90821492927058770002e-10), r);
  Double4 r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
  Double4 c0 = fma(all(1 / 6.), r, all(.5)), c2 = fma(all(1 / 120.), r, all(1 / 24.));
  Double4 c4 = fma(all(1 / 5040.), r, all(1 / 720.));
  Double4 c6 = fma(all(1 / 362880.), r, all(1 / 40320.));
  Double4 c8 = fma(all(1 / 39916800.), r, all(1 / 3628800.)), c10 = all(1 / 479001600.);
  Double4 low = fma(c2, r2, c0), middle = fma(c6, r2, c4), high = fma(c10, r2, c8);
  Double4 q = fma(r8, high, fma(r4, middle, low));
  Double4 scale = (Double4)(((Long4)t << 52) + (Long4)all(1.0));
  return fma(fma(q, r2, r), scale, scale);
}

static INLINE Double4 sigmoid(Double4 x) { return all(1.) / (all(1.) + exp(-x)); }

// While it lives, numbers too small to matter count as 0: processors are slow with them.
struct FlushToZero {
  unsigned before = _mm_getcsr();
  FlushToZero() { _mm_setcsr(before | 0x8040); }
  ~FlushToZero() { _mm_setcsr(before); }
};
