// SPDX-License-Identifier: Apache-2.0
#include "agent/renewal.hpp"

#include <algorithm>

namespace ferry::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kMostRefusals = 5;
constexpr int kMostDoublings = 16;

milliseconds life_of(const CertificateLife& life) {
  return life.not_after - life.not_before;
}

// Between half of and the whole of `duration`.
milliseconds jittered(milliseconds duration, std::uint16_t random) {
  return duration / 2 + milliseconds(duration.count() / 2 * random / 65'535);
}

}  // namespace

CertificateLife plan_life(std::string id, Timestamp not_before, Timestamp not_after,
                          std::optional<Timestamp> renew_after, Timestamp now,
                          std::uint16_t random) {
  CertificateLife life{std::move(id), not_before, not_after, not_after};
  const milliseconds length = life_of(life);
  if (renew_after && *renew_after > not_before && *renew_after < not_after) {
    life.renew_after = *renew_after;
  } else {
    life.renew_after =
        not_before + length * 2 / 3 - milliseconds(length.count() / 20 * random / 65'535);
  }
  const Timestamp earliest = std::clamp(now, not_before, not_after) + length / 100;
  life.renew_after = std::max(life.renew_after, earliest);
  return life;
}

json::object RenewalMemory::to_json() const {
  json::object object{{"accepted", accepted}, {"failures", failures},
                      {"refusals", refusals}, {"asked", asked},
                      {"problem", problem},   {"awaitsApproval", awaits_approval}};
  if (retry_at) object["retryAt"] = format_rfc3339(*retry_at);
  return object;
}

RenewalMemory RenewalMemory::from_json(const json::object& object) {
  const auto count = [&](std::string_view name) {
    return static_cast<int>(std::clamp<std::int64_t>(int_or(object, name, 0), 0, 1'000'000));
  };
  RenewalMemory memory;
  memory.accepted = string_or(object, "accepted", "");
  memory.failures = count("failures");
  memory.refusals = count("refusals");
  memory.asked = bool_or(object, "asked", false);
  memory.problem = string_or(object, "problem", "");
  memory.awaits_approval = bool_or(object, "awaitsApproval", false);
  if (auto time = parse_rfc3339(string_or(object, "retryAt", ""))) memory.retry_at = *time;
  return memory;
}

Renewal::Renewal(CertificateLife current, std::optional<CertificateLife> candidate,
                 RenewalMemory memory, RenewalPolicy policy)
    : current_(std::move(current)),
      candidate_(std::move(candidate)),
      memory_(std::move(memory)),
      policy_(policy) {
  if (!candidate_ || memory_.accepted != candidate_->id) memory_.accepted.clear();
}

Renewal::Step Renewal::next(Timestamp now) {
  // A clock that was wrong when the pause was set must not make it longer than any pause is.
  const seconds longest = std::max(policy_.refused_pause, policy_.longest_pause);
  if (memory_.retry_at) memory_.retry_at = std::min<Timestamp>(*memory_.retry_at, now + longest);
  if (memory_.retry_at && now < *memory_.retry_at) return Wait{*memory_.retry_at};
  const bool accepted = candidate_ && memory_.accepted == candidate_->id;
  if (accepted) return Adopt{};
  if (now < current_.not_before) return FindTime{};
  if (candidate_) {
    if (now < candidate_->not_after) return Try{};
    candidate_.reset();  // it ended before the cloud could be reached
    memory_.refusals = 0;
  }
  const bool due = memory_.asked || memory_.awaits_approval || now >= current_.renew_after;
  if (!due) return Wait{current_.renew_after};
  return Request{now >= current_.not_after};
}

void Renewal::settle() {
  memory_.retry_at.reset();
  memory_.failures = 0;
  memory_.refusals = 0;
  memory_.awaits_approval = false;
  memory_.problem.clear();
}

void Renewal::on_issued(CertificateLife candidate) {
  settle();
  memory_.accepted.clear();
  candidate_ = std::move(candidate);
}

void Renewal::on_pending(Timestamp now, std::optional<seconds> retry_after, std::uint16_t random) {
  memory_.failures = 0;
  memory_.awaits_approval = true;
  memory_.problem = "somebody at Ferry must approve it";
  const seconds wanted = std::clamp(retry_after.value_or(policy_.shortest_approval_poll * 5),
                                    policy_.shortest_approval_poll, policy_.longest_approval_poll);
  pause(now, jittered(wanted * 4 / 3, random));  // two thirds to four thirds of what was asked
}

void Renewal::on_accepted() {
  if (!candidate_) return;
  settle();
  memory_.accepted = candidate_->id;
}

void Renewal::on_adopted() {
  if (!candidate_) return;
  settle();
  current_ = *std::move(candidate_);
  candidate_.reset();
  memory_.accepted.clear();
  memory_.asked = false;
}

void Renewal::on_refused(Timestamp now, std::uint16_t random, std::string problem) {
  memory_.awaits_approval = false;
  const bool by_the_server = !candidate_;
  if (candidate_ && ++memory_.refusals >= kMostRefusals) {
    candidate_.reset();
    memory_.refusals = 0;
    memory_.asked = true;  // another one is needed, although none may be due
  }
  on_unreachable(now, random, std::move(problem));
  // A person or a policy of Ferry said no; only a person can change that.
  if (by_the_server) memory_.retry_at = now + jittered(policy_.refused_pause, random);
}

void Renewal::on_unreachable(Timestamp now, std::uint16_t random, std::string problem) {
  ++memory_.failures;
  memory_.problem = std::move(problem);
  pause(now, backoff(now, random));
}

void Renewal::ask() {
  memory_.asked = true;
  memory_.retry_at.reset();
}

void Renewal::on_told(Timestamp renew_after) {
  const Timestamp earliest = current_.not_before + life_of(current_) / 100;
  current_.renew_after = std::min(current_.renew_after, std::max(renew_after, earliest));
}

void Renewal::pause(Timestamp now, milliseconds duration) {
  memory_.retry_at = now + std::min(duration, longest_pause(now));
}

// Doubling, from a pause that suits certificates of minutes as well as those of years.
milliseconds Renewal::backoff(Timestamp now, std::uint16_t random) const {
  const milliseconds first =
      std::clamp<milliseconds>(life_of(current_) / 1000, seconds(1), seconds(60));
  const int doublings = std::clamp(memory_.failures - 1, 0, kMostDoublings);
  return jittered(std::min(first * (1 << doublings), longest_pause(now)), random);
}

// The nearer the end, the shorter: at least eight tries are left at any time.
milliseconds Renewal::longest_pause(Timestamp now) const {
  const bool valid = now >= current_.not_before && now < current_.not_after;
  if (!valid) return policy_.longest_urgent_pause;
  const milliseconds left = current_.not_after - now;
  const milliseconds most = policy_.longest_pause;
  return std::clamp<milliseconds>(left / 8, std::min<milliseconds>(seconds(60), most), most);
}

}  // namespace ferry::agent
