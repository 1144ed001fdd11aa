// SPDX-License-Identifier: Apache-2.0
// Random worlds, an engine of four lines that carries plans out, and what must hold at every step.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "agent/reconcile.hpp"
#include "tests/agent/samples.hpp"

namespace ferry::agent {
namespace {

using Kind = Action::Kind;

Composition random_composition() {
  Composition composition;
  for (const std::string name : {"a", "b", "c", "d"}) {
    if (!*rc::gen::arbitrary<bool>()) continue;
    ModuleSpec spec =
        module_spec(name, fmt::format("acme.example/{}@sha256:{}", name, *rc::gen::inRange(0, 3)));
    spec.startup_order = *rc::gen::element(0u, 1u, UINT32_MAX);
    spec.status =
        *rc::gen::element(DesiredStatus::running, DesiredStatus::running, DesiredStatus::stopped);
    composition.modules.emplace(name, spec);
  }
  return composition;
}

// Carries one action out on the model. Pulls of some images always fail.
class Engine {
 public:
  explicit Engine(World& world) : world_(world) {}
  bool fails(const std::string& image) const { return image.ends_with(":2"); }

  void carry_out(const Plan& plan, Timestamp now) {
    std::set<std::string> failed;
    for (const Action& action : plan.actions) {
      if (failed.contains(action.module)) continue;
      if (action.kind == Kind::pull) {
        for (const auto& [name, spec] : world_.desired->modules) {
          if (spec.image != action.image || !fails(action.image)) continue;
          note_failure(world_.records[name], "no such image", now);
        }
        if (!fails(action.image)) world_.ready_images.insert(action.image);
        continue;
      }
      apply(action);
    }
  }

 private:
  void apply(const Action& action) {
    auto& containers = world_.containers;
    if (action.kind == Kind::remove) {
      const auto removed =
          std::erase_if(containers, [&](const auto& c) { return c.id == action.container; });
      RC_ASSERT(removed == 1u);
      return;
    }
    if (action.kind == Kind::create) {
      // Docker would refuse the name.
      for (const auto& container : containers) RC_ASSERT(container.module != action.module);
      const ModuleSpec& spec = world_.desired->modules.at(action.module);
      RC_ASSERT(world_.ready_images.contains(spec.image));
      containers.push_back(
          container_of_spec(spec, ContainerState::created, fmt::format("new-{}", ++next_)));
      return;
    }
    for (auto& container : containers) {
      const bool meant = action.container.empty() ? container.module == action.module
                                                  : container.id == action.container;
      if (!meant) continue;
      container.state =
          action.kind == Kind::stop ? ContainerState::exited : ContainerState::running;
    }
  }

  World& world_;
  int next_ = 0;
};

void add_random_containers(World& world, const Composition& before) {
  int number = 0;
  for (const auto& [name, spec] : before.modules) {
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
      const auto state = *rc::gen::element(ContainerState::running, ContainerState::exited,
                                           ContainerState::created, ContainerState::dead);
      world.containers.push_back(container_of_spec(spec, state, fmt::format("old-{}", ++number)));
    }
  }
}

RC_GTEST_PROP(ReconcileProperty, ComesToRestWithExactlyWhatIsWanted, ()) {
  const Composition before = random_composition();
  const Composition wanted = random_composition();
  World world;
  world.desired = &wanted;
  world.hub_host = "hub.example";
  add_random_containers(world, before);
  Engine engine(world);
  Timestamp now = kNow;
  Plan plan;
  for (int i = 0; i < 30; ++i) {
    plan = decide(world, now);
    engine.carry_out(plan, now);
    now += std::chrono::seconds(400);
  }
  std::map<std::string, int> count;
  for (const auto& container : world.containers) ++count[container.module];
  for (const auto& [module, number] : count) {
    RC_ASSERT(number == 1);
    RC_ASSERT(wanted.modules.contains(module));
  }
  for (const auto& container : world.containers) {
    const ModuleSpec& spec = wanted.modules.at(container.module);
    if (engine.fails(spec.image)) continue;
    RC_ASSERT(container.fingerprint == spec.fingerprint(world.hub_host));
    if (spec.status == DesiredStatus::running)
      RC_ASSERT(container.state == ContainerState::running);
    if (spec.status == DesiredStatus::stopped)
      RC_ASSERT(container.state != ContainerState::running);
  }
  for (const auto& [name, spec] : wanted.modules) {
    RC_ASSERT(engine.fails(spec.image) || count.contains(name));
  }
}

RC_GTEST_PROP(ReconcileProperty, NeverTouchesAnUnchangedModuleThatRuns, ()) {
  const Composition before = random_composition();
  const Composition wanted = random_composition();
  World world;
  world.desired = &wanted;
  world.hub_host = "hub.example";
  std::set<std::string> untouchable;
  for (const auto& [name, spec] : before.modules) {
    world.containers.push_back(container_of_spec(spec));
    const auto same = wanted.modules.find(name);
    if (same == wanted.modules.end() || same->second.status == DesiredStatus::stopped) continue;
    if (same->second.fingerprint("hub.example") == spec.fingerprint("hub.example")) {
      untouchable.insert(name);
    }
  }
  Engine engine(world);
  for (int i = 0; i < 6; ++i) {
    const Plan plan = decide(world, kNow + std::chrono::seconds(400) * i);
    for (const auto& action : plan.actions) {
      RC_ASSERT(action.kind == Kind::pull || !untouchable.contains(action.module));
    }
    engine.carry_out(plan, kNow + std::chrono::seconds(400) * i);
  }
}

RC_GTEST_PROP(ReconcileProperty, AWantedModuleIsNeverDroppedBecauseItsPullFails, ()) {
  const Composition before = random_composition();
  Composition wanted = before;
  for (auto& [name, spec] : wanted.modules) spec.image = "acme.example/" + name + "@sha256:2";
  World world;
  world.desired = &wanted;
  world.hub_host = "hub.example";
  for (const auto& [name, spec] : before.modules) {
    world.containers.push_back(container_of_spec(spec));
  }
  const auto ids = [&] {
    std::multiset<std::string> all;
    for (const auto& container : world.containers) all.insert(container.id);
    return all;
  };
  const auto before_ids = ids();
  // None of the images is ready; every pull fails.
  Engine engine(world);
  for (int i = 0; i < 10; ++i) {
    const Timestamp now = kNow + std::chrono::seconds(7) * i;
    engine.carry_out(decide(world, now), now);
    RC_ASSERT(ids() == before_ids);
  }
}

}  // namespace
}  // namespace ferry::agent
