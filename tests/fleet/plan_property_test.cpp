// SPDX-License-Identifier: Apache-2.0
// The rules of smart deployments as laws over generated fleets. A failure prints its seed.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fleet/plan.hpp"

namespace ferry::fleet {
namespace {

const std::vector<std::string> kGroups{"g1", "g2", "g3"};
const std::vector<std::string> kComponents{"a", "b", "c", "d"};
const std::vector<std::string> kVersions{"1.0.0", "2.0.0"};

// 0 ... n-1, all alike from the first case on: the sizes of rapidcheck start at nothing.
int pick(int n) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n));
}

std::vector<std::string> some_groups() {
  std::vector<std::string> groups;
  for (const auto& group : kGroups) {
    if (pick(2) == 1) groups.push_back(group);
  }
  return groups;
}

// Each component in no version, in one, or (seldom) in both.
std::vector<ComponentRef> some_components() {
  std::vector<ComponentRef> components;
  for (const auto& name : kComponents) {
    const int choice = pick(8);
    if (choice >= 5) components.push_back({name, kVersions[0]});
    if (choice >= 3 && choice != 6 && choice != 7) components.push_back({name, kVersions[1]});
  }
  return components;
}

Edit some_edit() {
  static const std::vector<std::string> kDeployments{"d1", "d2", "d3", "d4"};
  Edit edit;
  edit.deployment = *rc::gen::elementOf(kDeployments);
  edit.components = some_components();
  edit.groups = some_groups();
  return edit;
}

// A fleet that stands: reached from nothing through applicable edits only.
Fleet some_fleet() {
  Fleet fleet;
  for (const auto& group : kGroups) {
    fleet.groups[group].nodes.resize(static_cast<std::size_t>(pick(5)));
  }
  for (const auto& name : kComponents) {
    for (const auto& version : kVersions) {
      fleet.catalog[{name, version}] =
          std::make_shared<PublishedVersion>(PublishedVersion{name + "@sha256:" + version, {}, {}});
    }
  }
  const int edits = pick(8);
  for (int i = 0; i < edits; ++i) {
    const auto edit = some_edit();
    if (make_plan(fleet, {edit}).applicable()) {
      fleet.deployments = apply_change(fleet.deployments, {edit});
    }
  }
  return fleet;
}

using Running = std::map<std::string, std::set<ComponentRef>>;

// What groups run, by the words of the rule: the union over the live deployments. Deliberately not
// by the code under test.
Running running(const std::vector<Deployment>& deployments) {
  Running result;
  for (const auto& group : kGroups) result[group];
  for (const auto& deployment : deployments) {
    for (const auto& group : deployment.groups) {
      result[group].insert(deployment.components.begin(), deployment.components.end());
    }
  }
  return result;
}

bool is_unambiguous(const std::set<ComponentRef>& components) {
  std::set<std::string> names;
  for (const auto& component : components) {
    if (!names.insert(component.name).second) return false;
  }
  return true;
}

RC_GTEST_PROP(PlanLaws, AnApplicablePlanNeverPutsTwoVersionsOnAGroup, ()) {
  auto fleet = some_fleet();
  const auto edit = some_edit();
  const auto after = running(apply_change(fleet.deployments, {edit}));
  const bool unambiguous = std::all_of(
      after.begin(), after.end(), [](const auto& entry) { return is_unambiguous(entry.second); });
  const auto plan = make_plan(fleet, {edit});
  RC_ASSERT(plan.conflicts.empty() == unambiguous);
  if (plan.applicable()) RC_ASSERT(unambiguous);
}

RC_GTEST_PROP(PlanLaws, ThePlansEffectIsTheRecomputedComposition, ()) {
  auto fleet = some_fleet();
  const auto edit = some_edit();
  const auto plan = make_plan(fleet, {edit});
  RC_PRE(plan.applicable());
  auto state = running(fleet.deployments);
  for (const auto& group : plan.groups) {
    auto& components = state[group.group];
    for (const auto& removed : group.difference.removed) RC_ASSERT(components.erase(removed) == 1U);
    for (const auto& update : group.difference.updated) {
      RC_ASSERT(components.erase({update.component, update.from}) == 1U);
      components.insert({update.component, update.to});
    }
    for (const auto& added : group.difference.added) RC_ASSERT(components.insert(added).second);
    for (const auto& kept : group.difference.unchanged) RC_ASSERT(components.contains(kept));
  }
  const auto deployments = apply_change(fleet.deployments, {edit});
  RC_ASSERT(state == running(deployments));

  for (const auto& [group, contributions] : contributions_by_group(deployments)) {
    const auto composition = compose(contributions, fleet.catalog);
    RC_ASSERT(composition.has_value());
    std::set<ComponentRef> composed;
    for (const auto& module : composition->modules) composed.insert({module.name, module.version});
    RC_ASSERT(composed == state[group]);
  }
}

RC_GTEST_PROP(PlanLaws, ARemovalIsAlwaysInThePlanByName, ()) {
  auto fleet = some_fleet();
  const auto edit = some_edit();
  const auto plan = make_plan(fleet, {edit});
  const auto before = running(fleet.deployments);
  const auto after = running(apply_change(fleet.deployments, {edit}));
  for (const auto& [group, components] : before) {
    for (const auto& component : components) {
      const auto& left = after.at(group);
      const bool stays = std::any_of(left.begin(), left.end(), [&](const ComponentRef& other) {
        return other.name == component.name;
      });
      if (stays) continue;
      const auto found = std::find_if(plan.groups.begin(), plan.groups.end(),
                                      [&](const GroupPlan& g) { return g.group == group; });
      RC_ASSERT(found != plan.groups.end());
      RC_ASSERT(std::count(found->difference.removed.begin(), found->difference.removed.end(),
                           component) == 1);
      RC_ASSERT(plan.describe_removals().find(component.name) != std::string::npos);
    }
  }
}

RC_GTEST_PROP(PlanLaws, OneEditChangesOnlyWhatThatDeploymentContributes, ()) {
  auto fleet = some_fleet();
  const auto edit = some_edit();
  const auto plan = make_plan(fleet, {edit});
  std::set<std::string> touchable(edit.groups.begin(), edit.groups.end());
  std::set<std::string> components;
  for (const auto& component : edit.components) components.insert(component.name);
  for (const auto& deployment : fleet.deployments) {
    if (deployment.name != edit.deployment) continue;
    touchable.insert(deployment.groups.begin(), deployment.groups.end());
    for (const auto& component : deployment.components) components.insert(component.name);
  }
  for (const auto& group : plan.groups) {
    RC_ASSERT(touchable.contains(group.group));
    for (const auto& added : group.difference.added) RC_ASSERT(components.contains(added.name));
    for (const auto& update : group.difference.updated)
      RC_ASSERT(components.contains(update.component));
    for (const auto& removed : group.difference.removed)
      RC_ASSERT(components.contains(removed.name));
  }
}

RC_GTEST_PROP(PlanLaws, TheOrderOfDeploymentsDoesNotMatter, ()) {
  auto fleet = some_fleet();
  auto edit = some_edit();
  const auto plan = make_plan(fleet, {edit});
  std::reverse(fleet.deployments.begin(), fleet.deployments.end());
  std::reverse(edit.components.begin(), edit.components.end());
  std::reverse(edit.groups.begin(), edit.groups.end());
  for (auto& deployment : fleet.deployments) {
    std::reverse(deployment.components.begin(), deployment.components.end());
    std::reverse(deployment.groups.begin(), deployment.groups.end());
  }
  RC_ASSERT(make_plan(fleet, {edit}) == plan);
}

RC_GTEST_PROP(PlanLaws, PlanningWhatStandsChangesNothing, ()) {
  const auto fleet = some_fleet();
  RC_CLASSIFY(!fleet.deployments.empty());
  for (const auto& deployment : fleet.deployments) {
    const auto plan = make_plan(fleet, {edit_of(deployment)});
    RC_ASSERT(plan.applicable());
    RC_ASSERT(!plan.has_changes());
  }
}

RC_GTEST_PROP(PlanLaws, EveryResolutionEndsItsConflict, ()) {
  const auto fleet = some_fleet();
  const Change change{some_edit(), some_edit()};
  RC_PRE(change.edits[0].deployment != change.edits[1].deployment);
  for (const auto& conflict : make_plan(fleet, change).conflicts) {
    RC_ASSERT(!conflict.resolutions.empty());
    for (const auto& resolution : conflict.resolutions) {
      const auto resolved = make_plan(fleet, resolution.change);
      RC_ASSERT(std::none_of(
          resolved.conflicts.begin(), resolved.conflicts.end(), [&](const Conflict& other) {
            return other.group == conflict.group && other.component == conflict.component;
          }));
    }
  }
}

RC_GTEST_PROP(PlanLaws, TheWorldBesideWhatAChangeTouchesDoesNotMatter, ()) {
  auto fleet = some_fleet();
  const auto edit = some_edit();
  const auto plan = make_plan(fleet, {edit});
  const auto touched = touched_groups(fleet.deployments, {edit});
  std::erase_if(fleet.groups, [&](const auto& entry) { return !touched.contains(entry.first); });
  std::erase_if(fleet.deployments, [&](const Deployment& deployment) {
    return std::none_of(deployment.groups.begin(), deployment.groups.end(),
                        [&](const std::string& group) { return touched.contains(group); });
  });
  RC_ASSERT(make_plan(fleet, {edit}) == plan);
}

RC_GTEST_PROP(PlanLaws, GoingBackRestoresWhatEveryGroupRan, ()) {
  const auto fleet = some_fleet();
  const Change change{some_edit()};
  RC_PRE(make_plan(fleet, change).applicable());
  Change back;
  const auto* before = find_deployment(fleet.deployments, change.edits[0].deployment);
  back.edits.push_back(before ? edit_of(*before) : Edit{change.edits[0].deployment, {}, {}});
  auto changed = fleet;
  changed.deployments = apply_change(fleet.deployments, change);
  RC_ASSERT(make_plan(changed, back).applicable());
  changed.deployments = apply_change(changed.deployments, back);
  RC_ASSERT(running(changed.deployments) == running(fleet.deployments));
}

}  // namespace
}  // namespace ferry::fleet
