// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/conditions.hpp"

#include "base/encoding.hpp"

namespace drydock::blob {
namespace {

// A list of tags is allowed; a weak prefix and missing quotes are forgiven, as the service does.
bool names_tag(std::string_view list, std::string_view etag) {
  for (const std::string& part : ferry::split(list, ',')) {
    std::string_view tag = ferry::trim(part);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == "*" || tag == etag || fmt::format("\"{}\"", tag) == etag) return true;
  }
  return false;
}

// HTTP dates have whole seconds.
ferry::Timestamp whole_seconds(ferry::Timestamp time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

struct DateCondition {
  bool present = false;
  bool modified_since = false;
};

Outcome<DateCondition> date_condition(const net::Headers& headers, std::string_view name,
                                      ferry::Timestamp modified) {
  const auto text = headers.get(name);
  if (!text) return DateCondition{};
  const auto date = ferry::parse_rfc1123(*text);
  if (!date) return refuse_header(name, *text);
  return DateCondition{true, whole_seconds(modified) > *date};
}

tl::unexpected<Refusal> not_met() {
  return refuse(412, "ConditionNotMet",
                "The condition specified using HTTP conditional header(s) is not met.");
}

Outcome<void> check(const net::Headers& headers, const Version& current, bool reading) {
  const auto unchanged = [reading]() -> tl::unexpected<Refusal> {
    if (!reading) return not_met();
    return refuse(304, "ConditionNotMet",
                  "The condition specified using HTTP conditional header(s) is not met.");
  };
  if (auto match = headers.get("If-Match"); match && !names_tag(*match, current.etag)) {
    return not_met();
  }
  auto unmodified = date_condition(headers, "If-Unmodified-Since", current.modified);
  if (!unmodified) return refuse(std::move(unmodified).error());
  if (unmodified->present && unmodified->modified_since) return not_met();
  if (auto none = headers.get("If-None-Match"); none && names_tag(*none, current.etag)) {
    return unchanged();
  }
  auto modified = date_condition(headers, "If-Modified-Since", current.modified);
  if (!modified) return refuse(std::move(modified).error());
  if (modified->present && !modified->modified_since) return unchanged();
  return {};
}

}  // namespace

Outcome<void> check_read_conditions(const net::Headers& headers, const Version& current) {
  return check(headers, current, true);
}

Outcome<void> check_write_conditions(const net::Headers& headers,
                                     const std::optional<Version>& current) {
  if (!current) {
    if (headers.contains("If-Match")) return not_met();
    return {};
  }
  if (auto none = headers.get("If-None-Match"); none && ferry::trim(*none) == "*") {
    return refuse(409, "BlobAlreadyExists", "The specified blob already exists.");
  }
  return check(headers, *current, false);
}

}  // namespace drydock::blob
