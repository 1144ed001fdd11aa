// SPDX-License-Identifier: Apache-2.0
// What every command gets, and the few things that every command does with it.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "cli/client.hpp"
#include "cli/table.hpp"
#include "cli/terminal.hpp"
#include "net/task.hpp"

namespace ferry::cli {

enum class OutputFormat { table, json };

struct Context {
  Client& client;
  Terminal& terminal;
  const Clock& clock;
  const Profile& profile;
  OutputFormat output = OutputFormat::table;
  std::string workspace = {};           // as asked for; empty: the only one there is
  json::value error_details = nullptr;  // of the error that the command returns, for --output json
};

// The workspace asked for, or the only one; an Error that lists them when there are several.
net::Task<Result<std::string>> workspace_of(Context& context);

// As JSON when asked for, else by `show`.
void print(Context& context, const json::value& value,
           const std::function<std::string(const json::value&)>& show);
void print_table(Context& context, const Table& table, std::string_view when_empty);
// A line for people, on standard error; nothing with --output json.
void say(Context& context, std::string_view line);

// "12s", "3m", "5h", "2d" since an RFC 3339 time; "-" for null or unreadable.
std::string age(const Clock& clock, const json::object& object, std::string_view member);

// Members as text for a table: strings, numbers, booleans as yes/no; "-" when absent or null.
std::string text_of(const json::object& object, std::string_view member);
Cell state_cell(const json::object& object, std::string_view member);

// The objects of {"value": [...]}.
std::vector<json::object> items_of(const json::value& collection);

// "name  value" lines, aligned; for `show`.
std::string describe_members(const json::object& object, const std::vector<std::string>& members);

}  // namespace ferry::cli
