// SPDX-License-Identifier: Apache-2.0
#include "api/events.hpp"

#include "api/errors.hpp"

namespace ferry::api {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::string format_event(const std::string& name, const std::string& data) {
  return fmt::format("event: {}\ndata: {}\n\n", name, data);  // serialized JSON has no line breaks
}

class EventStream {
 public:
  EventStream(EventSource source, EventTiming timing)
      : source_(std::move(source)), timing_(timing) {}

  net::Task<void> run(net::BodyWriter& writer) {
    auto next_heartbeat = SteadyClock::now() + timing_.heartbeat;
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
        next_heartbeat = SteadyClock::now() + timing_.heartbeat;
      }
      if (!more) co_return;
      co_await net::sleep_for(timing_.poll);
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
  EventTiming timing_;
  std::vector<std::string> sent_;
};

}  // namespace

net::HttpResponse event_stream(EventSource source, EventTiming timing) {
  net::HttpResponse response;
  response.headers.set("Content-Type", "text/event-stream");
  response.headers.set("Cache-Control", "no-store");
  auto stream = std::make_shared<EventStream>(std::move(source), timing);
  // The connection keeps the response, and with it the stream, until the task is done.
  response.stream = [stream](net::BodyWriter& writer) { return stream->run(writer); };
  return response;
}

}  // namespace ferry::api
