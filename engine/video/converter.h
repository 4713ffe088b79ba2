// Owns: conversion of a picture to another pixel format of the same size on the CPU, for formats
// that have no layout of ours (the shaders convert all others). Internal to engine/video. Depends
// on: libswscale.
#pragma once

#include <memory>

#include "engine/video/libav.h"

struct SwsContext;

namespace impasto::video {

class Converter {
 public:
  Converter();
  ~Converter();
  /// A new frame of `format` with the properties of `source`. Throws Error{input} where swscale
  /// knows no way.
  FramePtr convert(const AVFrame& source, AVPixelFormat format);

 private:
  struct Deleter {
    void operator()(SwsContext* context) const;
  };
  std::unique_ptr<SwsContext, Deleter> context_;
};

}  // namespace impasto::video
