// SPDX-License-Identifier: Apache-2.0
// Enrollment tokens, what waits for a person, and how devices may register and come back.
#include "api/errors.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"

namespace ferry::api {
namespace {

Result<control::NewEnrollment> read_order(const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  control::NewEnrollment order;
  auto name = require_string(*body, "name");
  if (!name) return fail(std::move(name).error());
  order.name = *std::move(name);
  auto group = require_string(*body, "group");
  if (!group) return fail(std::move(group).error());
  order.group = *std::move(group);
  auto quota = require_int(*body, "quota");
  if (!quota) return fail(std::move(quota).error());
  order.quota = *quota;
  order.pattern = string_or(*body, "pattern", order.pattern);
  const std::string approval = string_or(*body, "approval", "manual");
  if (approval != "manual" && approval != "automatic") {
    return fail(Code::invalid_argument, "'approval' must be manual or automatic");
  }
  order.automatic = approval == "automatic";
  order.life = std::chrono::hours(int_or(*body, "hours", order.life.count()));
  return order;
}

Answer create(control::Control& control, const Call& call) {
  auto order = read_order(call);
  if (!order) return fail(std::move(order).error());
  auto ticket = control.enrollments.create(call.organization(), call.at("workspace"), *order,
                                           call.caller.user);
  if (!ticket) return fail(std::move(ticket).error());
  json::object answer = to_json(ticket->enrollment);
  answer["token"] = ticket->token.reveal();
  return json_response(201, answer);
}

Answer list(control::Control& control, const Call& call) {
  auto page = page_of(call);
  if (!page) return fail(std::move(page).error());
  auto enrollments = control.enrollments.list(call.organization(), call.at("workspace"),
                                              page->after, page->limit + 1);
  if (!enrollments) return fail(std::move(enrollments).error());
  return json_response(200, paged(*enrollments, *page,
                                  [](const control::EnrollmentView& last) { return last.name; }));
}

Answer get(control::Control& control, const Call& call) {
  auto enrollment =
      control.enrollments.get(call.organization(), call.at("workspace"), call.at("enrollment"));
  if (!enrollment) return fail(std::move(enrollment).error());
  return json_response(200, to_json(*enrollment));
}

Answer revoke(control::Control& control, const Call& call) {
  auto enrollment = control.enrollments.revoke(call.organization(), call.at("workspace"),
                                               call.at("enrollment"), call.caller.user);
  if (!enrollment) return fail(std::move(enrollment).error());
  return json_response(200, to_json(*enrollment));
}

Answer requests(control::Control& control, const Call& call) {
  auto state = store::parse_request_state(call.request.query_value("state").value_or("pending"));
  if (!state) return fail(std::move(state).error());
  auto page = page_of(call);
  if (!page) return fail(std::move(page).error());
  auto found = control.enrollments.requests(call.organization(), call.at("workspace"), *state,
                                            page->after, page->limit + 1);
  if (!found) return fail(std::move(found).error());
  return json_response(
      200, paged(*found, *page, [](const store::RegistrationRequest& last) { return last.id; }));
}

Answer decide(control::Control& control, const Call& call, bool approve) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  auto request =
      control.enrollments.decide(call.organization(), call.at("workspace"), call.at("request"),
                                 approve, string_or(*body, "note", ""), call.caller.user);
  if (!request) return fail(std::move(request).error());
  return json_response(200, to_json(*request));
}

Answer approve(control::Control& control, const Call& call) {
  return decide(control, call, true);
}

Answer reject(control::Control& control, const Call& call) {
  return decide(control, call, false);
}

// Absent: leave it; null: as the level above; else the value.
template <class T, class Read>
Result<void> read_member(const json::object& body, std::string_view name,
                         std::optional<std::optional<T>>& member, Read read) {
  const auto* value = body.if_contains(name);
  if (!value) return {};
  member.emplace();
  if (value->is_null()) return {};
  auto content = read(body, name);
  if (!content) return fail(Code::invalid_argument, "'{}' has the wrong type", name);
  member = *content;
  return {};
}

Result<control::RegistrationPolicyChange> read_change(const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  control::RegistrationPolicyChange change;
  auto keys = read_member(*body, "serverKeys", change.server_keys, optional_bool);
  if (!keys) return fail(std::move(keys).error());
  auto grace = read_member(*body, "graceDays", change.grace_days, optional_int);
  if (!grace) return fail(std::move(grace).error());
  auto late = read_member(*body, "late", change.late, optional_string);
  if (!late) return fail(std::move(late).error());
  auto hours = read_member(*body, "tokenHours", change.token_hours, optional_int);
  if (!hours) return fail(std::move(hours).error());
  auto edge = read_member(*body, "edgeCa", change.edge_authorities, optional_bool);
  if (!edge) return fail(std::move(edge).error());
  return change;
}

Answer show_policy(control::Control& control, const Call& call, const std::string& group) {
  auto policy = control.policies.get(call.organization(), call.at("workspace"), group);
  if (!policy) return fail(std::move(policy).error());
  return json_response(200, to_json(*policy));
}

Answer change_policy(control::Control& control, const Call& call, const std::string& group) {
  auto change = read_change(call);
  if (!change) return fail(std::move(change).error());
  auto policy = control.policies.change(call.organization(), call.at("workspace"), group, *change,
                                        call.caller.user);
  if (!policy) return fail(std::move(policy).error());
  return json_response(200, to_json(*policy));
}

Answer workspace_policy(control::Control& control, const Call& call) {
  return show_policy(control, call, "");
}
Answer group_policy(control::Control& control, const Call& call) {
  return show_policy(control, call, call.at("group"));
}
Answer change_workspace_policy(control::Control& control, const Call& call) {
  return change_policy(control, call, "");
}
Answer change_group_policy(control::Control& control, const Call& call) {
  return change_policy(control, call, call.at("group"));
}

}  // namespace

void add_enrollment_routes(Routes& routes) {
  using fleet::Role;
  const auto at = [](std::string_view rest) {
    return fmt::format("/workspaces/{{workspace}}/{}", rest);
  };
  routes.add("POST", at("enrollments"), Role::operator_, create);
  routes.add("GET", at("enrollments"), Role::viewer, list);
  routes.add("GET", at("enrollments/{enrollment}"), Role::viewer, get);
  routes.add("DELETE", at("enrollments/{enrollment}"), Role::operator_, revoke);
  routes.add("GET", at("registration-requests"), Role::viewer, requests);
  routes.add("POST", at("registration-requests/{request}/approve"), Role::operator_, approve);
  routes.add("POST", at("registration-requests/{request}/reject"), Role::operator_, reject);
  routes.add("GET", at("registration-policy"), Role::viewer, workspace_policy);
  routes.add("PATCH", at("registration-policy"), Role::owner, change_workspace_policy);
  routes.add("GET", at("groups/{group}/registration-policy"), Role::viewer, group_policy);
  routes.add("PATCH", at("groups/{group}/registration-policy"), Role::owner, change_group_policy);
}

}  // namespace ferry::api
