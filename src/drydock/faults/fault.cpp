// SPDX-License-Identifier: Apache-2.0
#include "drydock/faults/fault.hpp"

#include <array>
#include <cmath>
#include <utility>

#include "base/encoding.hpp"

namespace drydock {

using namespace ferry;

namespace {

constexpr std::array<std::pair<Service, std::string_view>, 6> kServices = {
    {{Service::entra, "entra"},
     {Service::arm, "arm"},
     {Service::iot_hub, "iot-hub"},
     {Service::dps, "dps"},
     {Service::blob, "blob"},
     {Service::registry, "registry"}}};

constexpr std::array<std::pair<Fault::Kind, std::string_view>, 5> kKinds = {
    {{Fault::Kind::status, "status"},
     {Fault::Kind::throttle, "throttle"},
     {Fault::Kind::delay, "delay"},
     {Fault::Kind::reset, "reset"},
     {Fault::Kind::operation, "failed-operation"}}};

constexpr std::array<std::string_view, 15> kMembers = {
    "kind",   "service", "method",  "path",    "skip",       "count", "probability", "seed",
    "status", "code",    "message", "delayMs", "retryAfter", "when",  "id"};

template <class Key, std::size_t N>
std::string_view name_of(const std::array<std::pair<Key, std::string_view>, N>& names, Key key) {
  for (const auto& [known, name] : names) {
    if (known == key) return name;
  }
  return "";
}

template <class Key, std::size_t N>
std::optional<Key> key_of(const std::array<std::pair<Key, std::string_view>, N>& names,
                          std::string_view text) {
  for (const auto& [key, name] : names) {
    if (equals_ignore_case(name, text)) return key;
  }
  return std::nullopt;
}

// A count, in any of JSON's ways to write a whole number.
Result<std::uint64_t> read_count(const json::object& object, std::string_view name,
                                 std::uint64_t fallback) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return fallback;
  if (value->is_uint64()) return value->get_uint64();
  if (value->is_int64() && value->get_int64() >= 0) {
    return static_cast<std::uint64_t>(value->get_int64());
  }
  return fail(Code::invalid_argument, "'{}' must be a whole number from 0", name);
}

}  // namespace

std::string_view to_string(Service service) {
  return name_of(kServices, service);
}
std::string_view to_string(Fault::Kind kind) {
  return name_of(kKinds, kind);
}
std::optional<Service> parse_service(std::string_view text) {
  return key_of(kServices, text);
}
std::optional<Fault::Kind> parse_fault_kind(std::string_view text) {
  return key_of(kKinds, text);
}

Result<void> check(const Fault& fault) {
  using Kind = Fault::Kind;
  if (!(fault.probability > 0.0) || fault.probability > 1.0) {
    return fail(Code::invalid_argument, "the probability {} is not above 0 and at most 1",
                fault.probability);
  }
  if (fault.kind == Kind::status && (fault.status < 400 || fault.status > 599)) {
    return fail(Code::invalid_argument, "the status {} is not an error (400 to 599)", fault.status);
  }
  if (fault.delay.count() < 0 || fault.retry_after.value_or(0) < 0) {
    return fail(Code::invalid_argument, "a delay cannot be negative");
  }
  if (fault.kind == Kind::delay && fault.delay.count() == 0) {
    return fail(Code::invalid_argument, "a delay of 0 ms does nothing");
  }
  if (fault.kind == Kind::operation && fault.service && *fault.service != Service::arm) {
    return fail(Code::invalid_argument, "only Resource Manager (arm) has long-running operations");
  }
  if (fault.after && (fault.kind == Kind::delay || fault.kind == Kind::operation)) {
    return fail(Code::invalid_argument, "'{}' cannot come after the request's effect",
                to_string(fault.kind));
  }
  return {};
}

json::object to_json(const Fault& fault) {
  using Kind = Fault::Kind;
  json::object object{{"kind", to_string(fault.kind)}};
  if (fault.service) object["service"] = to_string(*fault.service);
  if (!fault.method.empty()) object["method"] = fault.method;
  if (!fault.path.empty()) object["path"] = fault.path;
  object["skip"] = fault.skip;
  object["count"] = fault.count;
  object["probability"] = fault.probability;
  object["seed"] = fault.seed;
  if (fault.kind == Kind::status) object["status"] = fault.status;
  if (!fault.code.empty()) object["code"] = fault.code;
  if (!fault.message.empty()) object["message"] = fault.message;
  if (fault.delay.count() > 0) object["delayMs"] = fault.delay.count();
  if (fault.retry_after) object["retryAfter"] = *fault.retry_after;
  if (fault.after) object["when"] = "after";
  return object;
}

Result<Fault> fault_from_json(const json::object& object) {
  for (const auto& member : object) {
    if (std::ranges::find(kMembers, std::string_view(member.key())) == kMembers.end()) {
      return fail(Code::invalid_argument, "a fault has no '{}'", std::string_view(member.key()));
    }
  }
  Fault fault;
  auto kind = require_string(object, "kind");
  if (!kind) return fail(std::move(kind).error());
  const auto known = parse_fault_kind(*kind);
  if (!known) return fail(Code::invalid_argument, "there is no kind of fault '{}'", *kind);
  fault.kind = *known;
  if (const auto service = optional_string(object, "service")) {
    fault.service = parse_service(*service);
    if (!fault.service) return fail(Code::invalid_argument, "there is no service '{}'", *service);
  }
  fault.method = to_upper(string_or(object, "method", ""));
  fault.path = string_or(object, "path", "");
  for (const auto& [name, field] :
       {std::pair("skip", &fault.skip), {"count", &fault.count}, {"seed", &fault.seed}}) {
    auto number = read_count(object, name, *field);
    if (!number) return fail(std::move(number).error());
    *field = *number;
  }
  if (const json::value* value = object.if_contains("probability")) {
    if (!value->is_number()) return fail(Code::invalid_argument, "'probability' must be a number");
    fault.probability = value->to_number<double>();
  }
  fault.status = static_cast<int>(int_or(object, "status", fault.status));
  fault.code = string_or(object, "code", "");
  fault.message = string_or(object, "message", "");
  fault.delay = std::chrono::milliseconds(int_or(object, "delayMs", 0));
  if (const auto seconds = optional_int(object, "retryAfter")) {
    fault.retry_after = static_cast<int>(*seconds);
  }
  const std::string when = string_or(object, "when", "before");
  if (when != "before" && when != "after") {
    return fail(Code::invalid_argument, "'when' is before or after, not '{}'", when);
  }
  fault.after = when == "after";
  auto valid = check(fault);
  if (!valid) return fail(std::move(valid).error());
  return fault;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  const auto same = [](char a, char b) { return equals_ignore_case({&a, 1}, {&b, 1}); };
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last '*' seen, and where its text ends so far
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && same(pattern[p], text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace drydock
