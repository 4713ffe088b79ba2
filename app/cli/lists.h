// Owns: `impasto styles` and `impasto devices`. Depends on: packs.h, stylizer.h.
#pragma once

namespace impasto::app {

/// Every pack with its styles; as_json: one object on stdout.
void list_styles(bool as_json);
/// Every Vulkan device and the path that it gets.
void list_vulkan_devices(bool as_json);

}  // namespace impasto::app
