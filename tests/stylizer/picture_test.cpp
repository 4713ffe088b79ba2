// Pictures for a window: what receive() gives, without a copy, with the source beside it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "engine/gpu/device.h"
#include "engine/stylizer.h"
#include "engine/video/pixel_formats.h"
#include "tests/support/frame_samples.h"

namespace impasto::test {
namespace {

video::FrameFormat format_of(const std::string& layout) {
  video::FrameFormat format;
  format.width = 66;  // rows of 264 bytes, padded in the picture
  format.height = 50;
  format.layout = *video::find_layout(layout);
  if (format.layout.rgb) format.color = {video::Matrix::identity, video::Range::full};
  return format;
}

video::Frame noise(const video::FrameFormat& format, unsigned seed) {
  const video::WritableFrame result = video::allocate_frame(format);
  for (int plane = 0; plane < format.layout.plane_count; ++plane) {
    const auto p = static_cast<std::size_t>(plane);
    for (int y = 0; y < format.plane_height(plane); ++y) {
      for (int x = 0; x < format.plane_width_bytes(plane); ++x) {
        seed = seed * 1664525U + 1013904223U;
        result.planes[p][result.frame.strides[p] * y + x] = static_cast<std::byte>(seed >> 24);
      }
    }
  }
  video::Frame frame = result.frame;
  frame.pts = 7;
  return frame;
}

net::Model live_model() {
  return net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/live.onnx");
}

std::vector<std::byte> received(const video::Frame& frame, const video::FrameFormat& output,
                                float strength) {
  Stylizer stylizer(live_model(), {});
  Look look = stylizer.look();
  look.strength = strength;
  stylizer.set_look(look);
  stylizer.submit(frame, output);
  return samples(*stylizer.receive());
}

void expect_same_as_received(const StylizerOptions& options, const std::string& layout) {
  const video::Frame frame = noise(format_of(layout), 1);
  const video::FrameFormat shown = format_of("rgba");
  Stylizer stylizer(live_model(), options);
  stylizer.submit(frame, shown);
  const std::optional<Picture> picture = stylizer.receive_picture();
  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->pts, 7);
  EXPECT_EQ(samples(stylizer.download(*picture, false)), received(frame, shown, 1));
  EXPECT_EQ(samples(stylizer.download(*picture, true)), received(frame, shown, 0));
}

TEST(Pictures, AreWhatReceiveGivesWithTheSourceBesideIt) {
  StylizerOptions options;
  options.pictures = true;
  expect_same_as_received(options, "yuv420p");
  expect_same_as_received(options, "rgb24");
  expect_same_as_received(options, "rgba");
}

TEST(Pictures, MayStayOnADeviceThatIsShared) {
  StylizerOptions options;
  options.pictures = true;
  options.shared_device = std::make_shared<gpu::Device>();
  expect_same_as_received(options, "yuv420p");
}

TEST(Pictures, KeepTheirSlotAndTheirDeviceWhileHeld) {
  StylizerOptions options;
  options.pictures = true;
  std::vector<Picture> held;
  std::vector<std::vector<std::byte>> contents;
  {
    Stylizer stylizer(live_model(), options);
    for (unsigned i = 0; !stylizer.full(); ++i) {
      stylizer.submit(noise(format_of("rgba"), i), format_of("rgba"));
      held.push_back(*stylizer.receive_picture());
      contents.push_back(samples(stylizer.download(held.back(), false)));
    }
    for (std::size_t i = 0; i < held.size(); ++i) {
      EXPECT_EQ(samples(stylizer.download(held[i], false)), contents[i]);
    }
    held.erase(held.begin());
    EXPECT_FALSE(stylizer.full());
    stylizer.submit(noise(format_of("rgba"), 9), format_of("rgba"));
    EXPECT_TRUE(stylizer.full());
    EXPECT_EQ(samples(stylizer.download(held.back(), false)), contents.back());
  }
  EXPECT_EQ(held.back().buffer->bytes()[0], contents.back()[0]);
}

}  // namespace
}  // namespace impasto::test
