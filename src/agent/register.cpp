// SPDX-License-Identifier: Apache-2.0
#include "agent/register.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace ferry::agent {
namespace {

using net::Task;
using std::chrono::seconds;

constexpr seconds kRetryWhileWaiting{30};

Result<x509::PrivateKey> key_of(const DataDirectory& directory) {
  auto stored = directory.load_key();
  if (!stored) return fail(std::move(stored).error());
  if (*stored) {
    auto key = x509::PrivateKey::from_pem(**stored);
    if (!key) return fail(std::move(key).error().with("read the device's key"));
    return key;
  }
  auto settings = load_or_make_settings(directory);
  if (!settings) return fail(std::move(settings).error());
  auto key = make_key(*settings);
  if (!key) return key;
  if (auto saved = directory.save_key(key->to_pem()); !saved) {
    return fail(std::move(saved).error().with("keep the device's key"));
  }
  return key;
}

bool may_pass(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::resource_exhausted ||
         error.code == Code::deadline_exceeded;
}

class Exchange {
 public:
  Exchange(const DataDirectory& directory, FerryServer server, const RegisterOptions& options)
      : directory_(directory), server_(std::move(server)), options_(options) {}

  Task<Result<InstallerSession>> log_in() {
    auto pending = directory_.load_pending();
    if (!pending) co_return fail(std::move(pending).error());
    const bool goes_on = *pending && (*pending)->server == server_.url();
    PendingRegistration request;
    if (goes_on) {
      request = **std::move(pending);
    } else {
      auto token = options_.token();
      if (!token) co_return fail(std::move(token).error());
      request = {server_.url(), *std::move(token), options_.name, options_.hardware_id};
    }
    auto session = co_await repeat_until_approved(std::move(request), goes_on);
    if (!session) co_return session;
    auto saved = directory_.save(*session);
    if (!saved) co_return fail(std::move(saved).error());
    co_return session;
  }

  Task<Result<Registration>> get_certificate(InstallerSession session, x509::PrivateKey key) {
    auto csr = certificate_request(key, session.registration_id);
    if (!csr) co_return fail(std::move(csr).error());
    options_.progress("ask for this device's certificate");
    auto registration = co_await server_.get_certificate(std::move(session), *std::move(csr));
    if (!registration) co_return registration;
    auto checked = check_identity(*registration, key);
    if (!checked) co_return fail(std::move(checked).error());
    co_return registration;
  }

 private:
  // `waiting`: the server is known to have the request.
  Task<Result<InstallerSession>> repeat_until_approved(PendingRegistration request, bool waiting) {
    while (true) {
      options_.progress("log in with the token");
      auto answer = co_await server_.log_in(request);
      seconds pause = kRetryWhileWaiting;
      if (!answer) {
        if (!waiting || !options_.wait || !may_pass(answer.error())) {
          co_return fail(explain(std::move(answer).error()));
        }
        options_.progress(
            fmt::format("{}; tried again in {} s", answer.error().describe(), pause.count()));
      } else if (auto* session = std::get_if<InstallerSession>(&*answer)) {
        co_return std::move(*session);
      } else {
        if (!waiting) {
          auto saved = directory_.save(request);
          if (!saved) co_return fail(std::move(saved).error());
          waiting = true;
        }
        const auto& awaits = std::get<AwaitsApproval>(*answer);
        const std::string what =
            fmt::format("waits until somebody approves request {} at Ferry", awaits.request_id);
        if (!options_.wait) {
          co_return fail(Error{Code::unavailable, "this device " + what}.advise(
              "the same command goes on; it needs no token any more"));
        }
        pause = awaits.retry_after;
        options_.progress(fmt::format("{}; asked again in {} s", what, pause.count()));
      }
      co_await net::sleep_for(pause);
    }
  }

  // A request that was refused is not repeated with the same token by itself.
  Error explain(Error error) {
    error = std::move(error).with("log in with the node's token");
    if (may_pass(error)) return error;
    if (auto forgotten = directory_.forget_session(); !forgotten) return forgotten.error();
    if (error.code == Code::unauthenticated && error.hint.empty()) {
      error.hint = "ask for a new token (ferry node token create NAME); this device's key is kept";
    }
    return error;
  }

  const DataDirectory& directory_;
  FerryServer server_;
  const RegisterOptions& options_;
};

}  // namespace

Result<std::optional<Registration>> existing_registration(const DataDirectory& directory) {
  auto identity = identity_in_use(directory);
  if (!identity) return fail(std::move(identity).error());
  if (!*identity) return std::nullopt;
  return std::move((*identity)->registration);
}

Task<Result<RegisterOutcome>> register_device(const DataDirectory& directory, net::HttpClient& http,
                                              RegisterOptions options) {
  auto existing = existing_registration(directory);
  if (!existing) co_return fail(std::move(existing).error());
  if (*existing) {
    // What a loss of power right after the registration left behind.
    auto forgotten = directory.forget_session();
    if (!forgotten) co_return fail(std::move(forgotten).error());
    co_return RegisterOutcome{**std::move(existing), true};
  }
  auto server = FerryServer::at(http, options.server);
  if (!server) co_return fail(std::move(server).error());
  auto key = key_of(directory);
  if (!key) co_return fail(std::move(key).error());
  Exchange exchange(directory, *server, options);

  // A session left by a run that was cut short may still be good, also when its token is used up.
  auto open_session = directory.load_session();
  std::optional<Registration> registration;
  if (open_session && *open_session) {
    auto resumed = co_await exchange.get_certificate(**open_session, *key);
    if (resumed) registration = *std::move(resumed);
    // Without an answer the session may be good yet: keep it for the next run.
    if (!resumed && may_pass(resumed.error())) co_return fail(std::move(resumed).error());
  }
  if (!registration) {
    auto session = co_await exchange.log_in();
    if (!session) co_return fail(std::move(session).error());
    auto issued = co_await exchange.get_certificate(*session, *key);
    if (!issued) co_return fail(std::move(issued).error());
    registration = *std::move(issued);
  }
  auto saved = directory.save(*registration);
  if (!saved) co_return fail(std::move(saved).error());
  auto forgotten = directory.forget_session();
  if (!forgotten) co_return fail(std::move(forgotten).error());
  co_return RegisterOutcome{*std::move(registration), false};
}

Result<std::string> offline_request(const DataDirectory& directory,
                                    std::string_view registration_id) {
  auto key = key_of(directory);
  if (!key) return fail(std::move(key).error());
  return certificate_request(*key, registration_id);
}

Result<RegisterOutcome> accept_offline_answer(const DataDirectory& directory,
                                              const json::object& answer) {
  auto server = require_string(answer, "server");
  if (!server) return fail(std::move(server).error().with("read the answer"));
  auto id = require_string(answer, "registration_id");
  if (!id) return fail(std::move(id).error().with("read the answer"));
  auto registration = read_registration(answer, *std::move(server), *std::move(id));
  if (!registration) return fail(std::move(registration).error());
  auto existing = existing_registration(directory);
  if (!existing) return fail(std::move(existing).error());
  if (*existing) {
    const bool same = (*existing)->registration_id == registration->registration_id;
    if (!same) {
      return fail(Error{Code::conflict, fmt::format("this device is registered already, as {}",
                                                    (*existing)->registration_id)}
                      .advise("ferry-agent uninstall takes that away"));
    }
    return RegisterOutcome{**std::move(existing), true};
  }
  auto key = key_of(directory);
  if (!key) return fail(std::move(key).error());
  if (auto checked = check_identity(*registration, *key); !checked) {
    return fail(std::move(checked).error().advise("the answer is for another device's request"));
  }
  if (auto saved = directory.save(*registration); !saved) return fail(std::move(saved).error());
  return RegisterOutcome{*std::move(registration), false};
}

std::string default_hardware_id() {
  const auto machine = read_file("/etc/machine-id");
  if (!machine || trim(*machine).empty()) return "";
  return hex_encode(hmac_sha256(trim(*machine), "ferry hardware id")).substr(0, 32);
}

}  // namespace ferry::agent
