// SPDX-License-Identifier: Apache-2.0
#include "api/events.hpp"

#include "api/errors.hpp"

namespace ferry::api {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Changes that come together are told together.
constexpr std::chrono::milliseconds kBreath{50};

std::string format_event(const std::string& name, const std::string& data) {
  return fmt::format("event: {}\ndata: {}\n\n", name, data);  // serialized JSON has no line breaks
}

class EventStream {
 public:
  EventStream(EventSource source, std::chrono::milliseconds heartbeat)
      : source_(std::move(source)), heartbeat_(heartbeat) {}

  net::Task<void> run(net::BodyWriter& writer) {
    auto next_heartbeat = SteadyClock::now() + heartbeat_;
    while (true) {
      std::string text;
      bool more = append_changes(text);
      if (SteadyClock::now() >= next_heartbeat) {
        if (auto allowed = source_.still_allowed(); !allowed) more = append_end(text, allowed);
        if (text.empty()) text = ": still here\n\n";
      }
      if (!text.empty()) {
        auto written = co_await writer.write(text);
        if (!written) co_return;
        next_heartbeat = SteadyClock::now() + heartbeat_;
      }
      if (!more) co_return;
      const auto patience =
          std::chrono::ceil<std::chrono::milliseconds>(next_heartbeat - SteadyClock::now());
      co_await source_.wait(std::max(patience, std::chrono::milliseconds(1)));
      co_await net::sleep_for(kBreath);
    }
  }

 private:
  // False when the stream ends.
  bool append_changes(std::string& text) {
    auto snapshot = source_.take();
    if (!snapshot) return append_end(text, snapshot);
    sent_.resize(snapshot->states.size());
    for (std::size_t i = 0; i < snapshot->states.size(); ++i) {
      std::string data = json::serialize(snapshot->states[i].data);
      if (data == sent_[i]) continue;
      text += format_event(snapshot->states[i].name, data);
      sent_[i] = std::move(data);
    }
    return !snapshot->last;
  }

  template <class T>
  static bool append_end(std::string& text, const Result<T>& refused) {
    text += format_event("problem", std::string(trim(error_response(refused.error()).body)));
    return false;
  }

  EventSource source_;
  std::chrono::milliseconds heartbeat_;
  std::vector<std::string> sent_;
};

}  // namespace

net::HttpResponse event_stream(EventSource source, std::chrono::milliseconds heartbeat) {
  net::HttpResponse response;
  response.headers.set("Content-Type", "text/event-stream");
  response.headers.set("Cache-Control", "no-store");
  auto stream = std::make_shared<EventStream>(std::move(source), heartbeat);
  // The connection keeps the response, and with it the stream, until the task is done.
  response.stream = [stream](net::BodyWriter& writer) { return stream->run(writer); };
  return response;
}

}  // namespace ferry::api
