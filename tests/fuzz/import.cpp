// The importer on arbitrary bytes: it builds a sound network or throws Error{model}.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "engine/base/error.h"
#include "engine/net/model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using impasto::net::Model;
  try {
    const Model model = Model::parse(std::as_bytes(std::span(data, size)), "fuzz");
    if (!check(model.build(32, 32)).empty()) std::abort();
  } catch (const impasto::Error& error) {
    if (error.code() != impasto::ExitCode::model) throw;
  }
  return 0;
}
