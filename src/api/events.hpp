// SPDX-License-Identifier: Apache-2.0
// Server-sent events (WHATWG HTML s.9.2) of things that have a state. Each event is a whole state,
// so that a client that missed some needs no replay, and one that reads slowly gets fewer of them:
// nothing is queued for anybody.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "net/http.hpp"

namespace ferry::api {

struct StateEvent {
  std::string name;
  json::object data;
};

struct Snapshot {
  std::vector<StateEvent> states;  // the same names every time
  bool last = false;               // nothing changes any more: the stream ends after these
};

struct EventSource {
  std::function<Result<Snapshot>()> take;
  // Ends when the states may have changed, or when this time is over.
  std::function<net::Task<void>(std::chrono::milliseconds)> wait;
  // Asked with every heartbeat; an Error ends the stream. For callers whose session has ended.
  std::function<Result<void>()> still_allowed;
};

inline constexpr std::chrono::milliseconds kHeartbeat{15'000};

// Sends every state once and again whenever it differs from what was sent, with heartbeats between.
// An Error of the source is sent as the event "problem", with the error body of the API, and ends
// the stream.
net::HttpResponse event_stream(EventSource source,
                               std::chrono::milliseconds heartbeat = kHeartbeat);

}  // namespace ferry::api
