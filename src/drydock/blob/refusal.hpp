// SPDX-License-Identifier: Apache-2.0
// How Blob Storage says no (Storage REST, "Status and error codes"): a status, a code that clients
// compare with, and a sentence for people. The code travels in x-ms-error-code too, because a HEAD
// answer has no body.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "net/http.hpp"

namespace drydock::blob {

namespace net = ferry::net;

struct Refusal {
  int status = 500;
  std::string code;
  std::string message;
  std::vector<std::pair<std::string, std::string>> details = {};  // further XML elements
  net::Headers headers = {};
};

template <class T>
using Outcome = tl::expected<T, Refusal>;

tl::unexpected<Refusal> refuse(int status, std::string code, std::string message);
tl::unexpected<Refusal> refuse(Refusal refusal);
// For faults of Drydock itself: logs what happened, tells the client InternalError.
tl::unexpected<Refusal> refuse_internal(const ferry::Error& error);
tl::unexpected<Refusal> refuse_header(std::string_view name, std::string_view value);
tl::unexpected<Refusal> refuse_query(std::string_view name, std::string_view value);

net::HttpResponse to_response(const Refusal& refusal, std::string_view request_id,
                              ferry::Timestamp now);

}  // namespace drydock::blob
