// SPDX-License-Identifier: Apache-2.0
#include "net/router.hpp"

namespace ferry::net {
namespace {

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{');
}
bool is_rest(std::string_view segment) {
  return segment.ends_with("...}");
}

std::string parameter_name(std::string_view segment) {
  segment.remove_prefix(1);
  segment.remove_suffix(is_rest(segment) ? 4 : 1);
  return std::string(segment);
}

std::vector<std::string> path_segments(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return split(path, '/');
}

std::string join_from(const std::vector<std::string>& segments, std::size_t first) {
  std::string rest;
  for (std::size_t i = first; i < segments.size(); ++i) {
    if (i > first) rest += '/';
    rest += percent_decode(segments[i]);
  }
  return rest;
}

}  // namespace

const std::string& RouteParameters::at(std::string_view name) const {
  const auto found = values_.find(name);
  FERRY_CHECK(found != values_.end());
  return found->second;
}

Router::Router(Case sensitivity) : sensitivity_(sensitivity) {}

void Router::add(std::string method, std::string_view pattern, Handler handler) {
  routes_.push_back(
      {std::move(method), std::string(pattern), path_segments(pattern), std::move(handler)});
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  const std::vector<std::string> segments = path_segments(path);
  Match best;
  std::size_t best_fixed = 0;
  for (const Route& route : routes_) {
    const bool takes_rest = !route.segments.empty() && is_rest(route.segments.back());
    if (takes_rest ? segments.size() < route.segments.size()
                   : segments.size() != route.segments.size()) {
      continue;
    }
    RouteParameters parameters;
    std::size_t fixed = 0;
    bool fits = true;
    for (std::size_t i = 0; fits && i < route.segments.size(); ++i) {
      const std::string& wanted = route.segments[i];
      if (is_rest(wanted)) {
        parameters.set(parameter_name(wanted), join_from(segments, i));
      } else if (is_parameter(wanted)) {
        fits = !segments[i].empty();
        parameters.set(parameter_name(wanted), percent_decode(segments[i]));
      } else {
        fits = sensitivity_ == Case::insensitive ? equals_ignore_case(segments[i], wanted)
                                                 : segments[i] == wanted;
        ++fixed;
      }
    }
    if (!fits) continue;
    const bool method_fits = route.method == method || (method == "HEAD" && route.method == "GET");
    if (!method_fits) {
      if (!best.handler) best.refusal = 405;
      continue;
    }
    const bool exact_beats_get = best.handler && fixed == best_fixed && route.method == method;
    if (!best.handler || fixed > best_fixed || exact_beats_get) {
      best = {&route.handler, std::move(parameters), 0, route.pattern};
      best_fixed = fixed;
    }
  }
  return best;
}

std::vector<std::pair<std::string, std::string>> Router::routes() const {
  std::vector<std::pair<std::string, std::string>> list;
  for (const Route& route : routes_) list.emplace_back(route.method, route.pattern);
  return list;
}

}  // namespace ferry::net
