// SPDX-License-Identifier: Apache-2.0
#include "cli/rollout_view.hpp"

#include "cli/context.hpp"

namespace ferry::cli {
namespace {

std::vector<const json::object*> objects_of(const json::object& object, std::string_view member) {
  std::vector<const json::object*> objects;
  const auto* array = find_array(object, member);
  for (std::size_t i = 0; array && i < array->size(); ++i) {
    if (const auto* item = (*array)[i].if_object()) objects.push_back(item);
  }
  return objects;
}

// "4 done, 1 downloading"; "" when nothing is known.
std::string verdict_words(const json::object& wave) {
  std::string text;
  const auto* verdicts = find_object(wave, "verdicts");
  for (const auto& [verdict, count] : verdicts ? *verdicts : json::object()) {
    if (!count.is_int64()) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count.get_int64(),
                        printable(std::string_view(verdict)));
  }
  return text;
}

Tone tone_of_rollout(std::string_view state) {
  if (state == "done" || state == "passed") return Tone::good;
  if (state == "returned" || state == "aborted" || state == "returning") return Tone::bad;
  if (state == "waiting" || state == "closed") return Tone::dim;
  return Tone::busy;
}

std::string show_waves(const json::object& rollout, bool colours) {
  std::string text;
  int number = 0;
  for (const auto* wave : objects_of(rollout, "waves")) {
    const auto state = text_of(*wave, "state");
    const auto words = verdict_words(*wave);
    const auto nodes = int_or(*wave, "nodes", 0);
    text += fmt::format("  {}. {:<16} {} {} {}{}{}\n", ++number, printable(text_of(*wave, "name")),
                        paint(fmt::format("{:<8}", state), tone_of_rollout(state), colours), nodes,
                        nodes == 1 ? "node" : "nodes", words.empty() ? "" : ": ", words);
  }
  return text;
}

std::string show_groups(const json::object& rollout, bool colours) {
  std::string text;
  for (const auto* group : objects_of(rollout, "groups")) {
    const auto from = int_or(*group, "previous", 0);
    const auto to = int_or(*group, "composition", 0);
    if (from == to) continue;
    text +=
        fmt::format("  {}: composition {} -> {}", printable(text_of(*group, "group")), from, to);
    if (bool_or(*group, "returned", false)) text += paint(", returned", Tone::bad, colours);
    if (const auto late = int_or(*group, "lateJoiners", 0); late > 0) {
      text +=
          fmt::format(", {} late joiner{} on {} until the end", late, late == 1 ? "" : "s", from);
    }
    text += "\n";
  }
  return text;
}

std::string show_troubled(const json::object& rollout, bool colours) {
  std::string text;
  for (const auto* node : objects_of(rollout, "troubled")) {
    const auto reason = text_of(*node, "reason");
    text += paint(fmt::format("  {} (wave {}) is {}{}\n", printable(text_of(*node, "node")),
                              int_or(*node, "wave", 0), text_of(*node, "verdict"),
                              reason == "-" ? "" : ": " + printable(reason)),
                  text_of(*node, "verdict") == "offline" ? Tone::dim : Tone::bad, colours);
  }
  return text;
}

}  // namespace

bool rollout_is_over(const json::object& rollout) {
  const auto state = string_or(rollout, "state", "");
  return state == "done" || state == "returned" || state == "aborted";
}

std::vector<std::string> rollout_events(const json::object& rollout) {
  std::vector<std::string> lines;
  for (const auto* event : objects_of(rollout, "events")) {
    const auto at = text_of(*event, "at");
    lines.push_back(fmt::format("{}  {}", at.size() >= 19 ? at.substr(11, 8) : at,
                                printable(text_of(*event, "what"))));
  }
  return lines;
}

std::string rollout_line(const json::object& rollout) {
  const auto state = text_of(rollout, "state");
  if (const auto trouble = text_of(rollout, "trouble"); trouble != "-") {
    return fmt::format("{}: {}", state, printable(trouble));
  }
  const auto waves = objects_of(rollout, "waves");
  const auto wave = static_cast<std::size_t>(std::max<std::int64_t>(0, int_or(rollout, "wave", 0)));
  if (wave == 0 || wave > waves.size()) return state;
  const auto words = verdict_words(*waves[wave - 1]);
  return fmt::format("{}: wave {} of {} ({}){}{}", state, wave, waves.size(),
                     printable(text_of(*waves[wave - 1], "name")), words.empty() ? "" : ": ",
                     words);
}

std::string show_rollout(const json::object& rollout, const Clock& clock, bool colours) {
  const auto state = text_of(rollout, "state");
  std::string text =
      fmt::format("{}  {}  started {} ago by {}\n", text_of(rollout, "id"),
                  paint(state, tone_of_rollout(state), colours), age(clock, rollout, "startedAt"),
                  printable(text_of(rollout, "startedBy")));
  for (const auto* member : {"reason", "trouble"}) {
    const auto words = text_of(rollout, member);
    if (words != "-") text += fmt::format("  {}: {}\n", member, printable(words));
  }
  text += show_groups(rollout, colours);
  text += show_waves(rollout, colours);
  text += show_troubled(rollout, colours);
  for (const auto& line : rollout_events(rollout)) text += "  " + line + "\n";
  return text;
}

}  // namespace ferry::cli
