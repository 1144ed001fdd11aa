// SPDX-License-Identifier: Apache-2.0
#include "fleet/drift.hpp"

#include <array>
#include <utility>

namespace ferry::fleet {
namespace {

constexpr std::array<std::pair<DriftKind, std::string_view>, 4> kKinds{{
    {DriftKind::missing, "missing"},
    {DriftKind::changed, "changed"},
    {DriftKind::unlinked, "unlinked"},
    {DriftKind::key_changed, "key-changed"},
}};

// Numbers are equal whatever kind JSON made of them.
bool same(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
  return a == b;
}

std::string text(const json::value* value) {
  return value ? json::serialize(*value) : "not there";
}

void set_path(json::object& object, std::string_view path, const json::value& value) {
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) {
    object[path] = value;
    return;
  }
  auto& next = object[path.substr(0, dot)];
  if (!next.is_object()) next = json::object();
  set_path(next.as_object(), path.substr(dot + 1), value);
}

}  // namespace

std::string_view to_string(DriftKind kind) {
  for (const auto& [candidate, word] : kKinds) {
    if (candidate == kind) return word;
  }
  return "";
}

Result<DriftKind> parse_drift_kind(std::string_view text) {
  for (const auto& [kind, word] : kKinds) {
    if (word == text) return kind;
  }
  return fail(Code::invalid_argument, "'{}' is no kind of drift", text);
}

std::vector<Drift> find_drift(const DesiredResource& wanted,
                              const std::optional<json::object>& document) {
  std::vector<Drift> found;
  if (!document) {
    found.push_back({.key = wanted.key,
                     .kind = DriftKind::missing,
                     .mendable = !wanted.adopted,
                     .message = fmt::format("{} {} is gone{}", wanted.title, wanted.name,
                                            wanted.adopted ? ", and Ferry did not make it" : "")});
    return found;
  }
  for (const auto& expectation : wanted.expectations) {
    const auto* actual = find_path(*document, expectation.path);
    if (actual && same(*actual, expectation.value)) continue;
    found.push_back({.key = wanted.key,
                     .kind = DriftKind::changed,
                     .property = expectation.path,
                     .expected = json::serialize(expectation.value),
                     .actual = text(actual),
                     .mendable = expectation.mendable,
                     .message = fmt::format("{} {}: {} is {}, not {}", wanted.title, wanted.name,
                                            expectation.path, text(actual),
                                            json::serialize(expectation.value))});
  }
  return found;
}

json::object mended(const DesiredResource& wanted, json::object document) {
  for (const auto& expectation : wanted.expectations) {
    if (expectation.mendable) set_path(document, expectation.path, expectation.value);
  }
  return document;
}

json::object to_json(const Drift& drift) {
  return {{"resource", drift.key},      {"kind", to_string(drift.kind)},
          {"property", drift.property}, {"expected", drift.expected},
          {"actual", drift.actual},     {"mendable", drift.mendable},
          {"message", drift.message}};
}

Result<Drift> drift_from_json(const json::value& value) {
  if (!value.is_object()) return fail(Code::invalid_argument, "a drift must be an object");
  const auto& object = value.as_object();
  auto kind = parse_drift_kind(string_or(object, "kind", ""));
  if (!kind) return fail(std::move(kind).error());
  return Drift{.key = string_or(object, "resource", ""),
               .kind = *kind,
               .property = string_or(object, "property", ""),
               .expected = string_or(object, "expected", ""),
               .actual = string_or(object, "actual", ""),
               .mendable = bool_or(object, "mendable", true),
               .message = string_or(object, "message", "")};
}

std::string write_drift(const std::vector<Drift>& found) {
  json::array list;
  for (const auto& drift : found) list.emplace_back(to_json(drift));
  return json::serialize(list);
}

Result<std::vector<Drift>> read_drift(const std::string& text) {
  auto list = parse_json(text);
  if (!list || !list->is_array()) return fail(Code::internal, "a stored drift is damaged");
  std::vector<Drift> found;
  for (const auto& item : list->as_array()) {
    auto drift = drift_from_json(item);
    if (!drift) return fail(std::move(drift).error());
    found.push_back(*std::move(drift));
  }
  return found;
}

}  // namespace ferry::fleet
