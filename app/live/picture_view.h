// Owns: where the picture lies in the window: fitted, zoomed, moved, turned, split by the divider.
// Depends on: the standard library. All positions are pixels of the window from its top left.
#pragma once

#include <array>

namespace impasto::live {

struct Point {
  float x = 0;
  float y = 0;
  bool operator==(const Point&) const = default;
};

struct Box {
  Point least;
  Point most;
  float width() const { return most.x - least.x; }
  float height() const { return most.y - least.y; }
  bool contains(Point point) const {
    return point.x >= least.x && point.x < most.x && point.y >= least.y && point.y < most.y;
  }
};

/// How a frame's samples become a picture.
struct PictureShape {
  int width = 0;  ///< samples
  int height = 0;
  float pixel_aspect = 1;  ///< width of a sample by its height
  int rotation = 0;        ///< degrees clockwise: 0, 90, 180, 270
};

class PictureView {
 public:
  /// Where the picture goes: fitted into `area` with black beside it, times zoom, moved.
  Box place(const PictureShape& shape, const Box& area) const;
  float zoom() const { return zoom_; }

  /// Zooms by `steps` of the wheel, what is under `cursor` stays there. From 1 (fitted) to 32.
  void zoom_at(float steps, Point cursor, const PictureShape& shape, const Box& area);
  /// Some of the picture stays inside the area.
  void pan(Point by, const PictureShape& shape, const Box& area);
  void reset() { *this = {}; }

 private:
  void keep_inside(const PictureShape& shape, const Box& area);
  float zoom_ = 1;
  Point offset_;  ///< of the centre
};

/// Texture coordinates (0..1) of the picture's corners, clockwise from the top left.
std::array<Point, 4> texture_corners(int rotation);

}  // namespace impasto::live
