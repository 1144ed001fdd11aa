// SPDX-License-Identifier: Apache-2.0
#include "agent/renewer.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "x509/certificate.hpp"

namespace ferry::agent {
namespace {

using net::Task;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::string_view kLog = "renewal";
// Clocks are set and machines sleep: no pause is taken on trust for longer.
constexpr milliseconds kLongestSleep = minutes(10);
constexpr minutes kStatusRetry{15};

std::uint16_t random_number() {
  const std::string bytes = random_bytes(2);
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 |
                                    static_cast<unsigned char>(bytes[1]));
}

net::HttpClient client(std::shared_ptr<const net::TlsClientContext> tls) {
  net::HttpClientOptions options;
  options.tls = std::move(tls);
  options.user_agent = "ferry-agent";
  options.idle_connections = 0;
  return net::HttpClient(std::move(options));
}

bool is_refusal(const Error& error) {
  return error.code == Code::unauthenticated || error.code == Code::permission_denied ||
         error.code == Code::invalid_argument || error.code == Code::not_found ||
         error.code == Code::conflict;
}

}  // namespace

Renewer::Renewer(net::Executor executor, const DataDirectory& directory,
                 std::shared_ptr<DeviceTime> clock, RenewerOptions options)
    : directory_(directory),
      clock_(std::move(clock)),
      options_(std::move(options)),
      http_(net::HttpClientOptions{}),
      woken_(executor) {}

Result<std::unique_ptr<Renewer>> Renewer::create(net::Executor executor,
                                                 const DataDirectory& directory,
                                                 std::shared_ptr<DeviceTime> clock,
                                                 RenewerOptions options) {
  std::unique_ptr<Renewer> renewer(
      new Renewer(executor, directory, std::move(clock), std::move(options)));
  if (auto loaded = renewer->load(); !loaded) return fail(std::move(loaded).error());
  return renewer;
}

Result<void> Renewer::load() {
  auto settings = load_or_make_settings(directory_);
  if (!settings) return fail(std::move(settings).error());
  settings_ = *std::move(settings);
  auto identity = identity_in_use(directory_);
  if (!identity) return fail(std::move(identity).error());
  if (!*identity) return fail(Code::not_found, "this device is not registered");
  if (auto used = use(**std::move(identity)); !used) return used;
  auto current = life_of(identity_->registration);
  if (!current) return fail(std::move(current).error());
  auto kept = candidate_identity(directory_);
  if (!kept) return fail(std::move(kept).error());
  std::optional<CertificateLife> candidate;
  if (*kept) {
    auto life = life_of((*kept)->registration);
    if (!life) return fail(std::move(life).error());
    candidate = *std::move(life);
  }
  auto memory = directory_.load_renewal();
  // Without it everything still works, only sooner than need be.
  if (!memory) log::warning(kLog, "{}", memory.error().describe());
  if (memory) remembered_ = *memory;
  renewal_.emplace(*std::move(current), std::move(candidate), remembered_, options_.policy);
  return {};
}

Result<void> Renewer::use(Identity identity) {
  auto chain = x509::parse_chain(identity.registration.chain_pem);
  if (!chain) return fail(std::move(chain).error());
  clock_->not_before(chain->front().not_before());
  auto tls = ferry_tls(settings_, &identity, clock_);
  if (!tls) return fail(std::move(tls).error());
  http_ = client(*std::move(tls));
  identity_ = std::move(identity);
  return {};
}

Result<void> Renewer::remember() {
  if (renewal_->memory() == remembered_) return {};
  auto saved = directory_.save(renewal_->memory());
  if (!saved) return fail(std::move(saved).error().with("keep what is known of renewals"));
  remembered_ = renewal_->memory();
  return {};
}

Result<void> Renewer::ask() {
  renewal_->ask();
  woken_.notify();
  return remember();
}

void Renewer::stop() {
  stopping_ = true;
  woken_.notify();
}

Task<void> Renewer::run() {
  while (!stopping_) {
    auto until = co_await run_once();
    if (!until) note(until.error());
    const Timestamp now = clock_->now();
    const Timestamp next = until ? *until : now + minutes(1);
    const auto pause = std::clamp<milliseconds>(next - now, milliseconds(200), kLongestSleep);
    if (!stopping_) co_await woken_.wait_for(pause);
  }
}

Task<Result<Timestamp>> Renewer::run_once() {
  Result<void> last;
  while (!stopping_) {
    const bool had_candidate = renewal_->candidate().has_value();
    const Renewal::Step step = renewal_->next(clock_->now());
    if (had_candidate && !renewal_->candidate()) {
      auto dropped = directory_.drop_candidate();
      if (!dropped) co_return fail(std::move(dropped).error());
    }
    if (const auto* wait = std::get_if<Renewal::Wait>(&step)) {
      const bool status_due = !status_at_ || clock_->now() >= *status_at_;
      if (status_due && !clock_->provably_behind()) {
        co_await ask_status();
        continue;
      }
      if (!last) co_return fail(std::move(last).error());
      co_return status_at_ ? std::min(wait->until, *status_at_) : wait->until;
    }
    last = co_await carry_out(step);
    auto remembered = remember();
    if (!remembered) co_return fail(std::move(remembered).error());
  }
  co_return fail(Code::cancelled, "stopping");
}

Task<Result<void>> Renewer::carry_out(Renewal::Step step) {
  Result<void> done;
  if (std::holds_alternative<Renewal::Adopt>(step)) {
    done = adopt();
    if (!done) renewal_->on_unreachable(clock_->now(), random_number(), done.error().describe());
    co_return done;
  }
  if (std::holds_alternative<Renewal::FindTime>(step)) {
    done = co_await find_time(settings_, identity_->registration.server, *clock_);
  } else if (std::holds_alternative<Renewal::Request>(step)) {
    done = co_await request();
  } else {
    done = co_await try_candidate();
  }
  if (done) co_return done;
  const bool had_candidate = renewal_->candidate().has_value();
  if (is_refusal(done.error())) {
    renewal_->on_refused(clock_->now(), random_number(), done.error().describe());
  } else {
    renewal_->on_unreachable(clock_->now(), random_number(), done.error().describe());
  }
  if (had_candidate && !renewal_->candidate()) {
    auto dropped = directory_.drop_candidate();
    if (!dropped) co_return dropped;
  }
  co_return done;
}

// Kept from a request whose answer was lost; else the device's own or a new one. On disk either
// way.
Result<x509::PrivateKey> Renewer::candidate_key() {
  auto kept = directory_.load_candidate_key();
  if (!kept) return fail(std::move(kept).error());
  if (*kept) {
    auto key = x509::PrivateKey::from_pem(**kept);
    if (key) return key;
    log::warning(kLog, "the kept key is unusable and made anew: {}", key.error().describe());
  }
  auto key =
      settings_.keep_key ? x509::PrivateKey::from_pem(identity_->key_pem) : make_key(settings_);
  if (!key) return key;
  if (auto saved = directory_.save_candidate_key(key->to_pem()); !saved) {
    return fail(std::move(saved).error().with("keep the new key"));
  }
  return key;
}

Task<Result<void>> Renewer::request() {
  options_.progress("ask Ferry for a new certificate");
  auto key = candidate_key();
  if (!key) co_return fail(std::move(key).error());
  auto csr = certificate_request(*key, identity_->registration.registration_id);
  if (!csr) co_return fail(std::move(csr).error());
  auto server = FerryServer::at(http_, identity_->registration.server);
  if (!server) co_return fail(std::move(server).error());
  auto answer = co_await server->renew(*std::move(csr));
  if (!answer) co_return fail(std::move(answer).error());
  if (const auto* awaits = std::get_if<AwaitsApproval>(&*answer)) {
    log::warning(kLog, "the renewal waits until somebody at Ferry approves it");
    options_.progress("waits until somebody at Ferry approves it");
    renewal_->on_pending(clock_->now(), awaits->retry_after, random_number());
    co_return Result<void>();
  }
  const auto& registration = std::get<Registration>(*answer);
  auto fits = check_identity(registration, *key);
  if (!fits) co_return fail(Code::unavailable, "{}", fits.error().describe());
  auto life = life_of(registration);
  if (!life) co_return fail(std::move(life).error());
  auto saved = directory_.save_candidate(registration);
  if (!saved) co_return saved;
  renewal_->on_issued(*std::move(life));
  log::info(kLog, "has a new certificate until {}",
            format_rfc3339(renewal_->candidate()->not_after));
  co_return Result<void>();
}

Task<Result<void>> Renewer::try_candidate() {
  options_.progress("register the new certificate with the provisioning service");
  auto candidate = candidate_identity(directory_);
  if (!candidate) co_return fail(std::move(candidate).error());
  if (!*candidate) co_return fail(Code::not_found, "the new certificate is gone from the disk");
  auto tried = co_await options_.try_identity(**std::move(candidate));
  if (tried) renewal_->on_accepted();
  co_return tried;
}

Result<void> Renewer::adopt() {
  if (auto adopted = directory_.adopt_candidate(); !adopted) return adopted;
  auto identity = identity_in_use(directory_);
  if (!identity) return fail(std::move(identity).error());
  if (!*identity) return fail(Code::internal, "the new certificate does not fit its key");
  renewal_->on_adopted();
  if (auto used = use(**std::move(identity)); !used) return used;
  log::info(kLog, "uses the new certificate, until {}",
            format_rfc3339(renewal_->current().not_after));
  status_at_.reset();  // tells Ferry that the old one is not used any more
  return options_.adopted(*identity_);
}

Task<void> Renewer::ask_status() {
  status_at_ = clock_->now() + kStatusRetry;
  auto server = FerryServer::at(http_, identity_->registration.server);
  if (!server) co_return note(server.error());
  auto status = co_await server->status();
  if (!status) co_return note(status.error());
  status_at_ = clock_->now() + status->check_after;
  if (status->renew_after) renewal_->on_told(*status->renew_after);
}

void Renewer::note(const Error& error) {
  log::warning(kLog, "{}; modules run on, tried again later", error.describe());
}

}  // namespace ferry::agent
