// SPDX-License-Identifier: Apache-2.0
// Paths of Resource Manager: fixed segments compare without case.
#pragma once

#include "drydock/arm/answer.hpp"

namespace drydock::arm {

using Handler = std::function<Answer(const Call&)>;

// Patterns below have {s} for the subscription and {group} for the resource group.
inline constexpr std::string_view kSubscription = "/subscriptions/{s}";
inline constexpr std::string_view kGroup = "/subscriptions/{s}/resourceGroups/{group}";

class Routes {
 public:
  void add(std::string method, std::string_view pattern, Handler handler);
  // A resource type below a group: ".../providers/<type>/{name}<rest>".
  void add_resource(std::string method, std::string_view type, std::string_view rest,
                    Handler handler);

  struct Match {
    const Handler* handler = nullptr;
    ferry::net::RouteParameters parameters;
    int refusal = 404;
  };
  Match match(std::string_view method, std::string_view path) const;

 private:
  // The router finds the pattern; the handlers are kept beside it, because they answer at once.
  ferry::net::Router router_{ferry::net::Router::Case::insensitive};
  std::map<std::string, Handler, std::less<>> handlers_;
};

}  // namespace drydock::arm
