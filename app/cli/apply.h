// Owns: `impasto apply`: a source through the stylizer into a sink, decoding and encoding on
// threads of their own. Depends on: looks/, stylizer.h, video.
#pragma once

#include <cstdint>
#include <string>

#include "app/looks/choice.h"
#include "engine/base/error.h"
#include "engine/stylizer.h"
#include "engine/video/sink.h"
#include "engine/video/source.h"

namespace impasto::app {

struct ApplyOptions {
  LookOptions looks;
  StylizerOptions stylizer;
  video::SourceOptions source;
  video::SinkOptions sink;
  int out_height = 0;  ///< 0: the source's size
  int parallel = 0;    ///< size of the StylizerTeam
  bool quiet = false;
};

/// ok, partial, interrupted or terminated; throws Error for the rest.
ExitCode apply(ApplyOptions options);

}  // namespace impasto::app
