// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <csignal>

#include <array>
#include <ostream>

namespace ferry::cli {
namespace {

using net::Task;
using namespace std::chrono_literals;

volatile std::sig_atomic_t interrupt_seen = 0;

constexpr std::array<std::string_view, 10> kSpinner{"⠋", "⠙", "⠹", "⠸", "⠼",
                                                    "⠴", "⠦", "⠧", "⠇", "⠏"};
constexpr auto kPatience = 15s;
constexpr auto kRedraw = 200ms;
constexpr std::string_view kClearLine = "\r\x1b[K";
constexpr std::string_view kClearLineAbove = "\x1b[A\x1b[K";

std::string seconds_between(const json::object& step, Timestamp now) {
  const auto started = parse_rfc3339(string_or(step, "startedAt", ""));
  if (!started) return "";
  const auto finished = parse_rfc3339(string_or(step, "finishedAt", ""));
  const auto elapsed = std::max(0ms, (finished ? *finished : now) - *started);
  return fmt::format("{:.1f} s", static_cast<double>(elapsed.count()) / 1000.0);
}

bool waits_for_next_attempt(const json::object& step) {
  return string_or(step, "status", "") == "pending" && optional_string(step, "retryAt");
}

// A line that wraps could not be taken away again.
std::string cut_to_width(const std::string& text, std::size_t width) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool continues = (static_cast<unsigned char>(text[i]) & 0xc0U) == 0x80U;
    if (!continues && ++columns > width) return text.substr(0, i);
  }
  return text;
}

std::string step_text(const json::object& step, Timestamp now) {
  std::string text = printable(string_or(step, "name", "step"));
  if (const auto detail = optional_string(step, "detail"); detail && !detail->empty()) {
    text += "  " + printable(*detail);
  }
  if (waits_for_next_attempt(step)) {
    const auto due = parse_rfc3339(string_or(step, "retryAt", ""));
    const auto left = due ? std::max(0ms, *due - now) : 0ms;
    text += fmt::format("  (attempt {} in {} s)", int_or(step, "attempt", 0) + 1,
                        (left.count() + 999) / 1000);
    return text;
  }
  const auto seconds = seconds_between(step, now);
  if (!seconds.empty()) text += "  (" + seconds + ")";
  return text;
}

Error error_of_operation(const json::object& operation) {
  const auto* error = find_object(operation, "error");
  if (!error) return Error{Code::internal, "the operation failed without a reason"};
  return error_of(Reply{0, json::object{{"error", *error}}});
}

}  // namespace

std::string ProgressView::update(const json::object& operation, Timestamp now) {
  std::string text = finish();
  std::vector<std::string> live;
  const auto* steps = find_array(operation, "steps");
  for (std::size_t i = 0; steps && i < steps->size(); ++i) {
    const auto* step = (*steps)[i].if_object();
    if (!step) continue;
    const auto status = string_or(*step, "status", "");
    const bool good = status == "succeeded";
    if ((good || status == "failed") && done_.insert(i).second) {
      text +=
          fmt::format("  {} {}\n", paint(good ? "✓" : "✗", good ? Tone::good : Tone::bad, colours_),
                      step_text(*step, now));
    } else if (status == "running" || waits_for_next_attempt(*step)) {
      live.push_back(step_text(*step, now));
    }
  }
  if (!live_) return text;
  const auto spinner = kSpinner[turn_++ % kSpinner.size()];
  for (const auto& line : live) {
    text += fmt::format("{}  {} {}", lines_shown_++ == 0 ? "" : "\n", spinner,
                        cut_to_width(line, width_ - 5));
  }
  return text;
}

std::string ProgressView::finish() {
  if (lines_shown_ == 0) return "";
  std::string text(kClearLine);
  for (std::size_t line = 1; line < lines_shown_; ++line) text += kClearLineAbove;
  lines_shown_ = 0;
  return text;
}

void notice_interrupts() {
  interrupt_seen = 0;
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupt_seen = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
}

bool interrupted() {
  return interrupt_seen != 0;
}

namespace {

// What comes by the stream of one operation. Outlives whoever watches.
struct Watched {
  explicit Watched(net::Executor executor) : changed(executor) {}
  std::optional<json::object> latest;
  std::optional<Result<void>> ended;
  net::Notifier changed;
};

Task<void> listen(Client& client, std::string path, std::shared_ptr<Watched> watched) {
  const auto take = [watched](const std::string& name, json::value data) -> Result<void> {
    if (name == "problem") return fail(error_of(Reply{0, std::move(data)}));
    if (name == "operation" && data.is_object()) watched->latest = std::move(data.as_object());
    watched->changed.notify();
    return {};
  };
  Result<void> ended = co_await client.listen(std::move(path), take);
  watched->ended = std::move(ended);
  watched->changed.notify();
}

bool is_over(std::string_view status) {
  return status == "succeeded" || status == "failed" || status == "cancelled";
}

}  // namespace

Task<Result<json::object>> follow_operation(Context& context, json::object operation) {
  const auto id = string_or(operation, "id", "");
  const auto path = api_path({"operations", id, "events"});
  auto& terminal = context.terminal;
  ProgressView view(terminal.err_is_terminal, terminal.err_is_terminal && terminal.colours,
                    terminal.width);
  notice_interrupts();
  const auto executor = co_await net::current_executor();
  std::shared_ptr<Watched> watched;
  auto last_word = std::chrono::steady_clock::now();
  while (true) {
    const auto status = string_or(operation, "status", "");
    if (context.output == OutputFormat::table || terminal.err_is_terminal) {
      terminal.err << view.update(operation, context.clock.now()) << std::flush;
    }
    if (is_over(status)) {
      terminal.err << view.finish() << std::flush;
      if (status != "succeeded") co_return fail(error_of_operation(operation));
      co_return operation;
    }
    if (interrupted()) {
      terminal.err << view.finish() << std::flush;
      co_return fail(Error{Code::cancelled,
                           fmt::format("stopped watching; operation {} goes on at the server", id),
                           fmt::format("'ferry operation show {0}' watches it again, 'ferry "
                                       "operation cancel {0}' stops it",
                                       id)});
    }
    if (!watched) {
      watched = std::make_shared<Watched>(executor);
      net::spawn(executor, listen(context.client, path, watched));
    }
    // Woken by news; else for the seconds that are shown, and for Ctrl-C.
    if (!watched->latest && !watched->ended) co_await watched->changed.wait_for(kRedraw);
    if (watched->latest) {
      operation = *std::move(watched->latest);
      watched->latest.reset();
      last_word = std::chrono::steady_clock::now();
      continue;
    }
    if (!watched->ended) continue;
    // Without an end of the operation: the server may be starting again, and it goes on with it.
    const Result<void> ended = *watched->ended;
    const bool may_come_back = ended || ended.error().code == Code::unavailable;
    if (!may_come_back || std::chrono::steady_clock::now() - last_word > kPatience) {
      terminal.err << view.finish() << std::flush;
      if (!ended) co_return fail(Error(ended.error()).with("watch operation {}", id));
      co_return fail(Code::unavailable, "the server stopped telling of operation {}", id);
    }
    watched.reset();
    co_await net::sleep_for(kRedraw);
  }
}

Task<Result<void>> follow_answer(Context& context, const json::value& answer) {
  const auto* object = answer.if_object();
  const auto* operation = object ? find_object(*object, "operation") : nullptr;
  if (!operation) co_return Result<void>{};
  auto finished = co_await follow_operation(context, *operation);
  if (!finished) co_return fail(std::move(finished).error());
  co_return Result<void>{};
}

}  // namespace ferry::cli
