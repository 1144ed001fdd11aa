// SPDX-License-Identifier: Apache-2.0
// How a registry says no (OCI distribution 1.1, "Error codes"):
// {"errors":[{"code","message","detail"}]}.
#pragma once

#include <string>

#include "net/http.hpp"

namespace drydock::registry {

namespace net = ferry::net;

struct Refusal {
  int status = 500;
  std::string code;
  std::string message;
  net::Headers headers = {};
};

template <class T>
using Outcome = tl::expected<T, Refusal>;

tl::unexpected<Refusal> refuse(int status, std::string code, std::string message);
tl::unexpected<Refusal> refuse(Refusal refusal);
// For faults of Drydock itself: logs what happened, tells the client no more than that.
tl::unexpected<Refusal> refuse_internal(const ferry::Error& error);

net::HttpResponse to_response(const Refusal& refusal);
net::HttpResponse json_response(int status, std::string body);

}  // namespace drydock::registry
