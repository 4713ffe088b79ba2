// decode_tensor: the stored forms of a tensor (typed fields, raw bytes, a file beside the model).
#include <bit>
#include <charconv>
#include <cstring>
#include <fstream>

#include "engine/base/half.h"
#include "engine/net/onnx_tensor.h"

namespace impasto::net {
namespace {

using onnx::TensorProto;
namespace fs = std::filesystem;

/// Bytes of one stored element; refuses what is not supported.
std::int64_t stored_width(ElementType type) {
  switch (type) {
    case TensorProto::DOUBLE:
    case TensorProto::INT64:
    case TensorProto::UINT64:
      return 8;
    case TensorProto::FLOAT:
    case TensorProto::INT32:
    case TensorProto::UINT32:
      return 4;
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
    case TensorProto::INT16:
    case TensorProto::UINT16:
      return 2;
    case TensorProto::INT8:
    case TensorProto::UINT8:
    case TensorProto::BOOL:
      return 1;
    default:
      refuse(std::string("element type ") + type_name(type) + " is not supported");
  }
}

template <typename Stored, typename Kept, typename Convert>
std::shared_ptr<const std::vector<Kept>> unpack(std::string_view bytes, Convert convert) {
  auto result = std::make_shared<std::vector<Kept>>(bytes.size() / sizeof(Stored));
  for (std::size_t i = 0; i < result->size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    (*result)[i] = convert(stored);
  }
  return result;
}

float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

template <typename Stored>
void unpack_integers(std::string_view bytes, HostTensor& tensor) {
  tensor.integers = unpack<Stored, std::int64_t>(
      bytes, [](Stored stored) { return static_cast<std::int64_t>(stored); });
}

void unpack_raw(std::string_view bytes, HostTensor& tensor) {
  const auto same = [](auto stored) { return stored; };
  switch (tensor.type) {
    case TensorProto::FLOAT:
      tensor.floats = unpack<float, float>(bytes, same);
      break;
    case TensorProto::DOUBLE:
      tensor.doubles = unpack<double, double>(bytes, same);
      break;
    case TensorProto::FLOAT16:
      tensor.floats = unpack<std::uint16_t, float>(bytes, float_from_half);
      break;
    case TensorProto::BFLOAT16:
      tensor.floats = unpack<std::uint16_t, float>(bytes, from_bfloat16);
      break;
    case TensorProto::INT64:
    case TensorProto::UINT64:
      return unpack_integers<std::int64_t>(bytes, tensor);
    case TensorProto::INT32:
      return unpack_integers<std::int32_t>(bytes, tensor);
    case TensorProto::UINT32:
      return unpack_integers<std::uint32_t>(bytes, tensor);
    case TensorProto::INT16:
      return unpack_integers<std::int16_t>(bytes, tensor);
    case TensorProto::UINT16:
      return unpack_integers<std::uint16_t>(bytes, tensor);
    case TensorProto::INT8:
      return unpack_integers<std::int8_t>(bytes, tensor);
    default:
      return unpack_integers<std::uint8_t>(bytes, tensor);
  }
}

template <typename Field>
void require_count(const Field& field, std::int64_t count) {
  if (field.size() != count) {
    refuse("it holds " + std::to_string(field.size()) + " elements where its shape asks for " +
           std::to_string(count));
  }
}

template <typename Kept, typename Field, typename Convert>
std::shared_ptr<const std::vector<Kept>> convert_field(const Field& field, std::int64_t count,
                                                       Convert convert) {
  require_count(field, count);
  auto result = std::make_shared<std::vector<Kept>>();
  result->reserve(static_cast<std::size_t>(count));
  for (const auto stored : field) result->push_back(convert(stored));
  return result;
}

void unpack_fields(const TensorProto& proto, std::int64_t count, HostTensor& tensor) {
  const auto same = [](auto stored) { return stored; };
  const auto widened = [](auto stored) { return static_cast<std::int64_t>(stored); };
  switch (tensor.type) {
    case TensorProto::FLOAT:
      tensor.floats = convert_field<float>(proto.float_data(), count, same);
      break;
    case TensorProto::DOUBLE:
      tensor.doubles = convert_field<double>(proto.double_data(), count, same);
      break;
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16: {
      const bool half = tensor.type == TensorProto::FLOAT16;
      tensor.floats = convert_field<float>(proto.int32_data(), count, [&](std::int32_t stored) {
        const auto bits = static_cast<std::uint16_t>(stored);
        return half ? float_from_half(bits) : from_bfloat16(bits);
      });
      break;
    }
    case TensorProto::INT64:
      tensor.integers = convert_field<std::int64_t>(proto.int64_data(), count, widened);
      break;
    case TensorProto::UINT32:
    case TensorProto::UINT64:
      tensor.integers = convert_field<std::int64_t>(proto.uint64_data(), count, widened);
      break;
    default: {
      const auto stored = convert_field<std::int64_t>(proto.int32_data(), count, widened);
      tensor = make_tensor(tensor.type, tensor.shape, *stored);
    }
  }
}

std::int64_t parse_number(const std::string& text, const char* what) {
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) {
    refuse(std::string("its external data has an unusable ") + what);
  }
  return number;
}

/// The file of external data; links are followed before it is compared with the folder.
fs::path external_file(const std::string& location, const fs::path& folder) {
  if (folder.empty()) refuse("it needs external data, which only a model in a file may have");
  if (location.empty() || location.find('\0') != std::string::npos) {
    refuse("its external data has no location");
  }
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error) refuse("the model's folder cannot be read");
  const fs::path relative(location);
  const fs::path file = fs::weakly_canonical(root / relative, error);
  const fs::path inside = file.lexically_relative(root);
  if (error || relative.is_absolute() || inside.empty() || *inside.begin() == "..") {
    refuse("its external data '" + printable(location) + "' lies outside the model's folder");
  }
  if (!fs::is_regular_file(file, error)) {
    refuse("its external data '" + printable(location) + "' is not there");
  }
  return file;
}

std::string read_external(const TensorProto& proto, std::int64_t expected, const fs::path& folder) {
  std::string location;
  std::int64_t offset = 0;
  std::int64_t length = expected;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = parse_number(entry.value(), "offset");
    if (entry.key() == "length") length = parse_number(entry.value(), "length");
  }
  const fs::path file = external_file(location, folder);
  std::error_code error;
  const std::uintmax_t available = fs::file_size(file, error);
  if (error || length != expected ||
      static_cast<std::uintmax_t>(checked_add(offset, length)) > available) {
    refuse("its external data '" + printable(location) + "' has a wrong size");
  }
  std::string bytes(static_cast<std::size_t>(expected), '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(offset);
  stream.read(bytes.data(), expected);
  if (!stream) refuse("its external data '" + printable(location) + "' cannot be read");
  return bytes;
}

}  // namespace

HostTensor decode_tensor(const TensorProto& proto, const fs::path& folder) {
  HostTensor tensor;
  tensor.type = proto.data_type();
  if (proto.dims_size() > 32) refuse("it has more than 32 dimensions");
  tensor.shape.assign(proto.dims().begin(), proto.dims().end());
  const std::int64_t count = element_count(tensor.shape);
  const std::int64_t bytes = checked_multiply(count, stored_width(tensor.type));
  if (proto.has_segment()) refuse("it is stored in segments, which is not supported");
  if (proto.data_location() == TensorProto::EXTERNAL) {
    unpack_raw(read_external(proto, bytes, folder), tensor);
  } else if (proto.has_raw_data()) {
    if (static_cast<std::int64_t>(proto.raw_data().size()) != bytes) {
      refuse("it holds " + std::to_string(proto.raw_data().size()) +
             " bytes where its shape asks for " + std::to_string(bytes));
    }
    unpack_raw(proto.raw_data(), tensor);
  } else {
    unpack_fields(proto, count, tensor);
  }
  return tensor;
}

}  // namespace impasto::net
