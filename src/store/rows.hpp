// SPDX-License-Identifier: Apache-2.0
// Small helpers between rows and values; for the repositories alone.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/sqlite.hpp"

namespace ferry::store {

inline std::int64_t to_column(Timestamp time) {
  return time.time_since_epoch().count();
}
inline sqlite::Value to_column(const std::optional<Timestamp>& time) {
  return time ? sqlite::Value(to_column(*time)) : sqlite::Value(nullptr);
}
inline Timestamp to_time(const sqlite::Row& row, int column) {
  return Timestamp(std::chrono::milliseconds(row.number(column)));
}
inline std::optional<Timestamp> to_optional_time(const sqlite::Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return to_time(row, column);
}

// `read` turns a row into Result<T>.
template <class T, class Read>
Result<std::vector<T>> read_all(Result<std::vector<sqlite::Row>> rows, Read read) {
  if (!rows) return fail(std::move(rows).error());
  std::vector<T> values;
  values.reserve(rows->size());
  for (const auto& row : *rows) {
    Result<T> value = read(row);
    if (!value) return fail(std::move(value).error());
    values.push_back(*std::move(value));
  }
  return values;
}

template <class T, class Read>
Result<std::optional<T>> read_one(Result<std::optional<sqlite::Row>> row, Read read) {
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::optional<T>();
  Result<T> value = read(**row);
  if (!value) return fail(std::move(value).error());
  return std::optional<T>(*std::move(value));
}

}  // namespace ferry::store
