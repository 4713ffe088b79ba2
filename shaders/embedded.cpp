#include "shaders/embedded.h"

#include <algorithm>

namespace {

struct Module {
  const char* name;
  const std::uint32_t* begin;
  const std::uint32_t* end;
};

}  // namespace

// The assembly of embed.py; a module without a name ends it.
extern "C" const Module impasto_shader_modules[];

namespace impasto::shaders {

std::span<const std::uint32_t> find_module(std::string_view name) {
  for (const Module* module = impasto_shader_modules; module->name != nullptr; ++module) {
    if (name == module->name) return {module->begin, module->end};
  }
  return {};
}

std::vector<std::string> module_names() {
  std::vector<std::string> names;
  for (const Module* module = impasto_shader_modules; module->name != nullptr; ++module) {
    names.emplace_back(module->name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace impasto::shaders
