#include "engine/net/onnx_wire.h"

#include <cstdint>

#include "engine/net/onnx_refusal.h"

namespace impasto::net {
namespace {

/// What a field holds, as far as its size in memory goes.
enum class Message {
  model,
  graph,
  node,
  attribute,
  tensor,
  value_info,
  small,   ///< short messages inside: shapes, string pairs
  nested,  ///< rare messages of any kind, not looked into
  plain,   ///< text, bytes or packed numbers
};

constexpr int deepest = 64;
constexpr std::int64_t most_memory = 160'000'000;
constexpr std::int64_t message_cost = 200;
constexpr std::int64_t text_cost = 48;
// Memory per byte of the file where every inner message is empty.
constexpr std::int64_t small_growth = 32;
constexpr std::int64_t nested_growth = 100;
constexpr std::int64_t packed_growth = 8;

/// Field numbers of onnx.proto.
Message child(Message parent, std::uint64_t field) {
  switch (parent) {
    case Message::model:
      if (field == 7) return Message::graph;
      if (field == 8 || field == 14) return Message::small;
      return field == 20 || field == 25 ? Message::nested : Message::plain;
    case Message::graph:
      if (field == 1) return Message::node;
      if (field == 5) return Message::tensor;
      if (field >= 11 && field <= 13) return Message::value_info;
      return field == 14 || field == 15 ? Message::nested : Message::plain;
    case Message::node:
      return field == 5 ? Message::attribute : Message::plain;
    case Message::attribute:
      if (field == 5 || field == 10) return Message::tensor;
      if (field == 6 || field == 11) return Message::graph;
      return field == 14 || field == 15 || field == 22 || field == 23 ? Message::nested
                                                                      : Message::plain;
    case Message::tensor:
      return field == 13 ? Message::small : field == 3 ? Message::nested : Message::plain;
    case Message::value_info:
      return field == 2 ? Message::small : Message::plain;
    default:
      return Message::plain;
  }
}

class Walk {
 public:
  explicit Walk(std::span<const std::byte> bytes) : bytes_(bytes) {}

  void message(Message type, std::size_t end, int depth) {
    if (depth > deepest) refuse("its subgraphs are nested too deeply");
    while (at_ < end) {
      const std::uint64_t tag = varint(end);
      switch (tag & 7) {
        case 0:
          varint(end);
          cost_ += 8;
          break;
        case 1:
          skip(8, end);
          cost_ += 8;
          break;
        case 5:
          skip(4, end);
          cost_ += 8;
          break;
        case 2:
          field(type, tag >> 3, end, depth);
          break;
        default:
          damaged();
      }
      if (cost_ > most_memory) refuse("its graph is too large");
    }
  }

 private:
  [[noreturn]] static void damaged() { refuse("the file is not ONNX, or damaged"); }

  void field(Message parent, std::uint64_t number, std::size_t end, int depth) {
    const std::uint64_t length = varint(end);
    if (length > end - at_) damaged();
    const std::size_t stop = at_ + static_cast<std::size_t>(length);
    const Message type = child(parent, number);
    const auto size = static_cast<std::int64_t>(length);
    if (type == Message::plain) {
      // raw_data and the fixed-width numbers of a tensor take what they take in the file.
      const bool same = parent == Message::tensor && (number == 4 || number == 9 || number == 10);
      cost_ += text_cost + (same ? 0 : checked_multiply(size, packed_growth));
      at_ = stop;
    } else if (type == Message::small || type == Message::nested) {
      cost_ += message_cost +
               checked_multiply(size, type == Message::small ? small_growth : nested_growth);
      at_ = stop;
    } else {
      cost_ += message_cost;
      message(type, stop, depth + 1);
    }
  }

  std::uint64_t varint(std::size_t end) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ >= end) damaged();
      const auto byte = static_cast<std::uint64_t>(bytes_[at_++]);
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    damaged();
  }

  void skip(std::size_t count, std::size_t end) {
    if (count > end - at_) damaged();
    at_ += count;
  }

  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  std::int64_t cost_ = 0;
};

}  // namespace

void require_modest_structure(std::span<const std::byte> bytes) {
  Walk(bytes).message(Message::model, bytes.size(), 0);
}

}  // namespace impasto::net
