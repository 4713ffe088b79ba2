#include <algorithm>
#include <array>
#include <cmath>

#include "app/live/controls.h"
#include "app/live/panel.h"
#include "app/live/picture_textures.h"
#include "app/live/theme.h"

namespace impasto::live {
namespace {

ImVec2 vec(Point point) {
  return {point.x, point.y};
}

void draw_frame(ImDrawList& list, std::uint64_t texture, const Box& box, int rotation) {
  const std::array<Point, 4> corners = texture_corners(rotation);
  list.AddImageQuad(texture_id(texture), vec(box.least), {box.most.x, box.least.y}, vec(box.most),
                    {box.least.x, box.most.y}, vec(corners[0]), vec(corners[1]), vec(corners[2]),
                    vec(corners[3]));
}

/// The share of the visible picture's width where the divider is.
float divider_x(const State& state, const Box& visible) {
  return visible.least.x + state.settings.divider_position * visible.width();
}

void draw_divider(const State& state, ImDrawList& list, const Box& visible, bool hot) {
  const float x = std::round(divider_x(state, visible));
  const float middle = (visible.least.y + visible.most.y) / 2;
  const ImU32 color = hot ? theme::accent : IM_COL32(255, 255, 255, 200);
  list.AddRectFilled({x - state.scale, visible.least.y}, {x + state.scale, visible.most.y}, color);
  list.AddCircleFilled({x, middle}, 8 * state.scale, color);
}

Box intersection(const Box& a, const Box& b) {
  return {{std::max(a.least.x, b.least.x), std::max(a.least.y, b.least.y)},
          {std::min(a.most.x, b.most.x), std::min(a.most.y, b.most.y)}};
}

/// Wheel, drag and divider, where no control is in the way. True: the mouse is at the divider.
bool handle_mouse(State& state, const Box& area, const Box& visible) {
  const ImGuiIO& io = ImGui::GetIO();
  const Point cursor{io.MousePos.x, io.MousePos.y};
  const bool inside = !io.WantCaptureMouse && area.contains(cursor);
  const bool near = state.settings.divider && inside &&
                    std::abs(cursor.x - divider_x(state, visible)) < 10 * state.scale;
  if (!ImGui::IsMouseDown(ImGuiMouseButton_Left)) state.dragging_divider = false;
  if (near && ImGui::IsMouseClicked(ImGuiMouseButton_Left)) state.dragging_divider = true;
  if (state.dragging_divider && visible.width() > 0) {
    state.settings.divider_position =
        std::clamp((cursor.x - visible.least.x) / visible.width(), 0.0F, 1.0F);
    return true;
  }
  if (!inside) return false;
  if (io.MouseWheel != 0) state.view.zoom_at(io.MouseWheel, cursor, state.shape, area);
  if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
    state.view.reset();
  } else if (ImGui::IsMouseDragging(ImGuiMouseButton_Left, 0) ||
             ImGui::IsMouseDragging(ImGuiMouseButton_Middle, 0)) {
    state.view.pan({io.MouseDelta.x, io.MouseDelta.y}, state.shape, area);
  }
  return near;
}

}  // namespace

void draw_picture(State& state, const Box& area, Clock::time_point) {
  ImDrawList& list = *ImGui::GetBackgroundDrawList();
  if (!state.has_picture || area.width() <= 0 || area.height() <= 0) {
    const bool preparing = state.report.compiling && state.report.source.message.empty();
    const char* text = preparing ? "Preparing the network\u2026" : "No picture yet";
    const ImVec2 size = ImGui::CalcTextSize(text);
    list.AddText(
        {(area.least.x + area.most.x - size.x) / 2, (area.least.y + area.most.y - size.y) / 2},
        theme::text_dim, text);
    return;
  }
  const Box visible = intersection(state.view.place(state.shape, area), area);
  const bool at_divider = handle_mouse(state, area, visible);
  const Box box = state.view.place(state.shape, area);
  state.controls["picture"] = visible;
  list.PushClipRect(vec(area.least), vec(area.most), true);
  if (state.hold_source) {
    draw_frame(list, source_texture, box, state.shape.rotation);
  } else {
    draw_frame(list, result_texture, box, state.shape.rotation);
    if (state.settings.divider) {
      const float x = std::round(divider_x(state, visible));
      list.PushClipRect(vec(visible.least), {x, visible.most.y}, true);
      draw_frame(list, source_texture, box, state.shape.rotation);
      list.PopClipRect();
      draw_divider(state, list, visible, at_divider);
      state.controls["divider"] = {{x - 4, visible.least.y}, {x + 4, visible.most.y}};
      if (at_divider) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    }
  }
  list.PopClipRect();
}

}  // namespace impasto::live
