#include "app/live/controls.h"

#include <imgui_internal.h>
#include <imgui_stdlib.h>

#include <algorithm>

#include "app/live/theme.h"

namespace impasto::live {
namespace {

constexpr float label_width = 88;
constexpr float help_after = 0.5F;  // s
constexpr float help_width = 288;

}  // namespace

void mark(State& state, const std::string& name, const char* help) {
  state.controls[name] = box_of(ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  if (!ImGui::IsItemHovered() || ImGui::IsItemActive()) return;
  if (GImGui->HoveredIdTimer < help_after) return;
  ImGui::BeginTooltip();
  ImGui::PushTextWrapPos(help_width * state.scale);
  ImGui::TextUnformatted(help);
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
}

void label(const State& state, const char* text) {
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("%s", text);
  ImGui::SameLine(label_width * state.scale + ImGui::GetStyle().WindowPadding.x);
  ImGui::SetNextItemWidth(-FLT_MIN);
}

void heading(const char* text) {
  ImGui::Dummy({0, ImGui::GetStyle().ItemSpacing.y / 2});
  ImGui::TextDisabled("%s", text);
}

bool slider(State& state, const std::string& name, const char* text, float& value, float least,
            float most, const char* format, const char* help) {
  label(state, text);
  const bool changed = ImGui::SliderFloat(("##" + name).c_str(), &value, least, most, format,
                                          ImGuiSliderFlags_AlwaysClamp);
  if (ImGui::IsItemDeactivatedAfterEdit()) state.history.finish();
  mark(state, name, help);
  return changed;
}

bool button(State& state, const std::string& name, const char* text, const char* help,
            float width) {
  const bool pressed = ImGui::Button((std::string(text) + "##" + name).c_str(), {width, 0});
  mark(state, name, help);
  return pressed;
}

bool checkbox(State& state, const std::string& name, const char* text, bool& value,
              const char* help) {
  const bool changed = ImGui::Checkbox((std::string(text) + "##" + name).c_str(), &value);
  mark(state, name, help);
  return changed;
}

void either(State& state, bool& is_second, const Choice& first, const Choice& second) {
  if (ImGui::RadioButton(first.text, !is_second)) is_second = false;
  mark(state, first.name, first.help);
  ImGui::SameLine();
  if (ImGui::RadioButton(second.text, is_second)) is_second = true;
  mark(state, second.name, second.help);
}

std::optional<std::size_t> choice(State& state, const std::string& name, const std::string& shown,
                                  const std::vector<std::string>& all, const char* help) {
  std::optional<std::size_t> chosen;
  const bool open = ImGui::BeginCombo(("##" + name).c_str(), shown.c_str());
  if (!open) {
    mark(state, name, help);
    return chosen;
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::Selectable(all[i].c_str(), all[i] == shown)) chosen = i;
    state.controls[name + "/" + std::to_string(i)] =
        box_of(ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
    ImGui::PopID();
  }
  ImGui::EndCombo();
  return chosen;
}

bool text_field(State& state, const std::string& name, const char* hint, std::string& value,
                const char* help, float width) {
  ImGui::SetNextItemWidth(width);
  const bool entered = ImGui::InputTextWithHint(("##" + name).c_str(), hint, &value,
                                                ImGuiInputTextFlags_EnterReturnsTrue);
  mark(state, name, help);
  return entered;
}

float share_of_line(int count) {
  const float gaps = ImGui::GetStyle().ItemSpacing.x * static_cast<float>(count - 1);
  return (ImGui::GetContentRegionAvail().x - gaps) / static_cast<float>(count);
}

std::string readable(const std::string& name) {
  std::string text = name;
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string shortened(const std::string& text, float width) {
  if (ImGui::CalcTextSize(text.c_str()).x <= width) return text;
  std::string cut = text;
  while (!cut.empty()) {
    // Whole letters of UTF-8.
    while (!cut.empty() && (static_cast<unsigned char>(cut.back()) & 0xC0) == 0x80) cut.pop_back();
    if (!cut.empty()) cut.pop_back();
    if (ImGui::CalcTextSize((cut + "\u2026").c_str()).x <= width) break;
  }
  return cut + "\u2026";
}

}  // namespace impasto::live
