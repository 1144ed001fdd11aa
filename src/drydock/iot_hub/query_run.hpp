// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drydock/iot_hub/hub.hpp"

namespace drydock::iot_hub {

struct QueryPage {
  json::array items;
  std::string_view type;     // "Twin", "JobResponse" or, of projections, "Raw"
  std::string continuation;  // empty on the last page
};

// Rows in the order of device and module ids, of groups, or of `jobs`, which is what `continuation`
// relies on. `jobs` is the collection devices.jobs. 400004 for a continuation that is not one.
Outcome<QueryPage> run_query(const Hub& hub, const query::Select& select, std::size_t page_size,
                             std::string_view continuation, const json::array& jobs);
std::int64_t count_matches(const Hub& hub, const query::Select& select);

}  // namespace drydock::iot_hub
