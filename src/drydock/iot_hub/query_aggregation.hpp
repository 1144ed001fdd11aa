// SPDX-License-Identifier: Apache-2.0
// GROUP BY, count(), sum(), avg(), min() and max(). Pure.
#pragma once

#include <map>

#include "drydock/iot_hub/query.hpp"

namespace drydock::iot_hub::query {

class Aggregation {
 public:
  explicit Aggregation(const Select& select) : select_(select) {}

  void add(const Source& source);
  // One row a group, in an order that depends on nothing but the groups; without GROUP BY exactly
  // one, whatever was added. Values that are undefined have no member.
  json::array rows() const;

 private:
  struct Cell {  // of one column in one group
    std::int64_t count = 0;
    double sum = 0;
    std::optional<json::value> value;  // of the group, the least or the greatest
  };
  json::object row(const std::vector<Cell>& cells) const;

  const Select& select_;
  std::map<std::string, std::vector<Cell>> groups_;
};

}  // namespace drydock::iot_hub::query
