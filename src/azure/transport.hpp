// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "net/http_client.hpp"

namespace ferry::azure {

// One HTTP exchange. A function so that tests script the other side.
using Transport = std::function<net::Task<Result<net::HttpResponse>>(net::HttpCall)>;

// `client` must outlive the result.
Transport transport_over(net::HttpClient& client);

}  // namespace ferry::azure
