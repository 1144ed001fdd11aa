// SPDX-License-Identifier: Apache-2.0
#include "api/views.hpp"

namespace ferry::api {
namespace {

json::value time(const std::optional<Timestamp>& when) {
  return when ? json::value(format_rfc3339(*when)) : json::value(nullptr);
}

json::array components(const std::vector<fleet::ComponentRef>& refs) {
  json::array array;
  for (const auto& ref : refs) {
    array.push_back(json::object{{"component", ref.name}, {"version", ref.version}});
  }
  return array;
}

template <class T>
json::value value_or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

}  // namespace

json::object to_json(const control::BatchRow& row) {
  if (row.ticket) return to_json(*row.ticket);
  const Error& error = row.ticket.error();
  return {{"name", row.name},
          {"error", json::object{{"code", std::string(to_string(error.code))},
                                 {"message", error.message},
                                 {"hint", error.hint}}}};
}

json::object to_json(const control::OpenTokenView& token) {
  return {{"node", token.node},
          {"group", token.group},
          {"prefix", token.prefix},
          {"replaces", token.replaces},
          {"expired", token.expired},
          {"createdAt", time(token.created_at)},
          {"expiresAt", time(token.expires_at)}};
}

json::object to_json(const control::EnrollmentView& enrollment) {
  return {{"id", enrollment.id},
          {"name", enrollment.name},
          {"group", enrollment.group},
          {"prefix", enrollment.prefix},
          {"pattern", enrollment.pattern},
          {"approval", enrollment.automatic ? "automatic" : "manual"},
          {"quota", enrollment.quota},
          {"used", enrollment.used},
          {"pending", enrollment.pending},
          {"state", enrollment.state},
          {"expiresAt", time(enrollment.expires_at)},
          {"createdAt", time(enrollment.created_at)}};
}

json::object to_json(const control::RegistrationPolicyView& policy) {
  const auto& effective = policy.effective;
  return {{"set", json::object{{"serverKeys", value_or_null(policy.set.server_keys)},
                               {"graceDays", value_or_null(policy.set.grace_days)},
                               {"late", value_or_null(policy.set.late)},
                               {"tokenHours", value_or_null(policy.set.token_hours)},
                               {"edgeCa", value_or_null(policy.set.edge_authorities)}}},
          {"effective", json::object{{"serverKeys", effective.server_keys},
                                     {"graceDays", effective.grace_days},
                                     {"late", effective.late_approval ? "approve" : "refuse"},
                                     {"tokenHours", effective.token_hours},
                                     {"edgeCa", effective.edge_authorities}}}};
}

json::object to_json(const store::RegistrationRequest& request) {
  return {{"id", request.id},
          {"kind", request.kind},
          {"name", request.name},
          {"device", request.device},
          {"address", request.address},
          {"why", request.why},
          {"state", std::string(store::to_string(request.state))},
          {"note", request.note},
          {"decidedBy", request.decided_by},
          {"createdAt", time(request.created_at)},
          {"decidedAt", time(request.decided_at)}};
}

json::object to_json(const store::NodeEvent& event) {
  return {{"number", event.number},  {"at", time(event.at)}, {"name", event.name},
          {"action", event.action},  {"actor", event.actor}, {"detail", event.detail},
          {"subject", event.subject}};
}

json::object to_json(const control::BlastRadius& radius) {
  return {{"scope", radius.scope},
          {"name", radius.name},
          {"nodes", radius.nodes},
          {"registered", radius.registered},
          {"connected", radius.connected},
          {"groups", json::array(radius.groups.begin(), radius.groups.end())},
          {"sample", json::array(radius.sample.begin(), radius.sample.end())},
          {"revoked", radius.revoked},
          {"effects", json::array(radius.effects.begin(), radius.effects.end())},
          {"undo", radius.undo}};
}

json::object to_json(const control::RevocationView& revocation) {
  return {{"scope", revocation.scope},
          {"name", revocation.name},
          {"reason", revocation.reason},
          {"revokedBy", revocation.revoked_by},
          {"revokedAt", time(revocation.revoked_at)}};
}

json::object to_json(const control::MovePlan& plan) {
  json::array updated;
  for (const auto& update : plan.updated) {
    updated.push_back(
        json::object{{"component", update.component}, {"from", update.from}, {"to", update.to}});
  }
  return {{"id", plan.id},
          {"node", plan.node},
          {"from", plan.from},
          {"to", plan.to},
          {"registered", plan.registered},
          {"added", components(plan.added)},
          {"updated", std::move(updated)},
          {"removed", components(plan.removed)},
          {"unchanged", components(plan.unchanged)}};
}

}  // namespace ferry::api
