// Owns: how the panel looks: colours, spacing, letters. Depends on: ImGui, fontconfig. Distances
// are multiples of 8 pixels at scale 1; there is one accent colour, and amber for what is wrong.
#pragma once

#include <imgui.h>

#include "app/live/bitmap.h"

namespace impasto::live::theme {

inline constexpr ImU32 accent = IM_COL32(122, 154, 240, 255);
inline constexpr ImU32 accent_dim = IM_COL32(122, 154, 240, 110);
/// Under text: grabs of sliders, which hold their number.
inline constexpr ImU32 accent_deep = IM_COL32(74, 98, 168, 255);
inline constexpr ImU32 text = IM_COL32(222, 222, 226, 255);
inline constexpr ImU32 text_dim = IM_COL32(146, 148, 156, 255);
inline constexpr ImU32 amber = IM_COL32(236, 178, 80, 255);
inline constexpr ImU32 surface = IM_COL32(24, 25, 28, 255);
inline constexpr ImU32 field = IM_COL32(38, 40, 45, 255);

inline constexpr float panel_width = 360;
inline constexpr float status_height = 32;
inline constexpr float unit = 8;

/// Sets the style and the letters for a display of this scale; returns the letters' bitmap, whose
/// id is the atlas's texture.
SharedBitmap apply(float scale);

}  // namespace impasto::live::theme
