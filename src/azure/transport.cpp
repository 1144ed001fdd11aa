// SPDX-License-Identifier: Apache-2.0
#include "azure/transport.hpp"

namespace ferry::azure {

Transport transport_over(net::HttpClient& client) {
  return [&client](net::HttpCall call) { return client.send(std::move(call)); };
}

}  // namespace ferry::azure
