#include "app/live/picture_view.h"

#include <algorithm>
#include <cmath>

namespace impasto::live {
namespace {

constexpr float most_zoom = 32;
constexpr float zoom_per_step = 1.15F;

Point center(const Box& box) {
  return {(box.least.x + box.most.x) / 2, (box.least.y + box.most.y) / 2};
}

}  // namespace

Box PictureView::place(const PictureShape& shape, const Box& area) const {
  Point size{static_cast<float>(shape.width) * shape.pixel_aspect,
             static_cast<float>(shape.height)};
  if (shape.rotation % 180 != 0) std::swap(size.x, size.y);
  if (size.x <= 0 || size.y <= 0) return {area.least, area.least};
  const float scale = std::min(area.width() / size.x, area.height() / size.y) * zoom_;
  const Point half{size.x * scale / 2, size.y * scale / 2};
  const Point middle{center(area).x + offset_.x, center(area).y + offset_.y};
  Box box{{middle.x - half.x, middle.y - half.y}, {middle.x + half.x, middle.y + half.y}};
  if (zoom_ == 1) {  // whole pixels, so that a picture of the window's size stays sharp
    box.least = {std::round(box.least.x), std::round(box.least.y)};
    box.most = {std::round(box.most.x), std::round(box.most.y)};
  }
  return box;
}

void PictureView::zoom_at(float steps, Point cursor, const PictureShape& shape, const Box& area) {
  const float zoom = std::clamp(zoom_ * std::pow(zoom_per_step, steps), 1.0F, most_zoom);
  const float ratio = zoom / zoom_;
  const Point middle = center(area);
  offset_.x = (cursor.x - middle.x) * (1 - ratio) + offset_.x * ratio;
  offset_.y = (cursor.y - middle.y) * (1 - ratio) + offset_.y * ratio;
  zoom_ = zoom;
  keep_inside(shape, area);
}

void PictureView::pan(Point by, const PictureShape& shape, const Box& area) {
  offset_.x += by.x;
  offset_.y += by.y;
  keep_inside(shape, area);
}

/// A side may leave the area's edge only where the other side is outside.
void PictureView::keep_inside(const PictureShape& shape, const Box& area) {
  PictureView centered = *this;
  centered.offset_ = {};
  const Box box = centered.place(shape, area);
  const float slack_x = std::max(0.0F, (box.width() - area.width()) / 2);
  const float slack_y = std::max(0.0F, (box.height() - area.height()) / 2);
  offset_.x = std::clamp(offset_.x, -slack_x, slack_x);
  offset_.y = std::clamp(offset_.y, -slack_y, slack_y);
}

std::array<Point, 4> texture_corners(int rotation) {
  std::array<Point, 4> corners = {Point{0, 0}, Point{1, 0}, Point{1, 1}, Point{0, 1}};
  const int quarters = (rotation / 90 % 4 + 4) % 4;
  // Turned clockwise: what was at the left is at the top.
  std::rotate(corners.begin(), corners.begin() + (4 - quarters) % 4, corners.end());
  return corners;
}

}  // namespace impasto::live
