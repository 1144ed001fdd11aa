// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/composition.hpp"

#include <algorithm>

namespace drydock::iot_hub {
namespace {

void put_below(json::object& target, const query::Path& path, std::size_t index,
               const json::value& value) {
  if (index + 1 == path.size()) {
    target[path[index]] = value;
    return;
  }
  json::value& inner = target[path[index]];
  if (!inner.is_object()) inner = json::object();
  put_below(inner.get_object(), path, index + 1, value);
}

void take_below(json::object& target, const query::Path& path, std::size_t index) {
  json::value* inner = target.if_contains(path[index]);
  if (inner == nullptr) return;
  if (index + 1 < path.size()) {
    if (!inner->is_object()) return;
    take_below(inner->get_object(), path, index + 1);
    if (!inner->get_object().empty()) return;
  }
  target.erase(path[index]);
}

bool covers(const Setting& above, const Setting& below) {
  return above.module == below.module && above.path.size() <= below.path.size() &&
         std::equal(above.path.begin(), above.path.end(), below.path.begin());
}

}  // namespace

void put_at(json::object& target, const query::Path& path, const json::value& value) {
  if (!path.empty()) {
    put_below(target, path, 0, value);
  } else if (value.is_object()) {
    target = value.get_object();
  }
}

void take_from(json::object& target, const query::Path& path) {
  if (path.empty()) {
    target.clear();
  } else {
    take_below(target, path, 0);
  }
}

Composition compose(const Configuration& base, const std::vector<const Configuration*>& layers) {
  Composition result;
  std::vector<const Configuration*> all{&base};
  all.insert(all.end(), layers.begin(), layers.end());
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    for (const Setting& setting : all[rank]->settings) {
      put_at(result.desired[setting.module], setting.path, setting.value);
      const bool hidden = std::any_of(
          all.begin() + static_cast<std::ptrdiff_t>(rank) + 1, all.end(),
          [&](const Configuration* above) {
            return std::ranges::any_of(above->settings,
                                       [&](const Setting& over) { return covers(over, setting); });
          });
      if (!hidden) result.applied[setting.module].insert(all[rank]->id);
    }
  }
  for (auto& [module, desired] : result.desired) desired = without_nulls(desired);
  return result;
}

}  // namespace drydock::iot_hub
