// SPDX-License-Identifier: Apache-2.0
// The faults that are set, and which of them strikes a request. Cloud owns one and asks it about
// every request and every device that connects; tests reach it by Cloud::faults(), users by
// `drydock fault`. Kept in memory: a restart takes all faults away.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "drydock/faults/fault.hpp"
#include "net/http.hpp"

namespace drydock {

class Faults {
 public:
  struct Entry {
    std::string id;  // "f1", "f2" in the order of addition
    Fault fault;
    std::uint64_t matched = 0;  // requests that it was for
    std::uint64_t struck = 0;
  };

  // The fault's id. Code::invalid_argument for one that check() refuses.
  ferry::Result<std::string> add(Fault fault);
  bool remove(std::string_view id);
  void clear() { armed_.clear(); }
  std::vector<Entry> list() const;

  // What befalls a request: the first fault in the order of addition that strikes it. Delays add up
  // and let the search go on. `target` is path and query. Counts.
  struct Verdict {
    std::chrono::milliseconds delay{0};
    std::optional<Fault> fault;  // never a delay, never a failed operation
  };
  Verdict judge(Service service, std::string_view method, std::string_view target);
  // The fault of kind `operation` that strikes the operation that this request starts. Only asked
  // when one starts, so that other requests do not use a fault up.
  std::optional<Fault> judge_operation(std::string_view method, std::string_view target);

  // Sends `request` to `next` under judgement. A response with status 0 means that the connection
  // is to be closed without an answer.
  ferry::net::Task<ferry::net::HttpResponse> pass(Service service, ferry::net::HttpRequest request,
                                                  ferry::net::HttpHandler next);

 private:
  struct Armed {
    Entry entry;
    std::mt19937_64 random;  // its sequence is laid down by the standard
  };
  static bool strikes(Armed& armed, Service service, std::string_view method,
                      std::string_view target);

  std::vector<Armed> armed_;
  std::uint64_t added_ = 0;
};

// What the service answers when `fault` (status or throttle) strikes, in the service's own form.
ferry::net::HttpResponse refusal_of(const Fault& fault, Service service,
                                    const ferry::net::HttpRequest& request);

}  // namespace drydock
