// SPDX-License-Identifier: Apache-2.0
#include "cli/findings.hpp"

#include "cli/table.hpp"

namespace ferry::cli {
namespace {

Tone tone_of_severity(std::string_view severity) {
  if (severity == "error") return Tone::bad;
  return severity == "warning" ? Tone::busy : Tone::dim;
}

std::string describe_finding(const json::object& finding, bool colours) {
  const auto severity = string_or(finding, "severity", "info");
  std::string text = fmt::format(
      "{}  {}\n", paint(fmt::format("{:<7}", severity), tone_of_severity(severity), colours),
      printable(string_or(finding, "message", "")));
  const auto hint = string_or(finding, "hint", "");
  if (!hint.empty()) text += fmt::format("         {}\n", printable(hint));
  return text;
}

}  // namespace

std::string show_findings(const Terminal& terminal, const json::object& report) {
  std::string text;
  const auto* findings = find_array(report, "findings");
  for (std::size_t i = 0; findings && i < findings->size(); ++i) {
    const auto* finding = (*findings)[i].if_object();
    if (finding) text += describe_finding(*finding, terminal.colours);
  }
  return text;
}

}  // namespace ferry::cli
