// SPDX-License-Identifier: Apache-2.0
#include "control/registration/enrolling.hpp"

#include <algorithm>

#include "control/lookup.hpp"
#include "control/registration/node_tokens.hpp"
#include "control/trail.hpp"
#include "fleet/azure_names.hpp"
#include "fleet/name_pattern.hpp"
#include "fleet/names.hpp"

namespace ferry::control {
namespace {

using store::RequestState;

constexpr std::size_t kLongestHardwareId = 128;
constexpr std::int64_t kPendingBeyondQuota = 100;
constexpr int kNumbersTried = 10'000;
// From its login until it has its certificate; a repeated login begins anew.
constexpr std::chrono::hours kEnrolledTokenLife{24};

Result<void> check_hardware_id(const std::string& id) {
  const bool printable =
      std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (printable && id.size() <= kLongestHardwareId) return {};
  return fail(Code::invalid_argument,
              "'hardware_id' must be up to {} printable ASCII characters without blanks",
              kLongestHardwareId);
}

// What tells this device from others that come with the same token.
Result<std::string> device_of(const store::Enrollment& enrollment, const LoginRequest& request) {
  if (request.hardware_id && !request.hardware_id->empty()) {
    auto good = check_hardware_id(*request.hardware_id);
    if (!good) return fail(std::move(good).error());
    return "hardware " + *request.hardware_id;
  }
  if (fleet::names_by_itself(enrollment.pattern)) {
    return fail(Code::invalid_argument,
                "'hardware_id' is missing: it tells this device from others");
  }
  if (!request.name || request.name->empty()) {
    return fail(Code::invalid_argument, "'name' is missing: what this node shall be called");
  }
  return "name " + *request.name;
}

Result<std::string> wanted_name(const store::Enrollment& enrollment, const LoginRequest& request) {
  if (fleet::counts(enrollment.pattern)) return enrollment.pattern;  // its number comes last
  std::string name;
  if (fleet::needs_hardware_id(enrollment.pattern)) {
    name = fleet::fill_pattern(enrollment.pattern, request.hardware_id.value_or(""), 0);
  } else {
    if (!request.name || request.name->empty()) {
      return fail(Code::invalid_argument, "'name' is missing: what this node shall be called");
    }
    name = *request.name;
    if (!fleet::matches_pattern(enrollment.pattern, name)) {
      return fail(Code::invalid_argument, "the name must be like '{}'", enrollment.pattern);
    }
  }
  auto good = fleet::check_node_name(name);
  if (!good) return fail(std::move(good).error());
  return name;
}

Error name_is_taken(const std::string& name) {
  return Error{Code::conflict, fmt::format("'{}' is another device's name", name),
               "choose another name; for new hardware in its place: ferry node replace"};
}

Error quota_is_used_up(const store::Enrollment& enrollment) {
  return Error{Code::permission_denied,
               fmt::format("the enrollment has made all {} nodes that it may", enrollment.quota),
               "ferry enrollment create makes another one"};
}

std::string hardware_in(const store::RegistrationRequest& request) {
  constexpr std::string_view kPrefix = "hardware ";
  return request.device.starts_with(kPrefix) ? request.device.substr(kPrefix.size()) : "";
}

// The lowest number from the enrollment's count on whose name is free.
Result<std::string> numbered_name(const Context& context, const store::Enrollment& enrollment,
                                  const std::string& hardware) {
  for (int tried = 0; tried < kNumbersTried; ++tried) {
    auto name = fleet::fill_pattern(enrollment.pattern, hardware, enrollment.used + 1 + tried);
    auto existing = context.store.nodes.find_named(enrollment.workspace, name);
    if (!existing) return fail(std::move(existing).error());
    if (!*existing) return name;
  }
  return fail(Code::conflict, "no free number for '{}'", enrollment.pattern);
}

Result<store::RegistrationRequest> new_request(Context& context,
                                               const store::Enrollment& enrollment,
                                               const LoginRequest& login,
                                               const std::string& device) {
  auto name = wanted_name(enrollment, login);
  if (!name) return fail(std::move(name).error());
  auto existing = context.store.nodes.find_named(enrollment.workspace, *name);
  if (!existing) return fail(std::move(existing).error());
  if (*existing) return fail(name_is_taken(*name));
  if (!fleet::counts(enrollment.pattern)) {
    auto rival = context.store.enrollments.find_asking(enrollment.id, *name);
    if (!rival) return fail(std::move(rival).error());
    if (*rival) return fail(name_is_taken(*name));
  }
  if (enrollment.used >= enrollment.quota) return fail(quota_is_used_up(enrollment));
  auto pending = context.store.enrollments.count_pending(enrollment.id);
  if (!pending) return fail(std::move(pending).error());
  if (*pending >= enrollment.quota - enrollment.used + kPendingBeyondQuota) {
    return fail(Error{Code::resource_exhausted, "too many requests wait for a decision already",
                      "ferry enrollment requests shows them"});
  }
  store::RegistrationRequest request;
  request.id = random_id("req");
  request.workspace = enrollment.workspace;
  request.kind = "enrollment";
  request.enrollment = enrollment.id;
  request.name = *std::move(name);
  request.device = device;
  request.address = login.address;
  request.why = fmt::format("enrollment '{}'", enrollment.name);
  request.created_at = context.clock.now();
  auto inserted = context.store.enrollments.insert_request(request);
  if (!inserted) return fail(std::move(inserted).error());
  return request;
}

// A one-time token for the node; an open one is kept, so that a login cannot end another's session
// while both are the same device that lost power.
Result<std::string> token_for(Context& context, const fleet::Node& node) {
  auto token = context.store.nodes.find_token_of(node.id);
  if (!token) return fail(std::move(token).error());
  if (*token) return (*token)->hash;
  const Secret fresh = make_node_token();
  const Timestamp now = context.clock.now();
  auto kept = context.store.nodes.put_token({.node = node.id,
                                             .hash = hash_token(fresh),
                                             .expires_at = now + kEnrolledTokenLife,
                                             .used_at = {},
                                             .prefix = "enrollment",
                                             .created_at = now});
  if (!kept) return fail(std::move(kept).error());
  return hash_token(fresh);
}

Result<Admission> admitted(Context& context, const fleet::Node& node) {
  auto good = check_admitted(context, node);
  if (!good) return fail(std::move(good).error());
  auto token = token_for(context, node);
  if (!token) return fail(std::move(token).error());
  return Admission(EnrolledNode{node, *std::move(token)});
}

Result<Admission> answer_request(Context& context, const store::Enrollment& enrollment,
                                 store::RegistrationRequest request) {
  if (request.state == RequestState::pending && enrollment.automatic) {
    auto node = make_enrolled_node(context, enrollment, request,
                                   fmt::format("enrollment {}", enrollment.name));
    if (!node) return fail(std::move(node).error());
    return admitted(context, *node);
  }
  if (request.state == RequestState::pending) return Admission(AwaitedApproval{request.id});
  if (request.state == RequestState::rejected) {
    return fail(Code::permission_denied, "the request of '{}' was rejected: {}", request.name,
                request.note.empty() ? "no reason given" : request.note);
  }
  if (!request.node) {
    return fail(Error{Code::permission_denied,
                      fmt::format("the node that this device had, '{}', was deleted", request.name),
                      fmt::format("ferry enrollment approve {} lets it in again", request.id)});
  }
  auto node = context.store.nodes.find(fleet::NodeId(*request.node));
  if (!node) return fail(std::move(node).error());
  if (!*node) return fail(Code::internal, "the node of request {} is not there", request.id);
  return admitted(context, **node);
}

}  // namespace

Result<fleet::Node> make_enrolled_node(Context& context, const store::Enrollment& enrollment,
                                       store::RegistrationRequest& request,
                                       const std::string& actor) {
  auto taken = context.store.enrollments.take(enrollment.id);
  if (!taken) return fail(std::move(taken).error());
  if (!*taken) return fail(quota_is_used_up(enrollment));
  if (fleet::counts(request.name)) {
    auto name = numbered_name(context, enrollment, hardware_in(request));
    if (!name) return fail(std::move(name).error());
    request.name = *std::move(name);
  }
  const Timestamp now = context.clock.now();
  fleet::Node node;
  node.id = fleet::NodeId(random_id("node"));
  node.workspace = enrollment.workspace;
  node.group = enrollment.group;
  node.name = request.name;
  node.registration_id = fleet::registration_id(node.name, node.id);
  node.created_at = now;
  node.hardware = hardware_in(request);
  auto inserted = context.store.nodes.insert(node);
  if (!inserted && inserted.error().code == Code::conflict) return fail(name_is_taken(node.name));
  if (!inserted) return fail(std::move(inserted).error());
  request.node = node.id.str();
  request.state = RequestState::approved;
  request.decided_by = actor;
  request.decided_at = now;
  auto updated = context.store.enrollments.update_request(request);
  if (!updated) return fail(std::move(updated).error());
  auto noted = note(context, node, "node.created", actor,
                    fmt::format("by enrollment '{}'", enrollment.name));
  if (!noted) return fail(std::move(noted).error());
  return node;
}

Result<Admission> enrol(Context& context, const std::string& token_hash,
                        const LoginRequest& login) {
  auto enrollment = context.store.enrollments.find_by_hash(token_hash);
  if (!enrollment) return fail(std::move(enrollment).error());
  if (!*enrollment || !constant_time_equal((*enrollment)->hash, token_hash) ||
      (*enrollment)->revoked_at || (*enrollment)->expires_at <= context.clock.now()) {
    return Admission(std::monostate());
  }
  auto device = device_of(**enrollment, login);
  if (!device) return fail(std::move(device).error());
  auto known = context.store.enrollments.find_enrolling((*enrollment)->id, *device);
  if (!known) return fail(std::move(known).error());
  if (*known) return answer_request(context, **enrollment, **std::move(known));
  auto request = new_request(context, **enrollment, login, *device);
  if (!request) return fail(std::move(request).error());
  return answer_request(context, **enrollment, *std::move(request));
}

}  // namespace ferry::control
