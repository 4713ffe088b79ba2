// Thumbnails: what they show, and that they are rendered once.
#include "app/looks/thumbnails.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/video/source.h"
#include "tests/support/environment.h"
#include "tests/video/support.h"

namespace impasto::app {
namespace {

namespace fs = std::filesystem;

net::Model live() {
  return net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/live.onnx");
}

std::vector<double> pixels(const std::string& file) {
  const std::unique_ptr<video::Source> source = video::open_source({.input = file});
  const video::Frame frame = *source->read();
  EXPECT_EQ(frame.format.width, thumbnail_width);
  EXPECT_EQ(frame.format.height, thumbnail_height);
  EXPECT_TRUE(frame.format.layout.rgb);
  std::vector<double> values;
  for (int y = 0; y < frame.format.height; ++y) {
    for (int x = 0; x < frame.format.plane_width_bytes(0); ++x) {
      values.push_back(std::to_integer<int>(frame.planes[0][frame.strides[0] * y + x]));
    }
  }
  return values;
}

double rmse(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b.at(i)) * (a[i] - b.at(i));
  return std::sqrt(sum / static_cast<double>(a.size()));
}

TEST(Thumbnails, ShowEveryStyleAndAreRenderedOnce) {
  const video::test::TemporaryFolder folder;
  const test::EnvironmentVariable cache("XDG_CACHE_HOME", folder.path());
  const net::Model model = live();
  ASSERT_FALSE(thumbnails_complete(model));

  std::atomic<bool> cancel = false;
  std::vector<std::size_t> order;
  render_thumbnails(
      live(), {},
      [&](std::size_t style) {
        order.push_back(style);
        cancel = style == 1;
      },
      &cancel);
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1}));
  EXPECT_FALSE(thumbnails_complete(model));
  const auto written = fs::last_write_time(thumbnail_path(model, 1));

  order.clear();
  render_thumbnails(live(), {}, [&](std::size_t style) { order.push_back(style); });
  ASSERT_EQ(order.size(), model.info().styles.size());
  EXPECT_TRUE(thumbnails_complete(model));
  EXPECT_EQ(fs::last_write_time(thumbnail_path(model, 1)), written);

  // The photograph as FFmpeg scales it is what identity gives; the others are all different.
  video::test::shell("ffmpeg -v error -i " IMPASTO_SOURCE_DIR
                     "/app/styles/photo.jpg -vf scale=192:108:flags=area -pix_fmt rgb24 " +
                     folder / "photo.png");
  const std::vector<double> photo = pixels(folder / "photo.png");
  std::vector<std::vector<double>> pictures;
  std::size_t files = 0;
  for (std::size_t style = 0; style < model.info().styles.size(); ++style) {
    pictures.push_back(pixels(thumbnail_path(model, style).string()));
    const bool identity = static_cast<int>(style) == model.info().identity_style;
    EXPECT_EQ(rmse(pictures.back(), photo) < 3, identity) << style;
    for (std::size_t other = 0; other < style; ++other) {
      EXPECT_GT(rmse(pictures.back(), pictures[other]), 10) << style << " and " << other;
    }
  }
  for ([[maybe_unused]] const auto& entry :
       fs::directory_iterator(thumbnail_path(model, 0).parent_path())) {
    ++files;
  }
  EXPECT_EQ(files, pictures.size()) << "unfinished files are left";
}

}  // namespace
}  // namespace impasto::app
