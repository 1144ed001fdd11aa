// SPDX-License-Identifier: Apache-2.0
#include "oci/transport.hpp"

namespace ferry::oci {

Transport transport_over(net::HttpClient& client) {
  return [&client](net::HttpCall call) { return client.send(std::move(call)); };
}

}  // namespace ferry::oci
