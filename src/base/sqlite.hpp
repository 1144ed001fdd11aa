// SPDX-License-Identifier: Apache-2.0
// SQLite (WAL) behind RAII. A Database belongs to one thread. Prepared statements are cached by
// their text, so pass literals. A damaged database or a full disk is an Error, never an exception.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace ferry::sqlite {

// One bound parameter: text, blob, whole number or NULL.
class Value {
 public:
  Value(std::nullptr_t) {}
  Value(std::string_view text) : kind_(Kind::text), text_(text) {}
  Value(const std::string& text) : kind_(Kind::text), text_(text) {}
  Value(const char* text) : kind_(Kind::text), text_(text) {}
  Value(std::int64_t number) : kind_(Kind::number), number_(number) {}
  Value(int number) : kind_(Kind::number), number_(number) {}
  Value(bool flag) : kind_(Kind::number), number_(flag ? 1 : 0) {}
  Value(const std::optional<std::string>& text)
      : kind_(text ? Kind::text : Kind::null), text_(text ? std::string_view(*text) : "") {}
  static Value blob(std::string_view bytes) {
    Value value(bytes);
    value.kind_ = Kind::blob;
    return value;
  }

 private:
  friend class Database;
  enum class Kind { null, text, blob, number };
  Kind kind_ = Kind::null;
  std::string_view text_;  // borrowed for the duration of the call
  std::int64_t number_ = 0;
};

// A row as read: columns by position. NULL reads as "" or 0; is_null tells it apart.
class Row {
 public:
  std::string text(int column) const;  // also for blobs
  std::int64_t number(int column) const;
  bool is_null(int column) const;
  std::optional<std::string> optional_text(int column) const;

 private:
  friend class Database;
  struct Cell {
    bool null = true;
    std::string text;
    std::int64_t number = 0;
  };
  std::vector<Cell> cells_;
};

class Database {
 public:
  // Creates the file when absent (mode 0600 by the umask of the caller) and applies the migrations
  // that it has not seen yet, in order, each in its own transaction. A migration that has been
  // applied must never change: its checksum is compared.
  static Result<Database> open(const std::filesystem::path& path,
                               std::span<const std::string_view> migrations);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  Result<void> execute(std::string_view sql, std::initializer_list<Value> parameters = {});
  Result<std::vector<Row>> query(std::string_view sql,
                                 std::initializer_list<Value> parameters = {});
  // The first row, or nothing.
  Result<std::optional<Row>> query_one(std::string_view sql,
                                       std::initializer_list<Value> parameters = {});
  std::int64_t changes() const;  // rows changed by the last execute

 private:
  friend class Transaction;
  explicit Database(sqlite3* handle) : handle_(handle) {}
  Result<sqlite3_stmt*> prepare(std::string_view sql, std::initializer_list<Value> parameters);
  Error failure(std::string_view action) const;
  Result<void> migrate(std::span<const std::string_view> migrations);

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  sqlite3* handle_ = nullptr;
  std::unordered_map<std::string, sqlite3_stmt*, TextHash, std::equal_to<>> statements_;
};

// BEGIN IMMEDIATE now, ROLLBACK at the end of the scope unless committed. Do not co_await inside.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace ferry::sqlite
