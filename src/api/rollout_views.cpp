// SPDX-License-Identifier: Apache-2.0
#include "api/views.hpp"

namespace ferry::api {
namespace {

json::value time_or_null(const std::optional<Timestamp>& time) {
  return time ? json::value(format_rfc3339(*time)) : json::value(nullptr);
}

json::value words_or_null(const std::string& words) {
  return words.empty() ? json::value(nullptr) : json::value(words);
}

std::string text(std::string_view view) {
  return std::string(view);
}

json::object wave_json(const control::RolloutWaveView& wave) {
  json::object verdicts;
  for (const auto& [verdict, count] : wave.verdicts) verdicts[to_string(verdict)] = count;
  return {{"name", wave.name},
          {"state", wave.state},
          {"nodes", wave.nodes},
          {"verdicts", std::move(verdicts)}};
}

json::object group_json(const control::RolloutGroupView& group) {
  return {{"group", group.name},        {"composition", group.composition},
          {"previous", group.previous}, {"reached", group.reached},
          {"returned", group.returned}, {"lateJoiners", group.late_joiners}};
}

template <class T, class Write>
json::array array_of(const std::vector<T>& items, Write write) {
  json::array array;
  for (const auto& item : items) array.push_back(write(item));
  return array;
}

}  // namespace

json::object to_json(const control::RolloutNodeView& node) {
  return {{"node", node.name},
          {"group", node.group},
          {"wave", node.wave},
          {"verdict", node.verdict ? json::value(text(to_string(*node.verdict))) : nullptr},
          {"reason", words_or_null(node.reason)},
          {"since", node.verdict ? time_or_null(node.since) : json::value(nullptr)},
          {"forgiven", node.forgiven}};
}

json::object to_json(const control::RolloutView& rollout) {
  const auto& status = rollout.status;
  json::array events;
  for (const auto& event : rollout.events) {
    events.push_back(json::object{{"at", format_rfc3339(event.at)}, {"what", event.what}});
  }
  const bool paused = status.state == fleet::RolloutState::paused;
  return {{"id", rollout.id},
          {"deployments", json::array(rollout.deployments.begin(), rollout.deployments.end())},
          {"plan", words_or_null(rollout.plan)},
          {"startedBy", rollout.actor},
          {"policy", fleet::to_json(rollout.policy)},
          {"state", text(to_string(status.state))},
          {"pausedFrom", paused ? json::value(text(to_string(status.goes_on_as))) : nullptr},
          {"wave", rollout.waves.empty() ? 0 : status.wave + 1},
          {"since", format_rfc3339(status.since)},
          {"reason", words_or_null(status.reason)},
          {"trouble", words_or_null(rollout.trouble)},
          {"waves", array_of(rollout.waves, wave_json)},
          {"groups", array_of(rollout.groups, group_json)},
          {"troubled", array_of(rollout.troubled, [](const auto& node) { return to_json(node); })},
          {"events", std::move(events)},
          {"startedAt", format_rfc3339(rollout.started_at)},
          {"finishedAt", time_or_null(rollout.finished_at)}};
}

}  // namespace ferry::api
