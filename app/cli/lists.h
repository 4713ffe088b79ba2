// Owns: `impasto styles` and `impasto devices`. Depends on: packs.h, looks/, stylizer.h,
// video/cameras.h.
#pragma once

namespace impasto::app {

/// Every pack with its styles; as_json: one object on stdout, with thumbnails, which are rendered
/// where they are missing (a second or two, once).
void list_styles(bool as_json);
/// Every Vulkan device and the path that it gets, every camera and virtual camera.
void list_devices_here(bool as_json);

}  // namespace impasto::app
