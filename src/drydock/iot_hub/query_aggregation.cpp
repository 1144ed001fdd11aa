// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/query_aggregation.hpp"

#include <cmath>

namespace drydock::iot_hub::query {
namespace {

using Aggregate = Column::Aggregate;

json::value whole_if_possible(double number) {
  if (std::trunc(number) == number && std::abs(number) < 9007199254740992.0) {  // 2^53
    return static_cast<std::int64_t>(number);
  }
  return number;
}

}  // namespace

void Aggregation::add(const Source& source) {
  std::string key;
  for (const Path& group : select_.groups) {
    const Found found = source.find(group);
    key += found.get() ? json::serialize(*found.get()) : "undefined";
    key += '\n';
  }
  auto [at, is_new] = groups_.try_emplace(key, select_.columns.size());
  std::vector<Cell>& cells = at->second;
  for (std::size_t index = 0; index < cells.size(); ++index) {
    const Column& column = select_.columns[index];
    Cell& cell = cells[index];
    if (column.aggregate == Aggregate::count) {
      ++cell.count;
      continue;
    }
    const Found found = source.find(column.path);
    if (!found.get()) continue;
    const json::value& value = *found.get();
    if (column.aggregate == Aggregate::none) {
      if (is_new) cell.value = value;
    } else if (column.aggregate == Aggregate::sum || column.aggregate == Aggregate::average) {
      if (!value.is_number()) continue;
      ++cell.count;
      cell.sum += value.to_number<double>();
    } else {
      const auto order = cell.value ? compare(value, *cell.value) : 0;
      const bool better =
          !cell.value ||
          (order && (column.aggregate == Aggregate::least ? *order < 0 : *order > 0));
      if (better && !value.is_structured()) cell.value = value;
    }
  }
}

json::object Aggregation::row(const std::vector<Cell>& cells) const {
  json::object result;
  for (std::size_t index = 0; index < cells.size(); ++index) {
    const Column& column = select_.columns[index];
    const Cell& cell = cells[index];
    switch (column.aggregate) {
      case Aggregate::count:
        result[column.name] = cell.count;
        break;
      case Aggregate::sum:
        result[column.name] = whole_if_possible(cell.sum);
        break;
      case Aggregate::average:
        if (cell.count > 0) {
          result[column.name] = whole_if_possible(cell.sum / static_cast<double>(cell.count));
        }
        break;
      default:
        if (cell.value) result[column.name] = *cell.value;
    }
  }
  return result;
}

json::array Aggregation::rows() const {
  json::array result;
  for (const auto& [key, cells] : groups_) result.push_back(row(cells));
  if (result.empty() && select_.groups.empty()) {
    result.push_back(row(std::vector<Cell>(select_.columns.size())));
  }
  return result;
}

}  // namespace drydock::iot_hub::query
