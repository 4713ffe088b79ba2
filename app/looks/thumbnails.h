// Owns: pictures of what each style does: one photograph in every style of a model, rendered once
// and kept under XDG_CACHE_HOME/impasto/thumbnails. Depends on: base, net, stylizer.h, video.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>

#include "engine/stylizer.h"

namespace impasto::app {

inline constexpr int thumbnail_width = 192;
inline constexpr int thumbnail_height = 108;

/// Where the picture (PNG, thumbnail_width x thumbnail_height) of a style lies, rendered or not. A
/// model without styles has one picture, that of style 0. The name holds the model's digest: a
/// changed model has other pictures.
std::filesystem::path thumbnail_path(const net::Model& model, std::size_t style);
bool thumbnails_complete(const net::Model& model);

/// Renders the missing ones, each written in one step, on a device of its own; for a thread that
/// may take seconds. `ready(style)` is called there after each picture, also for those that were
/// there. Ends early when `cancel` becomes true. Throws Error{gpu}, Error{model}, Error{output},
/// Error{input} where the shipped photograph is missing.
void render_thumbnails(net::Model model, const StylizerOptions& options,
                       const std::function<void(std::size_t style)>& ready = {},
                       const std::atomic<bool>* cancel = nullptr);

}  // namespace impasto::app
