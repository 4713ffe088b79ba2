// Owns: the few kinds of controls that the panel has, each with its sentence of help and its place
// written down (State::controls), by which tests find it. Depends on: state.h, ImGui.
#pragma once

#include <imgui.h>

#include <functional>
#include <string>
#include <vector>

#include "app/live/state.h"

namespace impasto::live {

inline Box box_of(ImVec2 least, ImVec2 most) {
  return {{least.x, least.y}, {most.x, most.y}};
}
inline ImTextureID texture_id(std::uint64_t id) {
  return reinterpret_cast<ImTextureID>(id);
}

/// The last item is the control `name`; its help appears when the mouse rests on it.
void mark(State& state, const std::string& name, const char* help);

/// A dim word at the left, the control in the rest of the line.
void label(const State& state, const char* text);
void heading(const char* text);
/// A slider in a line of its own; true while it changes. A change of a look is one step back until
/// it is let go of.
bool slider(State& state, const std::string& name, const char* text, float& value, float least,
            float most, const char* format, const char* help);
bool button(State& state, const std::string& name, const char* text, const char* help,
            float width = 0);
bool checkbox(State& state, const std::string& name, const char* text, bool& value,
              const char* help);
struct Choice {
  const char* name;  ///< of the control
  const char* text;
  const char* help;
};
/// Two round buttons of which one is on; `is_second` says which.
void either(State& state, bool& is_second, const Choice& first, const Choice& second);
/// A list to choose from; the index that was chosen now.
std::optional<std::size_t> choice(State& state, const std::string& name, const std::string& shown,
                                  const std::vector<std::string>& all, const char* help);
/// A line of text; true when Enter was pressed in it.
bool text_field(State& state, const std::string& name, const char* hint, std::string& value,
                const char* help, float width);
/// Width of one of `count` buttons that share what is left of the line.
float share_of_line(int count);

/// Files have "_" where people write a space.
std::string readable(const std::string& name);
/// At most `width` pixels of it, "..." at the end where it was cut.
std::string shortened(const std::string& text, float width);

}  // namespace impasto::live
