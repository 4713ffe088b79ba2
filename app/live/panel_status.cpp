#include <cstdio>

#include "app/live/controls.h"
#include "app/live/panel.h"
#include "app/live/status.h"
#include "app/live/theme.h"

namespace impasto::live {

void draw_status_line(State& state, Clock::time_point now) {
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  const float height = theme::status_height * state.scale;
  ImGui::SetNextWindowPos({0, size.y - height});
  ImGui::SetNextWindowSize({size.x, height});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding,
                      ImVec2{16 * state.scale, (height - ImGui::GetTextLineHeight()) / 2});
  ImGui::PushStyleColor(ImGuiCol_WindowBg, IM_COL32(18, 19, 21, 255));
  ImGui::Begin("status", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoSavedSettings);
  const StatusText status = status_text(state, now);
  const ImU32 color = status.is_warning ? theme::amber : theme::text_dim;
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  const float numbers = ImGui::CalcTextSize(status.numbers.c_str()).x + 16 * state.scale;
  const float room = ImGui::GetContentRegionAvail().x - (status.numbers.empty() ? 0 : numbers);
  ImGui::TextUnformatted(shortened(status.text, room).c_str());
  ImGui::PopStyleColor();
  if (!status.numbers.empty()) {
    ImGui::SameLine(size.x - numbers);
    ImGui::TextDisabled("%s", status.numbers.c_str());
  }
  state.controls["status"] = box_of(ImGui::GetWindowPos(), {size.x, size.y});
  ImGui::End();
  if (ImGui::IsMouseHoveringRect({0, size.y - height}, size, false)) {
    ImGui::SetTooltip("%s", status.text.c_str());
  }
  ImGui::PopStyleColor();
  ImGui::PopStyleVar();
}

}  // namespace impasto::live
