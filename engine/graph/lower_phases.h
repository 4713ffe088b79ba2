// Owns: convolutions whose output is computed in interleaved phases, each an ordinary convolution
// at the source's resolution: nearest x2 + 3x3 (four 2x2 convolutions, 4/9 of the products), and
// transposed convolutions (stride^2 convolutions without the zeros). Depends on: lower.h.
#pragma once

#include <optional>

#include "engine/graph/lower.h"

namespace impasto::graph {

/// A 3x3, stride 1 convolution of a view that is upsampled by 2 and padded by 1, where no kernel
/// does better. On a constant plane the phases agree to rounding, not to the last bit: each adds
/// sums of taps of its own.
bool upsample_phases_can(const Draft& draft, const net::Conv& op, const TensorView& source);
std::optional<PartialStatistics> lower_upsample_phases(Draft& draft, const std::string& name,
                                                       const net::Conv& op,
                                                       const TensorView& source,
                                                       const TensorRef& result,
                                                       const StoreUse& store);

/// One group, no dilation, kernel >= stride, equal strides, and a kernel family that can store with
/// steps.
bool transpose_phases_can(const Draft& draft, const net::ConvTranspose& op,
                          const TensorView& source);
std::optional<PartialStatistics> lower_transpose_phases(Draft& draft, const std::string& name,
                                                        const net::ConvTranspose& op,
                                                        const TensorView& source,
                                                        const TensorRef& result,
                                                        const StoreUse& store);

}  // namespace impasto::graph
