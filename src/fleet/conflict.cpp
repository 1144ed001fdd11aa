// SPDX-License-Identifier: Apache-2.0
#include "fleet/conflict.hpp"

#include <algorithm>

namespace ferry::fleet {
namespace {

// Everything of `component` in other versions than `kept` becomes `kept`.
void align(Edit& edit, const std::string& component, const std::string& kept) {
  std::erase_if(edit.components, [&](const ComponentRef& ref) { return ref.name == component; });
  edit.components.push_back({component, kept});
  std::sort(edit.components.begin(), edit.components.end());
}

void drop(Edit& edit, const std::string& component, const std::string& kept) {
  std::erase_if(edit.components, [&](const ComponentRef& ref) {
    return ref.name == component && ref.version != kept;
  });
  if (std::none_of(edit.components.begin(), edit.components.end(),
                   [&](const ComponentRef& ref) { return ref.name == component; })) {
    edit.settings.erase(component);
  }
  if (edit.components.empty()) edit = {edit.deployment, {}, {}};
}

void leave(Edit& edit, const std::string& group) {
  std::erase(edit.groups, group);
  if (!edit.targets()) edit = {edit.deployment, {}, {}};
}

// `change`, with what the deployments would become amended further.
template <class Amend>
Change amended(Change change, const std::vector<Deployment>& after,
               const std::vector<std::string>& deployments, Amend amend) {
  for (const auto& name : deployments) {
    const auto* deployment = find_deployment(after, name);
    if (!deployment) continue;
    Edit edit = edit_of(*deployment);
    amend(edit);
    std::erase_if(change.edits, [&](const Edit& other) { return other.deployment == name; });
    change.edits.push_back(std::move(edit));
  }
  return normal_form(std::move(change));
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += " and ";
    text += word;
  }
  return text;
}

using Versions = std::map<std::string, std::vector<std::string>>;

// The deployments that ask for another version than `kept`, by name.
std::vector<std::string> others(const Versions& versions, const std::string& kept) {
  std::vector<std::string> names;
  for (const auto& [version, deployments] : versions) {
    if (version != kept) names.insert(names.end(), deployments.begin(), deployments.end());
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

std::string_view to_string(Resolution::Kind kind) {
  switch (kind) {
    case Resolution::Kind::align:
      return "align";
    case Resolution::Kind::drop:
      return "drop";
    case Resolution::Kind::split:
      return "split";
  }
  return "";
}

std::vector<Resolution> resolutions_of(const std::string& group, const std::string& component,
                                       const Versions& versions, const Change& change,
                                       const std::vector<Deployment>& after) {
  std::vector<Resolution> aligned;
  std::vector<Resolution> dropped;
  std::vector<Resolution> split;
  for (const auto& [kept, keepers] : versions) {
    const auto movers = others(versions, kept);
    const auto names = join(movers);
    aligned.push_back(
        {Resolution::Kind::align, fmt::format("move {} to {} {}", names, component, kept),
         amended(change, after, movers, [&](Edit& edit) { align(edit, component, kept); })});
    dropped.push_back(
        {Resolution::Kind::drop,
         fmt::format("drop {} from {}, which leaves {} {}", component, names, component, kept),
         amended(change, after, movers, [&](Edit& edit) { drop(edit, component, kept); })});
    // A deployment that asks for both versions would take the kept one with it, and one whose
    // selector finds the group cannot leave it alone.
    const bool apart = std::all_of(movers.begin(), movers.end(), [&](const std::string& name) {
      const auto* mover = find_deployment(after, name);
      return !std::binary_search(keepers.begin(), keepers.end(), name) && mover &&
             mover->selector.empty();
    });
    if (!apart) continue;
    split.push_back({Resolution::Kind::split,
                     fmt::format("take group {} out of {}, which leaves {} {} there", group, names,
                                 component, kept),
                     amended(change, after, movers, [&](Edit& edit) { leave(edit, group); })});
  }
  std::move(dropped.begin(), dropped.end(), std::back_inserter(aligned));
  std::move(split.begin(), split.end(), std::back_inserter(aligned));
  return aligned;
}

}  // namespace ferry::fleet
