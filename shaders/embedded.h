// Owns: the table of compiled shaders inside the program, by module name: "map.texel" is
// shaders/map.comp built with TEXEL=1. Depends on nothing; filled by the build (embed.py).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace impasto::shaders {

/// The SPIR-V words of a module; empty where there is no such module.
std::span<const std::uint32_t> find_module(std::string_view name);

/// All module names, sorted.
std::vector<std::string> module_names();

}  // namespace impasto::shaders
