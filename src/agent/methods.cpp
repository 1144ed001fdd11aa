// SPDX-License-Identifier: Apache-2.0
#include "agent/methods.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"

namespace ferry::agent {
namespace {

using net::Task;

constexpr std::string_view kSupported = "ping, RestartModule, GetModuleLogs, GetTaskStatus";

// Modules may write any bytes; JSON holds UTF-8 only.
std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = byte < 0x80                    ? 1
                               : byte >= 0xC2 && byte <= 0xDF ? 2
                               : byte >= 0xE0 && byte <= 0xEF ? 3
                               : byte >= 0xF0 && byte <= 0xF4 ? 4
                                                              : 0;
    bool good = length > 0 && i + length <= text.size();
    for (std::size_t k = 1; good && k < length; ++k) {
      good = (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
    }
    if (good) {
      out += text.substr(i, length);
      i += length;
    } else {
      out += '?';
      ++i;
    }
  }
  return out;
}

json::value lines_as_json(const std::string& module, const std::string& text) {
  json::array lines;
  for (const auto& line : split(text, '\n')) {
    if (!line.empty()) lines.push_back(json::object{{"id", module}, {"text", line}});
  }
  return lines;
}

json::value get_task_status(const json::value& payload) {
  const std::string id =
      payload.is_object() ? string_or(payload.as_object(), "correlationId", "") : "";
  return json::object{{"status", "Unknown"},
                      {"message", "there is no such task: this agent runs none"},
                      {"correlationId", id}};
}

}  // namespace

Task<MethodReply> Methods::call(std::string name, std::string payload) {
  log::info("methods", "{}", name);
  json::value parsed;
  if (!trim(payload).empty()) {
    auto value = parse_json(payload);
    if (!value) {
      co_return MethodReply{400, json::serialize(json::object{{"message", "malformed payload"}})};
    }
    parsed = *std::move(value);
  }
  auto answer = co_await dispatch(to_lower(name), std::move(parsed));
  if (answer) co_return MethodReply{200, json::serialize(*answer)};
  const Error& error = answer.error();
  const bool callers_fault =
      error.code == Code::invalid_argument || error.code == Code::resource_exhausted;
  co_return MethodReply{callers_fault ? 400 : 500,
                        json::serialize(json::object{{"message", error.describe()}})};
}

Task<Result<json::value>> Methods::dispatch(std::string name, json::value payload) {
  if (name == "ping") co_return json::value(nullptr);
  if (name == "restartmodule") co_return co_await restart_module(std::move(payload));
  if (name == "getmodulelogs") co_return co_await get_module_logs(std::move(payload));
  if (name == "gettaskstatus") co_return get_task_status(payload);
  co_return fail(Code::invalid_argument, "unknown method; supported are {}", kSupported);
}

Task<Result<json::value>> Methods::restart_module(json::value payload) {
  if (!payload.is_object()) {
    co_return fail(Code::invalid_argument, "the payload is not an object");
  }
  auto id = require_string(payload.as_object(), "id");
  if (!id) co_return fail(std::move(id).error());
  auto done = co_await supervisor_.restart_module(*id);
  if (!done) co_return fail(std::move(done).error().with("restart module {}", *id));
  co_return json::value(nullptr);
}

Task<Result<json::value>> Methods::get_module_logs(json::value payload) {
  auto question = parse_log_question(payload, clock_.now());
  if (!question) co_return fail(std::move(question).error());
  json::array answers;
  for (const LogItem& item : question->items) {
    auto modules = select_modules(item.id, supervisor_.modules_with_containers());
    if (!modules) co_return fail(std::move(modules).error());
    for (const std::string& module : *modules) {
      auto answer = co_await logs_of(module, item, question->json);
      if (!answer) co_return fail(std::move(answer).error());
      answers.push_back(*std::move(answer));
    }
  }
  json::value reply = std::move(answers);
  if (json::serialize(reply).size() > kLogReplyLimit) {
    co_return fail(Code::resource_exhausted,
                   "the logs exceed {} bytes: ask for fewer modules, a shorter tail or less time",
                   kLogReplyLimit);
  }
  co_return reply;
}

Task<Result<json::value>> Methods::logs_of(std::string module, LogItem item, bool as_json) {
  LogRequest request{item.tail, item.since, item.until, kLogReplyLimit};
  // With a filter over lines, what is read may be more than what is answered.
  if (item.regex || item.log_level) request.limit = 16 * kLogReplyLimit;
  auto demux = co_await supervisor_.logs(module, request);
  if (!demux) co_return fail(std::move(demux).error().with("read the logs of {}", module));
  if (demux->overflowed()) {
    co_return fail(Code::resource_exhausted,
                   "the logs of {} exceed {} bytes: ask for a shorter tail or less time", module,
                   request.limit);
  }
  auto lines = filter_lines(item, demux->text());
  if (!lines) co_return fail(std::move(lines).error());
  const std::string text = valid_utf8(*lines);
  json::object answer = {{"id", module}};
  if (as_json) {
    answer["payload"] = lines_as_json(module, text);
  } else {
    answer["payload"] = text;
  }
  co_return json::value(std::move(answer));
}

}  // namespace ferry::agent
