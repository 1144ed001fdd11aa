// SPDX-License-Identifier: Apache-2.0
#include "cli/program.hpp"

#include <algorithm>
#include <ostream>

#include "cli/arguments.hpp"
#include "cli/exit_codes.hpp"

namespace ferry::cli {
namespace {

constexpr std::string_view kVersion = "0.1.0";

bool wants_json(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& word = arguments[i];
    if (word == "--output=json" || word == "-ojson" || word == "-o=json") return true;
    if ((word == "--output" || word == "-o") && i + 1 < arguments.size()) {
      return arguments[i + 1] == "json";
    }
  }
  return false;
}

void print_version(Terminal& terminal, OutputFormat output) {
  if (output == OutputFormat::json) {
    terminal.out << pretty_json(json::object{{"version", kVersion}});
  } else {
    terminal.out << "ferry " << kVersion << "\n";
  }
  terminal.out << std::flush;
}

Result<void> run_command(const Invocation& invocation, const Environment& environment,
                         Terminal& terminal, json::value& details) {
  auto profile = resolve_profile(environment);
  if (!profile) return fail(std::move(profile).error());
  auto client = Client::create(*profile);
  if (!client) return fail(std::move(client).error());
  net::EventLoop loop;
  const SystemClock clock;
  Context context{*client, terminal, clock, *profile};
  context.output = invocation.output;
  context.workspace = invocation.workspace;
  auto done = loop.run_until_done(invocation.command(context));
  details = std::move(context.error_details);
  return done;
}

Result<void> run_up(const Invocation& invocation, const Environment& environment,
                    Terminal& terminal) {
  net::EventLoop loop;
  return loop.run_until_done(up(loop, terminal, environment, *invocation.up));
}

// Judged on this machine: works without a server and without a profile.
Result<void> judge_file(const Invocation& invocation, Terminal& terminal, json::value& details) {
  auto verdict = judge_chain_file(*invocation.chain_file, SystemClock());
  if (!verdict) return fail(std::move(verdict).error());
  auto outcome = verdict_as_result(*verdict);
  const bool as_json = invocation.output == OutputFormat::json;
  if (!outcome && as_json) {
    details = *std::move(verdict);
    return outcome;
  }
  terminal.out << (as_json ? pretty_json(*verdict) : show_verdict(*verdict)) << std::flush;
  return outcome;
}

Result<void> run_anything(const Invocation& invocation, const Environment& environment,
                          Terminal& terminal, json::value& details) {
  if (invocation.up) return run_up(invocation, environment, terminal);
  if (invocation.chain_file) return judge_file(invocation, terminal, details);
  return run_command(invocation, environment, terminal, details);
}

}  // namespace

void report_error(Terminal& terminal, const Error& error, const std::string& details_json,
                  bool as_json) {
  const bool colours = terminal.err_is_terminal && terminal.colours;
  terminal.err << paint("ferry:", Tone::bad, colours) << " " << printable(error.describe())
               << std::endl;
  if (!as_json) return;
  json::object body{{"code", std::string(to_string(error.code))},
                    {"message", error.message},
                    {"hint", error.hint}};
  auto details = parse_json(details_json);
  body["details"] = details && details->is_object() ? *std::move(details) : json::object{};
  terminal.out << pretty_json(json::object{{"error", std::move(body)}}) << std::flush;
}

int run_program(std::vector<std::string> arguments, const Environment& environment,
                Terminal terminal) {
  const bool as_json = wants_json(arguments);
  auto invocation = parse_arguments(std::move(arguments));
  if (!invocation) {
    report_error(terminal, invocation.error(), "{}", as_json);
    return exit_code(invocation.error().code);
  }
  if (invocation->help) {
    terminal.out << *invocation->help << std::flush;
    return 0;
  }
  if (invocation->version) {
    print_version(terminal, invocation->output);
    return 0;
  }
  json::value details;
  auto done = run_anything(*invocation, environment, terminal, details);
  if (done) return 0;
  report_error(terminal, done.error(), json::serialize(details), as_json);
  return exit_code(done.error().code);
}

}  // namespace ferry::cli
