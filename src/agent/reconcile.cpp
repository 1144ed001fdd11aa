// SPDX-License-Identifier: Apache-2.0
#include "agent/reconcile.hpp"

#include <algorithm>

namespace ferry::agent {
namespace {

using Kind = Action::Kind;

bool is_up(ContainerState state) {
  return state == ContainerState::running || state == ContainerState::paused ||
         state == ContainerState::restarting;
}

class Decision {
 public:
  Decision(const World& world, Timestamp now) : world_(world), now_(now) {
    for (const auto& container : world.containers) {
      containers_[container.module].push_back(&container);
    }
  }

  Plan run() {
    remove_what_nobody_wants();
    for (const ModuleSpec* spec : in_startup_order()) decide_module(*spec);
    plan_.settled = plan_.actions.empty() && plan_.waiting_for_pull.empty() && !unsettled_;
    return std::move(plan_);
  }

 private:
  void add(Kind kind, const std::string& module, std::string container = {},
           std::string image = {}) {
    plan_.actions.push_back({kind, module, std::move(container), std::move(image)});
  }

  void remove_container(const ObservedContainer& container) {
    if (container.state == ContainerState::removing) return;
    if (is_up(container.state)) add(Kind::stop, container.module, container.id);
    add(Kind::remove, container.module, container.id);
  }

  const ModuleRecord* record_of(const std::string& module) const {
    const auto found = world_.records.find(module);
    return found == world_.records.end() ? nullptr : &found->second;
  }

  // A step of this module failed, and its next try is not due.
  bool held_back(const std::string& module) const {
    const ModuleRecord* record = record_of(module);
    return record && record->retry_at && *record->retry_at > now_;
  }

  void remove_what_nobody_wants() {
    for (const auto& [module, containers] : containers_) {
      if (world_.desired->modules.contains(module)) continue;
      if (held_back(module)) {
        unsettled_ = true;
        continue;
      }
      for (const auto* container : containers) remove_container(*container);
    }
  }

  std::vector<const ModuleSpec*> in_startup_order() const {
    std::vector<const ModuleSpec*> specs;
    for (const auto& [name, spec] : world_.desired->modules) specs.push_back(&spec);
    std::sort(specs.begin(), specs.end(), [](const ModuleSpec* a, const ModuleSpec* b) {
      return std::tie(a->startup_order, a->name) < std::tie(b->startup_order, b->name);
    });
    return specs;
  }

  // One container per module: the one that fits and runs is kept, all others go.
  const ObservedContainer* keep_one(const ModuleSpec& spec) {
    const auto found = containers_.find(spec.name);
    if (found == containers_.end()) return nullptr;
    const std::string fingerprint = spec.fingerprint(world_.hub_host);
    const auto worth = [&](const ObservedContainer* container) {
      return (container->fingerprint == fingerprint ? 4 : 0) + (is_up(container->state) ? 2 : 0) +
             (container->state == ContainerState::removing ? -8 : 0);
    };
    const ObservedContainer* best =
        *std::max_element(found->second.begin(), found->second.end(),
                          [&](const auto* a, const auto* b) { return worth(a) < worth(b); });
    for (const auto* container : found->second) {
      if (container != best) remove_container(*container);
    }
    return best;
  }

  void decide_module(const ModuleSpec& spec) {
    if (held_back(spec.name)) {
      unsettled_ = true;
      // The replacement has to wait, but what runs of the old version is still looked after.
      keep_old_alive(spec);
      return;
    }
    const ObservedContainer* container = keep_one(spec);
    if (container && container->state == ContainerState::removing) {
      unsettled_ = true;  // its name is free again when it has gone
      return;
    }
    const bool fits = container && container->fingerprint == spec.fingerprint(world_.hub_host) &&
                      container->state != ContainerState::dead;
    if (fits) return enforce_status(spec, *container);
    if (!image_is_ready(spec)) {
      if (container) look_after(spec, *container);
      return;
    }
    if (waits_for_earlier_ones(spec)) {
      plan_.waiting_for_pull.push_back(spec.name);
      if (container) look_after(spec, *container);
      return;
    }
    if (container) remove_container(*container);
    add(Kind::create, spec.name);
    if (spec.status == DesiredStatus::running) add(Kind::start, spec.name);
  }

  void keep_old_alive(const ModuleSpec& spec) {
    const auto found = containers_.find(spec.name);
    if (found == containers_.end()) return;
    for (const auto* container : found->second) {
      if (is_up(container->state)) return;
    }
    look_after(spec, *found->second.front());
  }

  // Asks for the image when it is missing. Until it is there, or a pull has failed, modules behind
  // this one wait.
  bool image_is_ready(const ModuleSpec& spec) {
    if (spec.image_pull_policy == ImagePullPolicy::never) return true;
    if (world_.ready_images.contains(spec.image)) return true;
    if (!world_.pulling.contains(spec.image) && asked_for_.insert(spec.image).second) {
      add(Kind::pull, spec.name, {}, spec.image);
    }
    plan_.waiting_for_pull.push_back(spec.name);
    const ModuleRecord* record = record_of(spec.name);
    if (!record || record->failures == 0) {
      pending_order_ = std::min(pending_order_.value_or(spec.startup_order), spec.startup_order);
    }
    return false;
  }

  bool waits_for_earlier_ones(const ModuleSpec& spec) const {
    return pending_order_ && *pending_order_ < spec.startup_order;
  }

  void enforce_status(const ModuleSpec& spec, const ObservedContainer& container) {
    const bool up = is_up(container.state);
    if (spec.status == DesiredStatus::stopped) {
      if (up) add(Kind::stop, spec.name, container.id);
      return;
    }
    if (!up) look_after(spec, container);
  }

  // A container that should run and does not: a first start, a start after a wanted stop, or a
  // restart as its policy says.
  void look_after(const ModuleSpec& spec, const ObservedContainer& container) {
    if (is_up(container.state) || spec.status == DesiredStatus::stopped) return;
    if (container.state == ContainerState::dead || container.state == ContainerState::removing) {
      return;
    }
    const ModuleRecord* record = record_of(spec.name);
    if (container.state == ContainerState::created || (record && record->stopped_on_purpose)) {
      if (!held_back(spec.name)) add(Kind::start, spec.name, container.id);
      return;
    }
    if (spec.restart_policy == RestartPolicy::never) return;
    if (spec.restart_policy != RestartPolicy::always && container.exit_code == 0) return;
    const int count = record ? record->restart_count : 0;
    if (count >= kMaxRestarts) {
      plan_.given_up.push_back(spec.name);
      return;
    }
    Timestamp since = container.finished_at.value_or(now_);
    if (record && record->last_restart) since = std::max(since, *record->last_restart);
    if (since > now_) since = now_;  // the clock was set back: never wait for its old time again
    if (count > 0 && since + restart_delay(count) > now_) {
      plan_.in_backoff.push_back(spec.name);
      return;
    }
    add(Kind::restart, spec.name, container.id);
  }

  const World& world_;
  const Timestamp now_;
  std::map<std::string, std::vector<const ObservedContainer*>> containers_;
  std::set<std::string> asked_for_;
  std::optional<std::uint32_t> pending_order_;
  bool unsettled_ = false;
  Plan plan_;
};

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::pull:
      return "pull";
    case Kind::stop:
      return "stop";
    case Kind::remove:
      return "remove";
    case Kind::create:
      return "create";
    case Kind::start:
      return "start";
    case Kind::restart:
      return "restart";
  }
  return "?";
}

std::chrono::seconds back_off(int n) {
  constexpr std::chrono::seconds kUnit{10};
  constexpr std::chrono::seconds kCeiling{300};
  return n >= 5 ? kCeiling : std::min(kUnit * (1 << std::max(n, 0)), kCeiling);
}

std::chrono::seconds restart_delay(int restart_count) {
  return restart_count <= 0 ? std::chrono::seconds(0) : back_off(restart_count - 1);
}

Plan decide(const World& world, Timestamp now) {
  if (!world.desired) return {};
  return Decision(world, now).run();
}

void reset_failures(std::map<std::string, ModuleRecord>& records) {
  for (auto& [module, record] : records) {
    record.failures = 0;
    record.retry_at.reset();
    record.last_error.clear();
  }
}

void note_failure(ModuleRecord& record, std::string error, Timestamp now) {
  record.retry_at = now + back_off(record.failures);
  ++record.failures;
  record.last_error = std::move(error);
}

void note_success(ModuleRecord& record) {
  record.failures = 0;
  record.retry_at.reset();
  record.last_error.clear();
}

bool tidy_records(World& world, Timestamp now) {
  bool changed = false;
  std::set<std::string> there;
  for (const auto& container : world.containers) {
    there.insert(container.module);
    if (container.state != ContainerState::running || !container.started_at) continue;
    const auto record = world.records.find(container.module);
    if (record == world.records.end() || record->second.restart_count == 0) continue;
    if (now - *container.started_at < kProvenAfter) continue;
    record->second.restart_count = 0;
    changed = true;
  }
  const auto gone = std::erase_if(world.records, [&](const auto& entry) {
    return !there.contains(entry.first) &&
           !(world.desired && world.desired->modules.contains(entry.first));
  });
  return changed || gone > 0;
}

}  // namespace ferry::agent
