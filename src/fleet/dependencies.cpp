// SPDX-License-Identifier: Apache-2.0
#include "fleet/dependencies.hpp"

#include <algorithm>
#include <limits>

namespace ferry::fleet {
namespace {

// Whether any module says when it starts, or what before.
bool has_order(const Composition& composition) {
  return std::any_of(
      composition.modules.begin(), composition.modules.end(), [](const Module& module) {
        return module.manifest().startup_order || !module.manifest().depends_on.empty();
      });
}

// Modules with what they depend on before them; `cycle` names one when there is none.
struct Order {
  std::vector<const Module*> modules;
  std::vector<std::string> cycle;
};

class Sorter {
 public:
  explicit Sorter(const Composition& composition) : composition_(composition) {}

  Order run() {
    for (const auto& module : composition_.modules) visit(module);
    return std::move(order_);
  }

 private:
  enum class Mark { open, done, in_cycle };

  // Depth is bounded by the number of modules, which Azure bounds at 50.
  bool visit(const Module& module) {
    const auto [mark, is_new] = marks_.emplace(&module, Mark::open);
    if (!is_new) {
      if (mark->second == Mark::open) note_cycle(module);
      return mark->second == Mark::done;
    }
    path_.push_back(&module);
    bool ordered = true;
    for (const auto& [name, range] : module.manifest().depends_on) {
      const auto* needed = find_module(composition_, name);
      if (needed) ordered = visit(*needed) && ordered;
    }
    path_.pop_back();
    marks_[&module] = ordered ? Mark::done : Mark::in_cycle;
    if (ordered) order_.modules.push_back(&module);
    return ordered;
  }

  void note_cycle(const Module& module) {
    if (!order_.cycle.empty()) return;
    const auto start = std::find(path_.begin(), path_.end(), &module);
    for (auto at = start; at != path_.end(); ++at) order_.cycle.push_back((*at)->name);
    order_.cycle.push_back(module.name);
  }

  const Composition& composition_;
  std::map<const Module*, Mark> marks_;
  std::vector<const Module*> path_;
  Order order_;
};

}  // namespace

std::vector<std::string> check_dependencies(const Composition& composition) {
  std::vector<std::string> problems;
  if (!has_order(composition)) return problems;
  for (const auto& module : composition.modules) {
    for (const auto& [name, range] : module.manifest().depends_on) {
      const auto* needed = find_module(composition, name);
      if (!needed) {
        problems.push_back(
            fmt::format("{} {} needs {} {}, which would not run there; deploy it too", module.name,
                        module.version, name, range.str()));
      } else if (!range.contains(needed->version)) {
        problems.push_back(fmt::format("{} {} needs {} {}; {} would run", module.name,
                                       module.version, name, range.str(), needed->version));
      }
    }
  }
  const auto cycle = Sorter(composition).run().cycle;
  if (!cycle.empty()) {
    std::string words;
    for (const auto& name : cycle) words += (words.empty() ? "" : " needs ") + name;
    problems.push_back(fmt::format("{}: none of them could start first", words));
  }
  return problems;
}

std::map<std::string, std::uint32_t> startup_orders(const Composition& composition) {
  std::map<std::string, std::uint32_t> orders;
  if (!has_order(composition)) return orders;
  const auto sorted = Sorter(composition).run().modules;
  std::map<std::string, bool> needed;
  for (const auto& module : composition.modules) {
    for (const auto& [name, range] : module.manifest().depends_on) needed[name] = true;
  }
  for (const auto* module : sorted) {
    if (module->manifest().startup_order) {
      orders[module->name] = *module->manifest().startup_order;
      continue;
    }
    if (module->manifest().depends_on.empty() && !needed.contains(module->name)) continue;
    std::uint32_t order = 0;
    for (const auto& [name, range] : module->manifest().depends_on) {
      const auto earlier = orders.find(name);
      if (earlier == orders.end()) continue;
      constexpr auto kLast = std::numeric_limits<std::uint32_t>::max();
      order = std::max(order, earlier->second == kLast ? kLast : earlier->second + 1);
    }
    orders[module->name] = order;
  }
  return orders;
}

}  // namespace ferry::fleet
