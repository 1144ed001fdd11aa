// SPDX-License-Identifier: Apache-2.0
#include "fleet/change.hpp"

#include <algorithm>
#include <tuple>

namespace ferry::fleet {
namespace {

template <class T>
void sort_and_deduplicate(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

// In the order of their keys; of several with one key the last.
template <class T, class Key>
void sort_keeping_last(std::vector<T>& values, Key key) {
  std::map<decltype(key(values.front())), T> last;
  for (auto& value : values) {
    auto place = key(value);
    last.insert_or_assign(std::move(place), std::move(value));
  }
  values.clear();
  for (auto& [place, value] : last) values.push_back(std::move(value));
}

bool has_component(const std::vector<ComponentRef>& components, const std::string& name) {
  return std::any_of(components.begin(), components.end(),
                     [&](const ComponentRef& ref) { return ref.name == name; });
}

// A selector that cannot be read selects nothing: change_from_json refuses it before.
Selector selector_of(const std::string& text) {
  auto selector = Selector::parse(text);
  return selector ? *std::move(selector) : Selector();
}

void add_targets(const std::vector<std::string>& groups, const std::string& selector_text,
                 const Directory& directory, std::set<std::string>& into) {
  into.insert(groups.begin(), groups.end());
  if (selector_text.empty()) return;
  const auto selector = selector_of(selector_text);
  for (const auto& [group, labels] : directory.groups) {
    if (selector.matches(labels)) into.insert(group);
  }
}

}  // namespace

const Deployment* find_deployment(const std::vector<Deployment>& deployments,
                                  const std::string& name) {
  const auto found = std::find_if(deployments.begin(), deployments.end(),
                                  [&](const Deployment& d) { return d.name == name; });
  return found == deployments.end() ? nullptr : &*found;
}

const Edit* find_edit(const Change& change, const std::string& deployment) {
  const auto found = std::find_if(change.edits.rbegin(), change.edits.rend(),
                                  [&](const Edit& edit) { return edit.deployment == deployment; });
  return found == change.edits.rend() ? nullptr : &*found;
}

Change normal_form(Change change) {
  for (auto& edit : change.edits) {
    sort_and_deduplicate(edit.components);
    sort_and_deduplicate(edit.groups);
    if (auto selector = Selector::parse(edit.selector)) edit.selector = selector->str();
    std::erase_if(edit.settings, [](const auto& entry) { return entry.second.empty(); });
  }
  sort_keeping_last(change.edits, [](const Edit& edit) { return edit.deployment; });
  sort_keeping_last(change.settings, [](const SettingEdit& edit) {
    return std::tuple(edit.layer, edit.owner, edit.component, edit.setting);
  });
  sort_keeping_last(change.labels,
                    [](const LabelEdit& edit) { return std::pair(edit.group, edit.label); });
  sort_keeping_last(change.capabilities, [](const CapabilityEdit& edit) {
    return std::tuple(edit.group, edit.node, edit.capability);
  });
  return change;
}

Edit edit_of(const Deployment& deployment) {
  return {deployment.name, deployment.components, deployment.groups, deployment.selector,
          deployment.settings};
}

std::vector<Deployment> apply_change(std::vector<Deployment> deployments, const Change& change) {
  std::map<std::string, const Edit*> pending;
  for (const auto& edit : change.edits) pending[edit.deployment] = &edit;
  const auto write = [](Deployment& target, const Edit& edit) {
    target.name = edit.deployment;
    target.revision += 1;
    target.components = edit.components;
    target.groups = edit.groups;
    target.selector = edit.selector;
    target.settings = edit.settings;
  };
  std::erase_if(deployments, [&](Deployment& deployment) {
    const auto edit = pending.find(deployment.name);
    if (edit == pending.end()) return false;
    const bool goes = edit->second->removes();
    if (!goes) write(deployment, *edit->second);
    pending.erase(edit);
    return goes;
  });
  for (const auto& [name, edit] : pending) {
    if (!edit->removes()) write(deployments.emplace_back(), *edit);
  }
  return deployments;
}

Directory apply_labels(Directory directory, const std::vector<LabelEdit>& labels) {
  for (const auto& edit : labels) {
    const auto group = directory.groups.find(edit.group);
    if (group == directory.groups.end()) continue;
    if (edit.value) {
      group->second[edit.label] = *edit.value;
    } else {
      group->second.erase(edit.label);
    }
  }
  return directory;
}

std::vector<std::string> targets_of(const Deployment& deployment, const Directory& directory) {
  std::set<std::string> targets;
  add_targets(deployment.groups, deployment.selector, directory, targets);
  return {targets.begin(), targets.end()};
}

bool targets(const Deployment& deployment, const std::string& group, const Labels& labels) {
  return std::find(deployment.groups.begin(), deployment.groups.end(), group) !=
             deployment.groups.end() ||
         (!deployment.selector.empty() && selector_of(deployment.selector).matches(labels));
}

std::set<std::string> touched_groups(const std::vector<Deployment>& deployments,
                                     const Change& change, const Directory& directory) {
  std::set<std::string> touched;
  std::set<std::string> everywhere;  // components that the workspace's layer changes
  std::set<std::string> edited;
  const auto after = change.labels.empty() ? Directory() : apply_labels(directory, change.labels);
  for (const auto& edit : change.edits) {
    add_targets(edit.groups, edit.selector, change.labels.empty() ? directory : after, touched);
    edited.insert(edit.deployment);
  }
  for (const auto& edit : change.labels) touched.insert(edit.group);
  const auto add_home = [&](const std::string& node) {
    const auto home = directory.homes.find(node);
    if (home != directory.homes.end()) touched.insert(home->second);
  };
  for (const auto& edit : change.capabilities) {
    if (edit.node.empty()) {
      touched.insert(edit.group);
    } else {
      add_home(edit.node);
    }
  }
  for (const auto& edit : change.settings) {
    if (edit.layer == Layer::workspace) everywhere.insert(edit.component);
    if (edit.layer == Layer::group) touched.insert(edit.owner);
    if (edit.layer == Layer::node) add_home(edit.owner);
  }
  for (const auto& deployment : deployments) {
    const bool configured =
        std::any_of(everywhere.begin(), everywhere.end(), [&](const std::string& component) {
          return has_component(deployment.components, component);
        });
    if (configured || edited.contains(deployment.name)) {
      add_targets(deployment.groups, deployment.selector, directory, touched);
    }
  }
  return touched;
}

}  // namespace ferry::fleet
