#include "app/live/theme.h"

#include <fontconfig/fontconfig.h>
#include <imgui_freetype.h>

#include <cmath>
#include <cstring>
#include <string>

namespace impasto::live::theme {
namespace {

constexpr float letter_height = 16;

/// The file of the first of the fonts that is installed, as fontconfig sees it; empty: there is
/// none.
std::string find_font() {
  // Of our own: the library's shared one, which a filter may use on another thread, is never freed.
  FcConfig* config = FcInitLoadConfigAndFonts();
  FcPattern* wanted = FcPatternCreate();
  for (const char* family : {"Inter", "Noto Sans", "DejaVu Sans", "sans-serif"}) {
    FcPatternAddString(wanted, FC_FAMILY, reinterpret_cast<const FcChar8*>(family));
  }
  FcConfigSubstitute(config, wanted, FcMatchPattern);
  FcDefaultSubstitute(wanted);
  FcResult result = FcResultMatch;
  FcPattern* found = FcFontMatch(config, wanted, &result);
  FcChar8* file = nullptr;
  std::string name;
  if (found && FcPatternGetString(found, FC_FILE, 0, &file) == FcResultMatch) {
    name = reinterpret_cast<const char*>(file);
  }
  if (found) FcPatternDestroy(found);
  FcPatternDestroy(wanted);
  FcConfigDestroy(config);
  return name;
}

ImVec4 color(ImU32 packed) {
  return ImGui::ColorConvertU32ToFloat4(packed);
}

void set_colors(ImGuiStyle& style) {
  ImGui::StyleColorsDark(&style);
  ImVec4* colors = style.Colors;
  const ImVec4 raised = color(IM_COL32(52, 55, 62, 255));
  const ImVec4 none = {0, 0, 0, 0};
  colors[ImGuiCol_Text] = color(text);
  colors[ImGuiCol_TextDisabled] = color(text_dim);
  colors[ImGuiCol_WindowBg] = color(surface);
  colors[ImGuiCol_ChildBg] = none;
  colors[ImGuiCol_PopupBg] = color(IM_COL32(32, 33, 37, 252));
  colors[ImGuiCol_Border] = color(IM_COL32(58, 61, 68, 255));
  colors[ImGuiCol_FrameBg] = color(field);
  colors[ImGuiCol_FrameBgHovered] = raised;
  colors[ImGuiCol_FrameBgActive] = raised;
  colors[ImGuiCol_ScrollbarBg] = none;
  colors[ImGuiCol_ScrollbarGrab] = raised;
  colors[ImGuiCol_CheckMark] = color(accent);
  colors[ImGuiCol_SliderGrab] = color(accent_deep);
  colors[ImGuiCol_SliderGrabActive] = color(accent_deep);
  colors[ImGuiCol_Button] = color(field);
  colors[ImGuiCol_ButtonHovered] = raised;
  colors[ImGuiCol_ButtonActive] = color(accent_dim);
  colors[ImGuiCol_Header] = color(accent_dim);
  colors[ImGuiCol_HeaderHovered] = raised;
  colors[ImGuiCol_HeaderActive] = color(accent_dim);
  colors[ImGuiCol_Tab] = none;
  colors[ImGuiCol_TabHovered] = raised;
  colors[ImGuiCol_TabActive] = color(field);
  colors[ImGuiCol_TabUnfocused] = none;
  colors[ImGuiCol_TabUnfocusedActive] = color(field);
  colors[ImGuiCol_TextSelectedBg] = color(accent_dim);
  colors[ImGuiCol_NavHighlight] = color(accent);
  colors[ImGuiCol_PlotHistogram] = color(accent);
}

}  // namespace

SharedBitmap apply(float scale) {
  ImGuiStyle style;
  style.WindowPadding = {2 * unit, 2 * unit};
  style.FramePadding = {unit, 5};
  style.ItemSpacing = {unit, unit};
  style.ItemInnerSpacing = {unit, unit / 2};
  style.ScrollbarSize = 10;
  style.GrabMinSize = 12;
  style.WindowBorderSize = 0;
  style.PopupBorderSize = 1;
  style.WindowRounding = 0;
  style.FrameRounding = 4;
  style.GrabRounding = 4;
  style.PopupRounding = 6;
  style.TabRounding = 4;
  style.ScrollbarRounding = 5;
  style.ScaleAllSizes(scale);
  set_colors(style);
  ImGui::GetStyle() = style;

  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  atlas.Clear();
  atlas.FontBuilderIO = ImGuiFreeType::GetBuilderForFreeType();
  static const ImWchar ranges[] = {0x20, 0x17F, 0x2010, 0x2027, 0x2190, 0x2193, 0x25A0, 0x25FF, 0};
  const float height = std::round(letter_height * scale);
  const std::string font = find_font();
  if (font.empty() || !atlas.AddFontFromFileTTF(font.c_str(), height, nullptr, ranges)) {
    ImFontConfig config;
    config.SizePixels = height;
    atlas.AddFontDefault(&config);
  }
  unsigned char* pixels = nullptr;
  int width = 0;
  int rows = 0;
  atlas.GetTexDataAsRGBA32(&pixels, &width, &rows);
  const auto bytes = static_cast<std::size_t>(width) * static_cast<std::size_t>(rows) * 4;
  auto bitmap = std::make_shared<const Bitmap>(width, rows,
                                               std::vector<std::uint8_t>(pixels, pixels + bytes));
  atlas.SetTexID(reinterpret_cast<ImTextureID>(bitmap->id));
  atlas.ClearTexData();
  return bitmap;
}

}  // namespace impasto::live::theme
