// SPDX-License-Identifier: Apache-2.0
// Identifiers that cannot be mixed up: using NodeId = Id<struct NodeTag>.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace ferry {

template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : text_(std::move(text)) {}
  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  std::string text_;
};

// "<prefix>-" and 16 lower-case characters of a-z2-7 (80 random bits): safe in URLs, DNS labels,
// MQTT topics, twin tags and certificate names.
std::string random_id(std::string_view prefix);
std::string random_uuid();  // RFC 9562 version 4

}  // namespace ferry

template <class Tag>
struct fmt::formatter<ferry::Id<Tag>> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const ferry::Id<Tag>& id, Context& context) const {
    return fmt::formatter<std::string_view>::format(id.str(), context);
  }
};

template <class Tag>
struct std::hash<ferry::Id<Tag>> {
  std::size_t operator()(const ferry::Id<Tag>& id) const noexcept {
    return std::hash<std::string>()(id.str());
  }
};
