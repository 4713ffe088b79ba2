#include "engine/graph/winograd_filters.h"

#include <array>

namespace impasto::graph {
namespace {

using Row = std::array<double, 3>;

// Taps -> product at 0, 1, -1, 2, -2, infinity.
constexpr std::array<Row, 6> small_rows{{{1.0 / 4, 0, 0},
                                         {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                         {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                         {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                         {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                         {0, 0, 1}}};

// Without the product at -1, and with the factors by which the inputs' sums are multiples of the
// stored ones: 2 (c - 4b) at 1, 3 (c - b) at 2, -(c - b) at -2.
constexpr std::array<Row, 5> small_doubled_rows{{{1.0 / 4, 0, 0},
                                                 {-1.0 / 3, -1.0 / 3, -1.0 / 3},
                                                 {1.0 / 8, 1.0 / 4, 1.0 / 2},
                                                 {-1.0 / 24, 1.0 / 12, -1.0 / 6},
                                                 {0, 0, 1}}};

// Taps -> product at 0, 1, -1, 2, -2, 1/2, -1/2, infinity.
constexpr std::array<Row, 8> large_rows{{{1, 0, 0},
                                         {-2.0 / 9, -2.0 / 9, -2.0 / 9},
                                         {-2.0 / 9, 2.0 / 9, -2.0 / 9},
                                         {1.0 / 90, 1.0 / 45, 2.0 / 45},
                                         {1.0 / 90, -1.0 / 45, 2.0 / 45},
                                         {32.0 / 45, 16.0 / 45, 8.0 / 45},
                                         {32.0 / 45, -16.0 / 45, 8.0 / 45},
                                         {0, 0, 1}}};

// The factors are 2 at 1, 3 and -1 at 2 and -2, 3/2 and 1/2 at 1/2 and -1/2.
constexpr std::array<Row, 7> large_doubled_rows{{{1, 0, 0},
                                                 {-4.0 / 9, -4.0 / 9, -4.0 / 9},
                                                 {1.0 / 30, 1.0 / 15, 2.0 / 15},
                                                 {-1.0 / 90, 1.0 / 45, -2.0 / 45},
                                                 {16.0 / 15, 8.0 / 15, 4.0 / 15},
                                                 {16.0 / 45, -8.0 / 45, 4.0 / 45},
                                                 {0, 0, 1}}};

const Row* filter_rows(const WinogradForm& form) {
  if (form.tile_side == 6) return form.doubled ? large_doubled_rows.data() : large_rows.data();
  return form.doubled ? small_doubled_rows.data() : small_rows.data();
}

}  // namespace

std::vector<float> winograd_filters(const net::Conv& op, const WinogradForm& form,
                                    int block_planes) {
  const int products = form.products();
  const int in_planes = (op.in_channels + 3) / 4;
  const int blocks = ((op.out_channels + 3) / 4 + block_planes - 1) / block_planes;
  const Row* rows = filter_rows(form);
  std::vector<float> packed(
      static_cast<std::size_t>(products) * products * blocks * in_planes * block_planes * 16, 0.0F);
  for (int o = 0; o < op.out_channels; ++o) {
    const int block = o / 4 / block_planes;
    const int out_plane = o / 4 % block_planes;
    for (int i = 0; i < op.in_channels; ++i) {
      const float* taps =
          op.weights->data() + (static_cast<std::size_t>(o) * op.in_channels + i) * 9;
      for (int y = 0; y < products; ++y) {
        Row line{};
        for (std::size_t x = 0; x < 3; ++x) {
          for (std::size_t tap = 0; tap < 3; ++tap) {
            line[x] += rows[y][tap] * static_cast<double>(taps[tap * 3 + x]);
          }
        }
        for (int x = 0; x < products; ++x) {
          const double product = rows[x][0] * line[0] + rows[x][1] * line[1] + rows[x][2] * line[2];
          const std::size_t group =
              (static_cast<std::size_t>(y * products + x) * blocks + block) * in_planes + i / 4;
          packed[((group * block_planes + out_plane) * 4 + i % 4) * 4 + o % 4] =
              static_cast<float>(product);
        }
      }
    }
  }
  return packed;
}

}  // namespace impasto::graph
