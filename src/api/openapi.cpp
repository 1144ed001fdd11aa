// SPDX-License-Identifier: Apache-2.0
#include "api/openapi.hpp"

#include "base/embedded.hpp"

// NOLINTNEXTLINE(*-avoid-c-arrays): as the assembler file lays it out
extern "C" const ferry::EmbeddedEntry ferry_openapi_files[];

namespace ferry::api {
namespace {

// Members of `part` into `whole`, two levels deep (components.schemas.X); nothing occurs twice.
void merge(json::object& whole, const json::object& part, int depth) {
  for (const auto& [name, value] : part) {
    auto* there = whole.if_contains(name);
    if (!there) {
      whole[name] = value;
      continue;
    }
    FERRY_CHECK(depth > 0 && there->is_object() && value.is_object());
    merge(there->get_object(), value.get_object(), depth - 1);
  }
}

}  // namespace

json::object openapi_description() {
  json::object whole;
  for (const auto& file : embedded_files(ferry_openapi_files)) {
    auto part = parse_json_object(file.content);
    FERRY_CHECK(part.has_value());
    merge(whole, *part, 2);
  }
  return whole;
}

}  // namespace ferry::api
