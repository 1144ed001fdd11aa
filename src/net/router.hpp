// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "net/http.hpp"

namespace ferry::net {

// What a pattern's {name} segments matched, percent-decoded.
class RouteParameters {
 public:
  const std::string& at(std::string_view name) const;  // must be in the pattern
  void set(std::string name, std::string value) { values_[std::move(name)] = std::move(value); }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// Patterns such as "/api/v1/workspaces/{workspace}"; a last segment "{name...}" takes the rest of
// the path. Fixed segments win over parameters. Not found is answered by `fallback`.
class Router {
 public:
  using Handler = std::function<Task<HttpResponse>(HttpRequest, RouteParameters)>;
  enum class Case { sensitive, insensitive };  // of the fixed segments

  explicit Router(Case sensitivity = Case::sensitive);
  void add(std::string method, std::string_view pattern, Handler handler);

  // The handler and its parameters; or the status to refuse with: 404, or 405 when only the method
  // differs.
  struct Match {
    const Handler* handler = nullptr;
    RouteParameters parameters;
    int refusal = 404;
    std::string_view pattern;
  };
  Match match(std::string_view method, std::string_view path) const;

  // What was added, as (method, pattern), in that order.
  std::vector<std::pair<std::string, std::string>> routes() const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;
    Handler handler;
  };
  Case sensitivity_;
  std::vector<Route> routes_;
};

}  // namespace ferry::net
