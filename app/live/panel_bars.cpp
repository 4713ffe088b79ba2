#include <algorithm>
#include <array>
#include <cmath>

#include "app/live/controls.h"
#include "app/live/panel.h"
#include "app/live/theme.h"

namespace impasto::live {
namespace {

/// A round number at least as large as every value, so that bars keep their height while one moves.
float reach_of(const std::vector<float>& values) {
  float largest = 0;
  for (float value : values) largest = std::max(largest, std::abs(value));
  float reach = 0.25F;
  while (reach < largest * 1.1F) reach *= 2;
  return reach;
}

}  // namespace

std::optional<BarChange> draw_bars(State& state, const std::string& name,
                                   const std::vector<float>& values,
                                   const std::vector<float>& unchanged, float height) {
  if (values.empty()) return std::nullopt;
  const ImVec2 place = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  ImGui::InvisibleButton(name.c_str(), {width, height});
  if (ImGui::IsItemDeactivated()) state.history.finish();
  state.controls[name] = box_of(ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  const bool active = ImGui::IsItemActive();
  const bool hovered = ImGui::IsItemHovered();

  // The scale stays while a bar is dragged.
  ImGuiStorage& storage = *ImGui::GetStateStorage();
  float* reach = storage.GetFloatRef(ImGui::GetID((name + " reach").c_str()), 0);
  if (!active || *reach == 0) *reach = reach_of(values);

  const auto count = static_cast<float>(values.size());
  const float step = width / count;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const auto under_mouse =
      static_cast<std::size_t>(std::clamp(std::floor((mouse.x - place.x) / step), 0.0F, count - 1));
  const float zero = place.y + height / 2;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(place, {place.x + width, place.y + height}, theme::field, 4 * state.scale);
  list.AddLine({place.x, zero}, {place.x + width, zero}, theme::accent_dim);
  const float gap = step > 3 ? 1 : 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float x = place.x + step * static_cast<float>(i);
    const float y = zero - std::clamp(values[i] / *reach, -1.0F, 1.0F) * height / 2;
    const bool changed = i < unchanged.size() && unchanged[i] != values[i];
    const bool hot = (hovered || active) && i == under_mouse;
    const ImU32 color = hot ? theme::text : changed ? theme::accent : theme::accent_dim;
    list.AddRectFilled({x, std::min(y, zero)}, {x + step - gap, std::max(y, zero) + 1}, color);
  }
  if (hovered || active) {
    ImGui::SetTooltip("channel %zu: %.3f\ndrag changes it, double click resets it", under_mouse,
                      static_cast<double>(values[under_mouse]));
  }
  if (hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
    return BarChange{under_mouse, std::nullopt};
  }
  // A click alone changes nothing: it may become a double click.
  if (active && ImGui::IsMouseDragging(ImGuiMouseButton_Left, 2)) {
    const float value = std::clamp((zero - mouse.y) / (height / 2), -1.0F, 1.0F) * *reach;
    return BarChange{under_mouse, value};
  }
  return std::nullopt;
}

void draw_histogram(const std::vector<float>& values, float width, float height) {
  const ImVec2 place = ImGui::GetCursorScreenPos();
  ImGui::Dummy({width, height});
  if (values.empty()) return;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  std::array<int, 16> counts{};
  for (float value : values) {
    const float share = *most > *least ? (value - *least) / (*most - *least) : 0.5F;
    ++counts[std::min<std::size_t>(static_cast<std::size_t>(share * counts.size()),
                                   counts.size() - 1)];
  }
  const int largest = *std::max_element(counts.begin(), counts.end());
  const float step = width / static_cast<float>(counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const float bar = height * static_cast<float>(counts[i]) / static_cast<float>(largest);
    const float x = place.x + step * static_cast<float>(i);
    ImGui::GetWindowDrawList()->AddRectFilled({x, place.y + height - bar},
                                              {x + step - 1, place.y + height}, theme::accent_dim);
  }
}

}  // namespace impasto::live
