// Where the picture lies: fitted, turned, zoomed, moved.
#include <gtest/gtest.h>

#include <random>

#include "app/live/picture_view.h"

namespace impasto::test {
namespace {

using live::Box;
using live::PictureShape;
using live::PictureView;
using live::Point;

constexpr Box area{{0, 0}, {800, 600}};

TEST(PictureView, FitsWithBarsWhereTheShapesDiffer) {
  const PictureView view;
  const Box wide = view.place({1600, 900}, area);
  EXPECT_EQ(wide.least, (Point{0, 75}));
  EXPECT_EQ(wide.most, (Point{800, 525}));
  const Box tall = view.place({300, 600}, area);
  EXPECT_EQ(tall.least, (Point{250, 0}));
}

TEST(PictureView, WideSamplesAndQuarterTurnsChangeTheShape) {
  const PictureView view;
  EXPECT_EQ(view.place({720, 576, 16.0F / 15}, area).width(), 800);
  const Box turned = view.place({1600, 900, 1, 90}, area);
  EXPECT_NEAR(turned.width() / turned.height(), 900.0 / 1600, 0.01);
}

TEST(PictureView, WhatIsUnderTheCursorStaysThere) {
  PictureView view;
  const PictureShape shape{640, 480};
  const Point cursor{123, 456};
  const auto under = [&] {
    const Box box = view.place(shape, area);
    return Point{(cursor.x - box.least.x) / box.width(), (cursor.y - box.least.y) / box.height()};
  };
  const Point before = under();
  for (const float steps : {4.0F, 3.0F, -2.0F}) {
    view.zoom_at(steps, cursor, shape, area);
    EXPECT_NEAR(under().x, before.x, 1e-3);
    EXPECT_NEAR(under().y, before.y, 1e-3);
  }
}

TEST(PictureView, StaysInTheAreaWhateverIsDone) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> any(-1000, 1000);
  PictureView view;
  const PictureShape shape{1920, 1080};
  for (int i = 0; i < 1000; ++i) {
    view.zoom_at(any(random) / 200, {any(random), any(random)}, shape, area);
    view.pan({any(random), any(random)}, shape, area);
    const Box box = view.place(shape, area);
    EXPECT_GE(view.zoom(), 1);
    EXPECT_LE(view.zoom(), 32);
    for (const bool x : {true, false}) {
      const float least = x ? box.least.x : box.least.y;
      const float most = x ? box.most.x : box.most.y;
      const float size = x ? area.width() : area.height();
      // Either it covers the area, or it lies inside.
      EXPECT_TRUE((least <= 1 && most >= size - 1) || (least >= -1 && most <= size + 1));
    }
  }
}

TEST(PictureView, CornersTurnClockwise) {
  EXPECT_EQ(live::texture_corners(0)[0], (Point{0, 0}));
  // A quarter turn clockwise shows the sample at the bottom left at the top left.
  EXPECT_EQ(live::texture_corners(90)[0], (Point{0, 1}));
  EXPECT_EQ(live::texture_corners(180)[0], (Point{1, 1}));
  EXPECT_EQ(live::texture_corners(270)[0], (Point{1, 0}));
}

}  // namespace
}  // namespace impasto::test
