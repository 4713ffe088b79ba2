// The facade: order, formats that change, looks, sizes from tiny to large, refusals.
#include "engine/stylizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "engine/base/error.h"
#include "engine/video/pixel_formats.h"
#include "tests/support/frame_samples.h"
#include "tests/support/validation.h"

namespace impasto::test {
namespace {

using testing::HasSubstr;

net::Model shipped_model(const std::string& pack) {
  return net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/" + pack + ".onnx");
}

net::Model live_model() {
  return shipped_model("live");
}

video::FrameFormat format_of(int width, int height, const std::string& layout = "yuv420p") {
  video::FrameFormat format;
  format.width = width;
  format.height = height;
  format.layout = *video::find_layout(layout);
  return format;
}

video::Frame picture(const video::FrameFormat& format, std::int64_t pts) {
  const video::WritableFrame result = video::allocate_frame(format);
  for (int plane = 0; plane < format.layout.plane_count; ++plane) {
    const auto p = static_cast<std::size_t>(plane);
    for (int y = 0; y < format.plane_height(plane); ++y) {
      for (int x = 0; x < format.plane_width_bytes(plane); ++x) {
        result.planes[p][result.frame.strides[p] * y + x] =
            static_cast<std::byte>(60 + (x * 5 + y * 3 + pts * 11) % 120);
      }
    }
  }
  video::Frame frame = result.frame;
  frame.pts = pts;
  return frame;
}

video::Frame stylise(Stylizer& stylizer, const video::Frame& frame) {
  stylizer.submit(frame, frame.format);
  return *stylizer.receive();
}

Look style(const net::ModelInfo& model, std::size_t index) {
  Look look;
  look.style.assign(model.styles.size(), 0.0F);
  look.style[index] = 1;
  return look;
}

TEST(Stylizer, FramesComeBackInOrderAcrossAChangeOfFormat) {
  Stylizer stylizer(live_model(), {});
  std::vector<std::int64_t> order;
  const auto take = [&] {
    if (const auto frame = stylizer.receive()) order.push_back(frame->pts);
  };
  for (std::int64_t pts = 0; pts < 7; ++pts) {
    if (pts % 2 == 0 && stylizer.full()) take();  // and past full: submit makes room itself
    const video::FrameFormat format = pts < 3 ? format_of(64, 48) : format_of(40, 32, "rgb24");
    stylizer.submit(picture(format, pts), format);
  }
  while (order.size() < 7) take();
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_FALSE(stylizer.receive().has_value());
  EXPECT_EQ(stylizer.stats().rebuilds, 2U);
  EXPECT_EQ(stylizer.stats().frames, 7U);
}

TEST(Stylizer, ALookChangesTheNextFrameWithoutARebuild) {
  Stylizer stylizer(live_model(), {});
  const video::Frame frame = picture(format_of(64, 48), 0);
  stylizer.set_look(style(stylizer.model(), 1));
  const auto first = samples(stylise(stylizer, frame));
  stylizer.set_look(style(stylizer.model(), 2));
  const auto second = samples(stylise(stylizer, frame));
  stylizer.set_look(style(stylizer.model(), 1));
  EXPECT_NE(first, second);
  EXPECT_EQ(samples(stylise(stylizer, frame)), first);
  EXPECT_EQ(stylizer.stats().rebuilds, 1U);
}

TEST(Stylizer, FramesInFlightKeepTheirLook) {
  Stylizer stylizer(live_model(), {});
  const video::Frame frame = picture(format_of(64, 48), 0);
  stylizer.set_look(style(stylizer.model(), 1));
  const auto alone = samples(stylise(stylizer, frame));
  stylizer.submit(frame, frame.format);
  stylizer.set_look(style(stylizer.model(), 2));
  stylizer.submit(frame, frame.format);
  EXPECT_EQ(samples(*stylizer.receive()), alone);
  EXPECT_NE(samples(*stylizer.receive()), alone);
}

TEST(Stylizer, StrengthZeroIsTheSource) {
  Stylizer stylizer(live_model(), {});
  Look look = style(stylizer.model(), 1);
  look.strength = 0;
  stylizer.set_look(look);
  const video::Frame frame = picture(format_of(50, 34), 3);
  EXPECT_EQ(samples(stylise(stylizer, frame)), samples(frame));
}

TEST(Stylizer, TheIdentityStyleOfEveryPackGivesThePictureBack) {
  for (const char* pack : {"live", "fine"}) {
    Stylizer stylizer(shipped_model(pack), {});
    ASSERT_GE(stylizer.model().identity_style, 0);
    stylizer.set_look(
        style(stylizer.model(), static_cast<std::size_t>(stylizer.model().identity_style)));
    const video::Frame frame = picture(format_of(64, 48, "rgb24"), 3);
    const auto before = samples(frame);
    const auto after = samples(stylise(stylizer, frame));
    for (std::size_t i = 0; i < before.size(); ++i) {
      ASSERT_NEAR(std::to_integer<int>(before[i]), std::to_integer<int>(after[i]), 1) << i;
    }
  }
}

TEST(Stylizer, SizesFromTinyOn) {
  Stylizer stylizer(live_model(), {});
  for (const auto& [width, height] : {std::pair{16, 16}, {17, 16}, {33, 17}, {1, 1}, {131, 7}}) {
    const video::Frame frame = picture(format_of(width, height), 0);
    const video::Frame result = stylise(stylizer, frame);
    EXPECT_EQ(result.format, frame.format) << width << "x" << height;
    EXPECT_NE(samples(result), samples(frame)) << width << "x" << height;
  }
}

TEST(Stylizer, MemoryComesBackWithTheSession) {
  Stylizer stylizer(live_model(), {});
  const video::FrameFormat small = format_of(64, 48);
  const video::FrameFormat large = format_of(960, 720);
  stylizer.prepare(small, small);
  const std::uint64_t before = stylizer.stats().allocated_bytes;
  stylizer.prepare(large, large);
  EXPECT_GT(stylizer.stats().allocated_bytes, 4 * before);
  stylizer.prepare(small, small);
  EXPECT_EQ(stylizer.stats().allocated_bytes, before);
}

TEST(Stylizer, SteadyFramesAskForSubmitsAlone) {
  Stylizer stylizer(live_model(), {});
  const video::FrameFormat format = format_of(64, 48);
  for (int i = 0; i < 2; ++i) stylise(stylizer, picture(format, i));
  const gpu::DeviceCounters before = stylizer.stats().counters;
  EXPECT_GT(before.allocations, 0U);
  EXPECT_GT(before.pipelines, 0U);
  EXPECT_GT(before.descriptor_sets, 0U);
  for (int i = 0; i < 5; ++i) {
    stylizer.set_look(style(stylizer.model(), static_cast<std::size_t>(i)));
    stylise(stylizer, picture(format, i));
  }
  const gpu::DeviceCounters after = stylizer.stats().counters;
  EXPECT_EQ(after.allocations, before.allocations);
  EXPECT_EQ(after.pipelines, before.pipelines);
  EXPECT_EQ(after.descriptor_sets, before.descriptor_sets);
  EXPECT_EQ(after.recordings, before.recordings);
  EXPECT_EQ(after.submits, before.submits + 5);
}

TEST(Stylizer, PassesAreTimedWhereThatIsAskedFor) {
  Stylizer stylizer(live_model(), {});
  const video::Frame frame = picture(format_of(64, 48), 0);
  const auto codes = samples(stylise(stylizer, frame));
  EXPECT_TRUE(stylizer.pass_times().empty());
  EXPECT_GT(stylizer.network_ms(), 0);
  for (const bool timed : {true, false, true}) {
    stylizer.time_passes(timed);
    for (int slot = 0; slot < 2; ++slot) {
      EXPECT_EQ(samples(stylise(stylizer, frame)), codes);
      const std::vector<session::PassTime> passes = stylizer.pass_times();
      ASSERT_EQ(passes.size(), timed ? stylizer.graph().passes.size() : 0);
      double network_ms = 0;
      for (std::size_t i = 0; i < passes.size(); ++i) {
        EXPECT_GE(passes[i].ms, 0) << passes[i].name;
        const bool inside =
            i >= stylizer.graph().first_network && i < stylizer.graph().last_network;
        network_ms += inside ? passes[i].ms : 0;
      }
      if (timed) {
        EXPECT_NEAR(network_ms, stylizer.network_ms(), 1e-6 * network_ms);
      }
    }
  }
}

TEST(Stylizer, WhatDoesNotFitIsRefusedWithTheHeightThatWould) {
  StylizerOptions options;
  options.network_height = 16384;
  Stylizer stylizer(live_model(), options);
  const video::FrameFormat format = format_of(1024, 1024);
  const std::uint64_t before = stylizer.stats().allocated_bytes;
  try {
    stylizer.prepare(format, format);
    FAIL() << "16384x16384 was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::gpu);
    EXPECT_THAT(error.what(), HasSubstr("16384x16384"));
    EXPECT_THAT(error.what(), HasSubstr("--height "));
  }
  EXPECT_EQ(stylizer.stats().allocated_bytes, before);
}

TEST(Stylizer, AWrongNumberOfWeightsIsRefused) {
  Stylizer stylizer(live_model(), {});
  EXPECT_THROW(stylizer.set_look({}), Error);
}

TEST(LongStylizer, UltraHighDefinition) {
  Stylizer stylizer(live_model(), {});
  const video::Frame frame = picture(format_of(3840, 2160), 0);
  EXPECT_NE(samples(stylise(stylizer, frame)), samples(frame));
  EXPECT_LT(stylizer.stats().allocated_bytes, std::uint64_t{2} << 30);
}

}  // namespace
}  // namespace impasto::test
