// Matrix products: small ones in registers, large ones by the BLAS whose address is handed in.
// Knows row-major floats; knows no layer.
#pragma once
#include "vectors.hpp"

// The sgemm of Fortran: everything by address, matrices by columns.
typedef void (*Sgemm)(const char *, const char *, const int *, const int *, const int *,
                      const float *, const float *, const int *, const float *, const int *,
                      const float *, float *, const int *);

enum Form { PLAIN, TURNED };  // TURNED: the matrix is read as its transpose

// c = a b, with a (rows x depth) and b (depth x columns) after turning; widths are row lengths.
static INLINE void blas(Sgemm sgemm, Form form_a, Form form_b, int rows, int columns, int depth,
                        const float *a, int width_a, const float *b, int width_b, float *c) {
  const float one = 1, zero = 0;
  sgemm(form_b == TURNED ? "T" : "N", form_a == TURNED ? "T" : "N", &columns, &rows, &depth,
        &one, b, &width_b, a, &width_a, &zero, c, &columns);
}

// The same for small matrices of known sizes: a tile of the result stays in registers until all of
// `depth` is summed, and then goes to `keep(row, column, eight entries)`.
template <int ROWS, int COLUMNS, int DEPTH, Form FORM_A, class Keep>
static INLINE void product(const float *__restrict a, int width_a, const float *__restrict b,
                           int width_b, Keep keep) {
  constexpr int VECTORS = COLUMNS % 16 == 0 ? 2 : 1;
  constexpr int WANTED = VECTORS == 1 ? 8 : ROWS % 6 == 0 ? 6 : 4;
  constexpr int HEIGHT = ROWS < WANTED ? ROWS : WANTED;
  static_assert(ROWS % HEIGHT == 0 && COLUMNS % 8 == 0, "tiles must cover the result");
  for (int column = 0; column < COLUMNS; column += 8 * VECTORS)
    for (int row = 0; row < ROWS; row += HEIGHT) {
      Float8 tile[HEIGHT][VECTORS];
#pragma GCC unroll 8
      for (int i = 0; i < HEIGHT; i++)
#pragma GCC unroll 2
        for (int v = 0; v < VECTORS; v++) tile[i][v] = all(0.f);
#pragma GCC unroll 4
      for (int k = 0; k < DEPTH; k++) {
        Float8 right[VECTORS];
#pragma GCC unroll 2
        for (int v = 0; v < VECTORS; v++) right[v] = load(b + k * width_b + column + 8 * v);
#pragma GCC unroll 8
        for (int i = 0; i < HEIGHT; i++) {
          const int place = FORM_A == TURNED ? k * width_a + row + i : (row + i) * width_a + k;
          const Float8 left = all(a[place]);
#pragma GCC unroll 2
          for (int v = 0; v < VECTORS; v++) tile[i][v] = fma(left, right[v], tile[i][v]);
        }
      }
#pragma GCC unroll 8
      for (int i = 0; i < HEIGHT; i++)
#pragma GCC unroll 2
        for (int v = 0; v < VECTORS; v++) keep(row + i, column + 8 * v, tile[i][v]);
    }
}

// to (columns x rows) = the transpose of from (rows x columns), in squares of 8.
template <int ROWS, int COLUMNS>
static INLINE void transpose(const float *from, float *to) {
  for (int row = 0; row < ROWS; row += 8)
    for (int column = 0; column < COLUMNS; column += 8) {
      __m256 q[8], u[8];
#pragma GCC unroll 8
      for (int i = 0; i < 8; i++) q[i] = (__m256)load(from + (row + i) * COLUMNS + column);
#pragma GCC unroll 4
      for (int i = 0; i < 8; i += 2) {
        u[i] = _mm256_unpacklo_ps(q[i], q[i + 1]);
        u[i + 1] = _mm256_unpackhi_ps(q[i], q[i + 1]);
      }
#pragma GCC unroll 2
      for (int i = 0; i < 8; i += 4) {
        q[i] = _mm256_shuffle_ps(u[i], u[i + 2], 0x44);
        q[i + 1] = _mm256_shuffle_ps(u[i], u[i + 2], 0xEE);
        q[i + 2] = _mm256_shuffle_ps(u[i + 1], u[i + 3], 0x44);
        q[i + 3] = _mm256_shuffle_ps(u[i + 1], u[i + 3], 0xEE);
      }
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) {
        Float8 upper = (Float8)_mm256_permute2f128_ps(q[i], q[i + 4], 0x20);
        Float8 lower = (Float8)_mm256_permute2f128_ps(q[i], q[i + 4], 0x31);
        store(to + (column + i) * ROWS + row, upper);
        store(to + (column + i + 4) * ROWS + row, lower);
      }
    }
}

// to = the sums of the columns.
template <int ROWS, int COLUMNS>
static INLINE void column_sums(const float *from, float *to) {
  for (int column = 0; column < COLUMNS; column += 8) {
    Float8 total = all(0.f);
    for (int row = 0; row < ROWS; row++) total += load(from + row * COLUMNS + column);
    store(to + column, total);
  }
}
