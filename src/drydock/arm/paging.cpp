// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "base/encoding.hpp"
#include "drydock/arm/context.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

std::size_t number_or(const std::optional<std::string>& text, std::size_t fallback) {
  if (!text) return fallback;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  return error == std::errc() && end == text->data() + text->size() ? number : fallback;
}

// The request's own URL with another place to go on from.
std::string next_link(const Context& context, const Call& call, std::size_t offset) {
  FormFields fields;
  for (const auto& [name, value] : call.request.query_fields()) {
    if (!equals_ignore_case(name, "$skiptoken")) fields.emplace_back(name, value);
  }
  fields.emplace_back("$skiptoken", base64url_encode(std::to_string(offset)));
  return fmt::format("{}{}?{}", context.endpoints.management_url(), call.request.path(),
                     format_form(fields));
}

}  // namespace

HttpResponse page_response(const Context& context, const Call& call, json::array values) {
  const auto token = base64url_decode(call.request.query_value("$skiptoken").value_or(""));
  const std::size_t start =
      std::min(number_or(token ? std::optional(*token) : std::nullopt, 0), values.size());
  const std::size_t top = number_or(call.request.query_value("$top"), context.page_size);
  const std::size_t size = std::clamp<std::size_t>(top, 1, context.page_size);
  const std::size_t end = std::min(start + size, values.size());
  const auto begin = values.begin();
  json::object body{{"value", json::array(begin + static_cast<std::ptrdiff_t>(start),
                                          begin + static_cast<std::ptrdiff_t>(end))}};
  if (end < values.size()) body["nextLink"] = next_link(context, call, end);
  return json_response(200, body);
}

}  // namespace drydock::arm
