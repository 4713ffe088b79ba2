// The panel without a window: frames of Dear ImGui on a display of our own, with a mouse and keys
// that find controls by the places that they report.
#pragma once

#include <gtest/gtest.h>
#include <imgui.h>

#include <string>

#include "app/live/panel.h"
#include "app/live/theme.h"

namespace impasto::test {

class Panel : public ::testing::Test {
 protected:
  Panel();
  ~Panel() override;

  void resize(float width, float height, float scale);
  /// Draws until everything has its place.
  void frame(int count = 2);
  /// Another tab.
  void open(live::Tab tab);
  live::Box place(const std::string& control);
  void move_to(live::Point point);
  void click(const std::string& control);
  void click_at(live::Point point, int times = 1);
  void drag(live::Point from, live::Point to);
  /// From the middle of a control to a share of its width.
  void drag_slider(const std::string& control, float share);
  void press(int key, bool ctrl = false, bool shift = false);
  /// Opens a list and takes its entry.
  void choose(const std::string& control, std::size_t entry);
  void type(const std::string& control, const std::string& text);

  live::State state;
  live::Clock::time_point now = live::Clock::now();
};

/// The shipped pack, loaded once.
std::shared_ptr<const live::LoadedModel> live_pack();

}  // namespace impasto::test
