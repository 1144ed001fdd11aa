// SPDX-License-Identifier: Apache-2.0
#include "control/registration/enrollments.hpp"

#include "control/lookup.hpp"
#include "control/registration/enrolling.hpp"
#include "control/registration/node_tokens.hpp"
#include "control/trail.hpp"
#include "fleet/name_pattern.hpp"
#include "fleet/names.hpp"

namespace ferry::control {
namespace {

using store::RegistrationRequest;
using store::RequestState;

constexpr std::int64_t kLargestQuota = 1'000'000;
constexpr std::chrono::hours kLongestLife{24 * 366};
constexpr std::size_t kLongestNote = 500;

Result<void> check_order(const NewEnrollment& order) {
  auto name = fleet::check_label("enrollment name", order.name, 63);
  if (!name) return name;
  if (order.quota < 1 || order.quota > kLargestQuota) {
    return fail(Code::invalid_argument, "'quota' must be 1 to {}", kLargestQuota);
  }
  if (order.life < std::chrono::hours(1) || order.life > kLongestLife) {
    return fail(Code::invalid_argument, "an enrollment lives 1 to {} hours", kLongestLife.count());
  }
  return fleet::check_name_pattern(order.pattern);
}

std::string state_of(const store::Enrollment& enrollment, Timestamp now) {
  if (enrollment.revoked_at) return "revoked";
  if (enrollment.expires_at <= now) return "expired";
  return enrollment.used >= enrollment.quota ? "used up" : "active";
}

Result<store::Enrollment> find(const Context& context, const fleet::Workspace& workspace,
                               const std::string& name) {
  auto enrollment = context.store.enrollments.find_named(workspace.id, name);
  if (!enrollment) return fail(std::move(enrollment).error());
  if (!*enrollment) {
    return fail(
        Error{Code::not_found,
              fmt::format("there is no enrollment '{}' in workspace '{}'", name, workspace.name),
              "ferry enrollment list shows them"});
  }
  return **std::move(enrollment);
}

Result<void> note_enrollment(Context& context, const store::Enrollment& enrollment,
                             std::string action, const std::string& actor, std::string detail) {
  return context.store.node_events.insert({.workspace = enrollment.workspace,
                                           .subject = enrollment.id,
                                           .name = enrollment.name,
                                           .action = std::move(action),
                                           .actor = actor,
                                           .detail = std::move(detail),
                                           .at = context.clock.now()});
}

}  // namespace

Result<EnrollmentView> Enrollments::view_of(const store::Enrollment& enrollment) const {
  auto group = load_group(context_, enrollment.group);
  if (!group) return fail(std::move(group).error());
  auto pending = context_.store.enrollments.count_pending(enrollment.id);
  if (!pending) return fail(std::move(pending).error());
  return EnrollmentView{enrollment.id,
                        enrollment.name,
                        group->name,
                        enrollment.prefix,
                        enrollment.pattern,
                        enrollment.automatic,
                        enrollment.quota,
                        enrollment.used,
                        *pending,
                        state_of(enrollment, context_.clock.now()),
                        enrollment.expires_at,
                        enrollment.created_at};
}

Result<EnrollmentTicket> Enrollments::create(const fleet::OrganizationId& organization,
                                             const std::string& workspace_name,
                                             const NewEnrollment& order, const std::string& actor) {
  auto good = check_order(order);
  if (!good) return fail(std::move(good).error());
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto group = find_ready_group(context_, *workspace, order.group);
  if (!group) return fail(std::move(group).error());
  const Secret token = make_enrollment_token();
  const Timestamp now = context_.clock.now();
  store::Enrollment enrollment;
  enrollment.id = random_id("enr");
  enrollment.workspace = workspace->id;
  enrollment.group = group->id;
  enrollment.name = order.name;
  enrollment.hash = hash_token(token);
  enrollment.prefix = token_prefix(token);
  enrollment.pattern = order.pattern;
  enrollment.automatic = order.automatic;
  enrollment.quota = order.quota;
  enrollment.expires_at = now + order.life;
  enrollment.created_at = now;
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto inserted = context_.store.enrollments.insert(enrollment);
  if (!inserted && inserted.error().code == Code::conflict) {
    return fail(Error{
        Code::conflict,
        fmt::format("workspace '{}' has an enrollment '{}' already", workspace->name, order.name),
        "choose another name"});
  }
  if (!inserted) return fail(std::move(inserted).error());
  auto noted =
      note_enrollment(context_, enrollment, "enrollment.created", actor,
                      fmt::format("{} nodes of {}, '{}', {}", order.quota, group->name,
                                  order.pattern, order.automatic ? "automatic" : "with approval"));
  if (!noted) return fail(std::move(noted).error());
  auto view = view_of(enrollment);
  if (!view) return fail(std::move(view).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return EnrollmentTicket{*std::move(view), token};
}

Result<std::vector<EnrollmentView>> Enrollments::list(const fleet::OrganizationId& organization,
                                                      const std::string& workspace_name,
                                                      const std::string& after, int limit) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto enrollments = context_.store.enrollments.list(workspace->id, after, limit);
  if (!enrollments) return fail(std::move(enrollments).error());
  std::vector<EnrollmentView> views;
  for (const auto& enrollment : *enrollments) {
    auto view = view_of(enrollment);
    if (!view) return fail(std::move(view).error());
    views.push_back(*std::move(view));
  }
  return views;
}

Result<EnrollmentView> Enrollments::get(const fleet::OrganizationId& organization,
                                        const std::string& workspace_name,
                                        const std::string& name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto enrollment = find(context_, *workspace, name);
  if (!enrollment) return fail(std::move(enrollment).error());
  return view_of(*enrollment);
}

Result<EnrollmentView> Enrollments::revoke(const fleet::OrganizationId& organization,
                                           const std::string& workspace_name,
                                           const std::string& name, const std::string& actor) {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto enrollment = find(context_, *workspace, name);
  if (!enrollment) return fail(std::move(enrollment).error());
  if (!enrollment->revoked_at) {
    enrollment->revoked_at = context_.clock.now();
    auto revoked = context_.store.enrollments.revoke(enrollment->id, *enrollment->revoked_at);
    if (!revoked) return fail(std::move(revoked).error());
    auto noted = note_enrollment(context_, *enrollment, "enrollment.revoked", actor,
                                 fmt::format("{} nodes were made", enrollment->used));
    if (!noted) return fail(std::move(noted).error());
  }
  auto view = view_of(*enrollment);
  if (!view) return view;
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return view;
}

Result<std::vector<RegistrationRequest>> Enrollments::requests(
    const fleet::OrganizationId& organization, const std::string& workspace_name,
    RequestState state, const std::string& after, int limit) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  return context_.store.enrollments.list_requests(workspace->id, state, after, limit);
}

Result<void> Enrollments::carry_out(RegistrationRequest& request, bool approve,
                                    const std::string& actor) {
  const bool enrols = request.kind == "enrollment";
  if (enrols && request.node) {
    return fail(Error{Code::conflict, fmt::format("'{}' is a node already", request.name),
                      "ferry node revoke shuts it out"});
  }
  if (enrols && approve) {
    auto enrollment = context_.store.enrollments.find(*request.enrollment);
    if (!enrollment) return fail(std::move(enrollment).error());
    if (!*enrollment) return fail(Code::internal, "enrollment {} is gone", *request.enrollment);
    auto node = make_enrolled_node(context_, **enrollment, request, actor);
    if (!node) return fail(std::move(node).error());
    return {};
  }
  request.state = approve ? RequestState::approved : RequestState::rejected;
  request.decided_by = actor;
  request.decided_at = context_.clock.now();
  return {};
}

Result<RegistrationRequest> Enrollments::decide(const fleet::OrganizationId& organization,
                                                const std::string& workspace_name,
                                                const std::string& request_id, bool approve,
                                                const std::string& text, const std::string& actor) {
  if (text.size() > kLongestNote) {
    return fail(Code::invalid_argument, "the note is longer than {} bytes", kLongestNote);
  }
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto found = context_.store.enrollments.find_request(request_id);
  if (!found) return fail(std::move(found).error());
  if (!*found || (*found)->workspace != workspace->id) {
    return fail(Error{Code::not_found, fmt::format("there is no request '{}'", request_id),
                      "ferry enrollment requests shows them"});
  }
  auto request = **std::move(found);
  auto done = carry_out(request, approve, actor);
  if (!done) return fail(std::move(done).error());
  request.note = text;
  auto updated = context_.store.enrollments.update_request(request);
  if (!updated) return fail(std::move(updated).error());
  auto noted = context_.store.node_events.insert(
      {.workspace = workspace->id,
       .subject = request.node.value_or(request.id),
       .name = request.name,
       .action = approve ? "request.approved" : "request.rejected",
       .actor = actor,
       .detail = text,
       .at = context_.clock.now()});
  if (!noted) return fail(std::move(noted).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return request;
}

}  // namespace ferry::control
