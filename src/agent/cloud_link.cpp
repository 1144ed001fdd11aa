// SPDX-License-Identifier: Apache-2.0
#include "agent/cloud_link.hpp"

#include <algorithm>

#include "agent/merge_patch.hpp"
#include "agent/sas_token.hpp"
#include "base/crypto.hpp"
#include "base/log.hpp"

namespace ferry::agent {
namespace {

using net::Task;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kLog = "cloud";
// After so many failures in a row of any kind the hub may be another one by now: ask again.
constexpr int kProvisionAfter = 6;
constexpr seconds kReportRetry{60};

net::HttpClientOptions http_options(std::shared_ptr<const net::TlsClientContext> tls) {
  net::HttpClientOptions options;
  options.tls = std::move(tls);
  options.user_agent = "ferry-agent";
  options.idle_connections = 1;
  return options;
}

std::uint16_t random_number() {
  const std::string bytes = random_bytes(2);
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 |
                                    static_cast<unsigned char>(bytes[1]));
}

}  // namespace

milliseconds reconnect_delay(int failures, std::uint16_t random) {
  const int exponent = std::clamp(failures, 0, 6);
  const milliseconds ceiling = std::min(milliseconds(1000 << exponent), milliseconds(60'000));
  return ceiling / 2 + milliseconds(ceiling.count() / 2 * random / 65'535);
}

CloudLink::CloudLink(net::Executor executor, const DataDirectory& directory, Supervisor& supervisor,
                     Methods& methods, const Clock& clock, CloudLinkOptions options)
    : executor_(executor),
      directory_(directory),
      supervisor_(supervisor),
      methods_(methods),
      clock_(clock),
      options_(std::move(options)),
      http_(http_options(options_.tls)),
      woken_(executor),
      identity_mutex_(executor) {}

void CloudLink::report_soon() {
  report_due_ = true;
  woken_.notify();
}

Task<void> CloudLink::run() {
  while (!stopping_) {
    auto lived = co_await live_once();
    session_.reset();
    if (stopping_) co_return;
    if (lived) {
      failures_ = 0;  // the token was renewed in time, or the connection had been of use
      if (was_connected_) continue;
    } else {
      note_failure(lived.error());
    }
    co_await pause(failures_);
  }
}

void CloudLink::note_failure(const Error& error) {
  ++failures_;
  if (failures_ == 1 || failures_ % 10 == 0) {
    log::warning(kLog, "{}; modules run on, trying again", error.describe());
  }
  const bool refused = error.code == Code::unauthenticated || error.code == Code::permission_denied;
  if (refused || failures_ % kProvisionAfter == 0) provision_again_ = true;
}

Task<void> CloudLink::pause(int failures) {
  const auto until = std::chrono::steady_clock::now() + reconnect_delay(failures, random_number());
  while (!stopping_) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) co_return;
    co_await woken_.wait_for(left);
  }
}

// From disk when it is known; else, or after the hub refused this identity, from the provisioning
// service.
Task<Result<Assignment>> CloudLink::assigned() {
  auto guard = co_await identity_mutex_.lock();
  auto kept = directory_.load_assignment();
  if (!kept) log::warning(kLog, "{}", kept.error().describe());
  const bool usable = kept && *kept && !provision_again_;
  if (usable && (*kept)->key_is_set) co_return **kept;
  auto assignment =
      co_await assign(http_, options_.registration, usable ? *kept : std::optional<Assignment>());
  if (assignment) provision_again_ = false;
  co_return assignment;
}

// `kept`: what the provisioning service said before, when it need not be asked. The key is on disk
// before the hub learns it, so that no crash leaves the two apart.
Task<Result<Assignment>> CloudLink::assign(net::HttpClient& http, Registration registration,
                                           std::optional<Assignment> kept) {
  Assignment assignment;
  if (kept) {
    assignment = *std::move(kept);
  } else {
    auto fresh = co_await provision(http, registration);
    if (!fresh) co_return fail(std::move(fresh).error());
    assignment = *std::move(fresh);
    assignment.module_key = random_module_key();
    auto saved = directory_.save(assignment);
    if (!saved) co_return fail(std::move(saved).error());
    log::info(kLog, "assigned to {} as {}", assignment.hub, assignment.device_id);
  }
  auto set = co_await set_module_key(http, assignment);
  if (!set) co_return fail(std::move(set).error());
  assignment.key_is_set = true;
  auto saved = directory_.save(assignment);
  if (!saved) co_return fail(std::move(saved).error());
  co_return assignment;
}

// The session in being goes on meanwhile: the module's key, by which it signed in, is not changed
// before the hub has taken the new certificate.
Task<Result<void>> CloudLink::try_identity(Registration registration,
                                           std::shared_ptr<const net::TlsClientContext> tls) {
  auto guard = co_await identity_mutex_.lock();
  net::HttpClient http(http_options(std::move(tls)));
  auto fresh = co_await provision(http, registration);
  if (!fresh) co_return fail(std::move(fresh).error());
  auto kept = directory_.load_assignment();
  const bool same = kept && *kept && (*kept)->hub == fresh->hub &&
                    (*kept)->device_id == fresh->device_id && (*kept)->key_is_set;
  if (same) {
    auto seen = co_await module_generations(http, *fresh);
    if (!seen) co_return fail(std::move(seen).error());
    co_return Result<void>();
  }
  fresh->module_key = random_module_key();
  auto saved = directory_.save(*fresh);
  if (!saved) co_return saved;
  auto assignment = co_await assign(http, std::move(registration), *std::move(fresh));
  if (!assignment) co_return fail(std::move(assignment).error());
  co_return Result<void>();
}

void CloudLink::use(Registration registration, std::shared_ptr<const net::TlsClientContext> tls) {
  options_.registration = std::move(registration);
  options_.tls = std::move(tls);
  http_ = net::HttpClient(http_options(options_.tls));
  reconnect_ = true;
  woken_.notify();
}

Task<Result<std::shared_ptr<TwinSession>>> CloudLink::connect(Assignment assignment) {
  reconnect_ = false;
  TwinSessionOptions options;
  options.hub_host = assignment.hub_host();
  options.mqtt_port = options_.mqtt_port;
  options.device_id = assignment.device_id;
  options.module_id = kAgentModule;
  options.tls = options_.tls;
  auto token = sign_sas_token(
      fmt::format("{}/devices/{}/modules/{}", options.hub_host, options.device_id, kAgentModule),
      assignment.module_key, clock_.now() + options_.token_lifetime);
  if (!token) co_return fail(std::move(token).error());
  options.password = *std::move(token);
  TwinEvents events;
  events.on_desired = [this](json::object patch, std::int64_t version) {
    on_desired(patch, version);
  };
  events.on_method = [this](std::string name, std::string payload) {
    return methods_.call(std::move(name), std::move(payload));
  };
  events.on_closed = [this] { woken_.notify(); };
  co_return co_await TwinSession::open(executor_, std::move(options), std::move(events));
}

Task<Result<void>> CloudLink::live_once() {
  was_connected_ = false;
  auto assignment = co_await assigned();
  if (!assignment) co_return fail(std::move(assignment).error());
  if (stopping_) co_return Result<void>();
  supervisor_.set_device(assignment->hub_host(), assignment->device_id);
  auto session = co_await connect(*assignment);
  if (!session) co_return fail(std::move(session).error());
  session_ = *session;
  log::info(kLog, "connected to {} as {}/{}", assignment->hub_host(), assignment->device_id,
            kAgentModule);
  auto generations = co_await module_generations(http_, *assignment);
  if (generations) supervisor_.set_generation_ids(*std::move(generations));
  auto served = co_await serve(*session);
  co_await (*session)->close();
  co_return served;
}

// Until the connection ends, or its token is about to.
Task<Result<void>> CloudLink::serve(std::shared_ptr<TwinSession> session) {
  auto first = co_await refresh(session);
  if (!first) co_return fail(std::move(first).error());
  was_connected_ = true;
  failures_ = 0;
  report_due_ = true;
  const auto now = std::chrono::steady_clock::now();
  // Renewed at 75 to 90 per cent of its life, so that a fleet does not come back all at once.
  const auto renew_at = now + options_.token_lifetime * 3 / 4 +
                        options_.token_lifetime * random_number() / (65'535 * 7);
  auto refresh_at = now + options_.refresh_interval;
  while (session->is_open() && !stopping_) {
    const auto at = std::chrono::steady_clock::now();
    if (at >= renew_at || reconnect_) co_return Result<void>();
    if (needs_refresh_ || at >= refresh_at) {
      auto refreshed = co_await refresh(session);
      if (!refreshed) co_return fail(std::move(refreshed).error());
      refresh_at = std::chrono::steady_clock::now() + options_.refresh_interval;
      continue;
    }
    if (report_due_) {
      co_await report(session);
      continue;
    }
    auto wake_at = std::min(renew_at, refresh_at);
    if (report_again_after_error_) wake_at = std::min(wake_at, at + kReportRetry);
    const auto left = std::chrono::duration_cast<milliseconds>(wake_at - at) + milliseconds(1);
    const bool woken = co_await woken_.wait_for(left);
    // What the hub holds after a failed report is uncertain: it is read before the next difference.
    if (!woken && report_again_after_error_) needs_refresh_ = true;
  }
  if (stopping_) co_return Result<void>();
  co_return fail(Code::unavailable, "the connection to the hub was lost");
}

Task<Result<void>> CloudLink::refresh(std::shared_ptr<TwinSession> session) {
  needs_refresh_ = false;
  auto twin = co_await session->get_twin();
  if (!twin) co_return fail(std::move(twin).error());
  const json::object* reported = find_object(*twin, "reported");
  reported_ = reported ? without_system_members(*reported) : json::object();
  const json::object* desired = find_object(*twin, "desired");
  const auto outcome = desired_.replace(desired ? *desired : json::object());
  if (outcome == DesiredProperties::Outcome::changed) supervisor_.offer(desired_.document());
  report_due_ = true;
  co_return Result<void>();
}

void CloudLink::on_desired(const json::object& patch, std::int64_t version) {
  const auto outcome =
      version < 0 ? DesiredProperties::Outcome::out_of_step : desired_.patch(patch, version);
  if (outcome == DesiredProperties::Outcome::changed) supervisor_.offer(desired_.document());
  if (outcome == DesiredProperties::Outcome::out_of_step) {
    needs_refresh_ = true;
    woken_.notify();
  }
}

Task<void> CloudLink::report(std::shared_ptr<TwinSession> session) {
  report_due_ = false;
  report_again_after_error_ = false;
  json::object wanted = supervisor_.report();
  auto patch = merge_patch(reported_, wanted);
  if (!patch) co_return;
  auto sent = co_await session->patch_reported(*std::move(patch));
  if (sent) {
    reported_ = std::move(wanted);
    co_return;
  }
  log::error(kLog, "{}", sent.error().describe());
  report_again_after_error_ = true;
}

Task<void> CloudLink::stop() {
  const std::shared_ptr<TwinSession> session = session_;
  if (session && session->is_open() && was_connected_) {
    const auto patch = merge_patch(reported_, supervisor_.report());
    if (patch) {
      // The reply is not needed for long: the program ends either way.
      auto sent = co_await session->patch_reported(*patch);
      if (!sent) log::warning(kLog, "{}", sent.error().describe());
    }
  }
  stopping_ = true;
  woken_.notify();
  if (session) co_await session->close();
}

}  // namespace ferry::agent
