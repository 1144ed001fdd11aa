// SPDX-License-Identifier: Apache-2.0
#include "fleet/rollout_policy.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/ranges.h>

#include "base/encoding.hpp"

namespace ferry::fleet {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kLongest = 30 * 86'400;  // of a duration, in seconds
constexpr std::size_t kMostWaves = 50;

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || number < 0) {
    return std::nullopt;
  }
  return number;
}

Result<std::vector<std::string>> strings_of(const json::object& object, std::string_view name) {
  std::vector<std::string> strings;
  const auto* value = object.if_contains(name);
  if (!value || value->is_null()) return strings;
  if (!value->is_array()) return fail(Code::invalid_argument, "'{}' is no list", name);
  for (const auto& item : value->as_array()) {
    if (!item.is_string()) return fail(Code::invalid_argument, "'{}' is no list of texts", name);
    strings.emplace_back(item.as_string());
  }
  return strings;
}

Result<std::string> text_of(const json::object& object, std::string_view name,
                            std::string_view fallback) {
  const auto* value = object.if_contains(name);
  if (!value || value->is_null()) return std::string(fallback);
  if (!value->is_string()) return fail(Code::invalid_argument, "'{}' is no text", name);
  return std::string(value->as_string());
}

Result<void> read_durations(const json::object& object, RolloutPolicy& policy) {
  const std::array<std::pair<const char*, seconds*>, 3> members{
      {{"soak", &policy.soak}, {"patience", &policy.patience}, {"deadline", &policy.deadline}}};
  for (const auto& [name, member] : members) {
    auto text = text_of(object, name, to_string(*member));
    if (!text) return fail(std::move(text).error());
    auto duration = parse_duration(*text);
    if (!duration) return fail(std::move(duration).error().with("read '{}'", name));
    *member = *duration;
  }
  return {};
}

Result<void> read_gates(const json::object& object, RolloutPolicy& policy) {
  auto success = text_of(object, "success", "100%");
  if (!success) return fail(std::move(success).error());
  auto share = parse_share(*success);
  if (!share) return fail(std::move(share).error().with("read 'success'"));
  if (!share->percent || share->amount == 0) {
    return fail(Code::invalid_argument, "'success' is 1% to 100%");
  }
  policy.success_percent = share->amount;
  auto failures = text_of(object, "maxFailures", "0");
  if (!failures) return fail(std::move(failures).error());
  auto most = parse_share(*failures);
  if (!most) return fail(std::move(most).error().with("read 'maxFailures'"));
  policy.max_failures = *most;
  auto on_failure = text_of(object, "onFailure", "return");
  if (!on_failure) return fail(std::move(on_failure).error());
  if (*on_failure != "return" && *on_failure != "pause") {
    return fail(Code::invalid_argument, "'onFailure' is 'return' or 'pause', not '{}'",
                *on_failure);
  }
  policy.on_failure = *on_failure == "pause" ? OnFailure::pause : OnFailure::give_back;
  auto scope = text_of(object, "scope", "fleet");
  if (!scope) return fail(std::move(scope).error());
  if (*scope != "fleet" && *scope != "group") {
    return fail(Code::invalid_argument, "'scope' is 'fleet' or 'group', not '{}'", *scope);
  }
  policy.scope = *scope == "group" ? ReturnScope::group : ReturnScope::fleet;
  return {};
}

// Shares count everything before them, so they rise.
Result<void> check_waves(const std::vector<WaveRule>& waves) {
  if (waves.size() > kMostWaves) {
    return fail(Code::invalid_argument, "a rollout has at most {} waves", kMostWaves);
  }
  const WaveRule* before = nullptr;
  for (const auto& wave : waves) {
    if (wave.kind != WaveRule::Kind::share) continue;
    if (before && before->share.percent == wave.share.percent &&
        before->share.amount >= wave.share.amount) {
      return fail(Error{Code::invalid_argument,
                        fmt::format("the wave {} adds nothing to the wave {} before it",
                                    to_string(wave), to_string(*before)),
                        "waves count from the beginning: 5%,25%,100%"});
    }
    before = &wave;
  }
  return {};
}

}  // namespace

std::int64_t Share::rounded_up(std::int64_t all) const {
  return percent ? (all * amount + 99) / 100 : std::min(amount, all);
}

std::int64_t Share::rounded_down(std::int64_t all) const {
  return percent ? all * amount / 100 : std::min(amount, all);
}

Result<Share> parse_share(std::string_view text) {
  const std::string trimmed(trim(text));
  const bool percent = trimmed.ends_with('%');
  const auto number =
      whole_number(std::string_view(trimmed).substr(0, trimmed.size() - (percent ? 1 : 0)));
  if (!number || (percent && *number > 100)) {
    return fail(Code::invalid_argument, "'{}' is no amount of nodes: 3, or 25%", trimmed);
  }
  return Share{*number, percent};
}

std::string to_string(const Share& share) {
  return fmt::format("{}{}", share.amount, share.percent ? "%" : "");
}

Result<WaveRule> parse_wave(std::string_view text) {
  WaveRule wave;
  const auto equals = text.find('=');
  if (equals != std::string_view::npos) {
    wave.kind = WaveRule::Kind::label;
    wave.label = trim(text.substr(0, equals));
    wave.value = trim(text.substr(equals + 1));
    if (wave.label.empty() || wave.value.empty()) {
      return fail(Code::invalid_argument, "'{}' is no label: site=lab", text);
    }
    return wave;
  }
  auto share = parse_share(text);
  if (!share || share->amount == 0) {
    return fail(Code::invalid_argument, "'{}' is no wave: 5%, 10 or site=lab", text);
  }
  wave.share = *share;
  return wave;
}

std::string to_string(const WaveRule& wave) {
  switch (wave.kind) {
    case WaveRule::Kind::nodes:
      return fmt::format("{}", fmt::join(wave.nodes, ", "));
    case WaveRule::Kind::label:
      return wave.label + "=" + wave.value;
    case WaveRule::Kind::share:
      return to_string(wave.share);
  }
  return {};
}

Result<seconds> parse_duration(std::string_view text) {
  const std::string trimmed(trim(text));
  std::int64_t unit = 1;
  std::string_view digits = trimmed;
  if (trimmed != "0") {
    constexpr std::array<std::pair<char, std::int64_t>, 4> kUnits{
        {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}}};
    const auto found = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& one) {
      return !trimmed.empty() && trimmed.back() == one.first;
    });
    unit = found == kUnits.end() ? 0 : found->second;
    digits = digits.substr(0, digits.empty() ? 0 : digits.size() - 1);
  }
  const auto number = whole_number(digits);
  if (unit == 0 || !number || *number > kLongest / unit) {
    return fail(Code::invalid_argument, "'{}' is no time up to 30d: 90s, 10m, 2h", trimmed);
  }
  return seconds(*number * unit);
}

std::string to_string(seconds duration) {
  const auto count = duration.count();
  if (count == 0) return "0";
  if (count % 86'400 == 0) return fmt::format("{}d", count / 86'400);
  if (count % 3600 == 0) return fmt::format("{}h", count / 3600);
  if (count % 60 == 0) return fmt::format("{}m", count / 60);
  return fmt::format("{}s", count);
}

Result<RolloutPolicy> policy_from_json(const json::object& object) {
  constexpr std::array<std::string_view, 9> kMembers{"canaries", "waves",       "soak",
                                                     "success",  "maxFailures", "onFailure",
                                                     "scope",    "patience",    "deadline"};
  for (const auto& [name, value] : object) {
    const std::string_view member(name);
    if (std::find(kMembers.begin(), kMembers.end(), member) == kMembers.end()) {
      return fail(Error{Code::invalid_argument, fmt::format("a rollout has no '{}'", member),
                        fmt::format("it has: {}", fmt::join(kMembers, ", "))});
    }
  }
  RolloutPolicy policy;
  auto canaries = strings_of(object, "canaries");
  if (!canaries) return fail(std::move(canaries).error());
  if (!canaries->empty()) {
    auto& first = policy.waves.emplace_back();
    first.kind = WaveRule::Kind::nodes;
    first.nodes = *std::move(canaries);
  }
  auto waves = strings_of(object, "waves");
  if (!waves) return fail(std::move(waves).error());
  for (const auto& text : *waves) {
    auto wave = parse_wave(text);
    if (!wave) return fail(std::move(wave).error());
    policy.waves.push_back(*std::move(wave));
  }
  auto good = check_waves(policy.waves);
  if (good) good = read_durations(object, policy);
  if (good) good = read_gates(object, policy);
  if (!good) return fail(std::move(good).error());
  return policy;
}

json::object to_json(const RolloutPolicy& policy) {
  json::array canaries;
  json::array waves;
  for (const auto& wave : policy.waves) {
    if (wave.kind == WaveRule::Kind::nodes) {
      for (const auto& node : wave.nodes) canaries.emplace_back(node);
    } else {
      waves.emplace_back(to_string(wave));
    }
  }
  return {{"canaries", std::move(canaries)},
          {"waves", std::move(waves)},
          {"soak", to_string(policy.soak)},
          {"success", fmt::format("{}%", policy.success_percent)},
          {"maxFailures", to_string(policy.max_failures)},
          {"onFailure", policy.on_failure == OnFailure::pause ? "pause" : "return"},
          {"scope", policy.scope == ReturnScope::group ? "group" : "fleet"},
          {"patience", to_string(policy.patience)},
          {"deadline", to_string(policy.deadline)}};
}

}  // namespace ferry::fleet
