// The measures that other tests rely on must themselves be able to fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/accuracy.h"
#include "tests/support/net_builder.h"
#include "tests/support/pictures.h"

namespace impasto::test {
namespace {

using net::Tensor;
using testing::HasSubstr;

TEST(Compare, NamesTheWorstElement) {
  const Tensor reference(2, 3, 4, 1);
  std::vector<float> result(24, 1);
  EXPECT_TRUE(compare(reference, result, exact_bound()));
  result[5] = 1.5F;
  result[23] = 3;
  const Bound bound = [](std::size_t, double) { return 0.25; };
  const testing::AssertionResult answer = compare(reference, result, bound);
  EXPECT_FALSE(answer);
  EXPECT_THAT(answer.message(), HasSubstr("2 of 24"));
  EXPECT_THAT(answer.message(), HasSubstr("[1][2][3]: 3, reference 1"));
  EXPECT_THAT(answer.message(), HasSubstr("exceeded 8 times"));
}

TEST(Compare, NanInfinityAndAMissingElementFail) {
  const Tensor reference(1, 1, 2, 1);
  const Bound generous = [](std::size_t, double) { return 1e30; };
  EXPECT_FALSE(compare(reference, std::vector<float>{1, NAN}, generous));
  EXPECT_FALSE(compare(reference, std::vector<float>{1, -INFINITY}, generous));
  EXPECT_FALSE(compare(reference, std::vector<float>{1}, generous));
  EXPECT_TRUE(compare(Tensor(1, 1, 1, INFINITY), std::vector<float>{INFINITY}, exact_bound()));
}

TEST(Compare, ExactIsTheNearestFloat) {
  const Tensor third(1, 1, 1, 1.0 / 3);
  EXPECT_TRUE(compare(third, std::vector<float>{1.0F / 3}, exact_bound()));
  EXPECT_FALSE(compare(third, std::vector<float>{std::nextafter(1.0F / 3, 1.0F)}, exact_bound()));
}

TEST(Bounds, Conv) {
  net::Conv conv{.in_channels = 4, .out_channels = 1};
  conv.weights = weights({1, -2, 3, -4});
  const net::Net network = single_op(conv, {4, 1, 1}, {1, 1, 1});
  const Bound bound = conv_bound(network, network.nodes[0], Tensor(4, 1, 1, -1), {});
  EXPECT_DOUBLE_EQ(bound(0, 0), 4 * 2 * 0x1p-24 * 10);
}

TEST(Bounds, RelativeToTheChannelsRms) {
  const Tensor reference = listed_tensor(2, 1, 2, {3, -3, 30, -30});
  EXPECT_DOUBLE_EQ(norm_bound(reference)(1, 0), 3e-5);
  EXPECT_DOUBLE_EQ(norm_bound(reference)(2, 0), 30e-5);
  EXPECT_DOUBLE_EQ(half_bound(reference)(2, -1), 0x1p-10 * 31);
}

Picture noise_picture(std::uint64_t seed) {
  return to_picture(random_tensor(3, 32, 40, seed, 0, 255));
}

TEST(Pictures, CodesAreRoundedAndClamped) {
  EXPECT_THAT(to_picture(listed_tensor(1, 1, 5, {-1, 0, 0.5, 2, NAN}), 0, 1).codes,
              testing::ElementsAre(0, 0, 128, 255, 0));
}

TEST(Pictures, Psnr) {
  Picture a = noise_picture(1);
  Picture b = a;
  EXPECT_EQ(difference(a, b).psnr, INFINITY);
  std::ranges::fill(a.codes, std::uint8_t{100});
  std::ranges::fill(b.codes, std::uint8_t{110});
  EXPECT_NEAR(difference(a, b).psnr, 28.1308, 1e-4);
  EXPECT_EQ(difference(a, b).largest, 10);
  EXPECT_EQ(difference(a, b).changed_share, 1);
}

/// Two flat pictures differ in the luminance term alone.
TEST(Pictures, SsimOfFlatPictures) {
  const Picture a = to_picture(Tensor(1, 16, 16, 100));
  const Picture b = to_picture(Tensor(1, 16, 16, 110));
  const double c1 = 6.5025;
  EXPECT_NEAR(ssim(a, b), (2.0 * 100 * 110 + c1) / (100.0 * 100 + 110 * 110 + c1), 1e-12);
}

TEST(Pictures, SsimOfEqualAndOfUnrelatedPictures) {
  EXPECT_NEAR(ssim(noise_picture(1), noise_picture(1)), 1, 1e-12);
  EXPECT_LT(ssim(noise_picture(1), noise_picture(2)), 0.05);
}

TEST(Pictures, PromisesCanBeBroken) {
  const Picture reference = to_picture(random_tensor(3, 100, 100, 1, 10, 240));
  Picture one_off = reference;
  for (std::size_t i = 0; i < 30; ++i) ++one_off.codes[i * 997];
  EXPECT_TRUE(agrees_in_float(reference, one_off));
  EXPECT_TRUE(agrees_across_drivers(reference, one_off));
  ++one_off.codes[5];
  EXPECT_FALSE(agrees_across_drivers(reference, one_off));
  ++one_off.codes[5];
  EXPECT_FALSE(agrees_in_float(reference, one_off));
  EXPECT_TRUE(agrees_in_half(reference, one_off));
  ++one_off.codes[5];
  EXPECT_FALSE(agrees_in_half(reference, one_off));
}

}  // namespace
}  // namespace impasto::test
