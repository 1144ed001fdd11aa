// SPDX-License-Identifier: Apache-2.0
#include "base/sqlite.hpp"

#include <sqlite3.h>

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace ferry::sqlite {

std::string Row::text(int column) const {
  return cells_[static_cast<std::size_t>(column)].text;
}
std::int64_t Row::number(int column) const {
  return cells_[static_cast<std::size_t>(column)].number;
}
bool Row::is_null(int column) const {
  return cells_[static_cast<std::size_t>(column)].null;
}
std::optional<std::string> Row::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

Result<Database> Database::open(const std::filesystem::path& path,
                                std::span<const std::string_view> migrations) {
  sqlite3* handle = nullptr;
  const int opened =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Database database(handle);
  const std::string story = "open database " + path.string();
  if (opened != SQLITE_OK) return fail(database.failure(story));
  sqlite3_busy_timeout(handle, 5000);
  for (std::string_view pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL",
                                  "PRAGMA foreign_keys = ON", "PRAGMA cache_size = -16384"}) {
    if (auto set = database.query(pragma); !set)
      return fail(std::move(set).error().with("{}", story));
  }
  if (auto migrated = database.migrate(migrations); !migrated) {
    return fail(std::move(migrated).error().with("{}", story));
  }
  return database;
}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), statements_(std::move(other.statements_)) {
  other.statements_.clear();
}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(statements_, other.statements_);
  return *this;
}

Database::~Database() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Error Database::failure(std::string_view action) const {
  const int status = handle_ ? sqlite3_errcode(handle_) : SQLITE_NOMEM;
  const Code code = status == SQLITE_CONSTRAINT ? Code::conflict
                    : status == SQLITE_FULL     ? Code::resource_exhausted
                    : status == SQLITE_BUSY     ? Code::unavailable
                    : status == SQLITE_CANTOPEN ? Code::not_found
                                                : Code::internal;
  return Error{code,
               fmt::format("{}: {}", action, handle_ ? sqlite3_errmsg(handle_) : "out of memory")};
}

Result<sqlite3_stmt*> Database::prepare(std::string_view sql,
                                        std::initializer_list<Value> parameters) {
  auto cached = statements_.find(sql);
  if (cached == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
      return fail(failure(fmt::format("prepare '{}'", sql)));
    }
    cached = statements_.emplace(std::string(sql), statement).first;
  }
  sqlite3_stmt* statement = cached->second;
  FERRY_CHECK(sqlite3_bind_parameter_count(statement) == static_cast<int>(parameters.size()));
  int index = 0;
  for (const Value& value : parameters) {
    ++index;
    const int size = static_cast<int>(value.text_.size());
    switch (value.kind_) {
      case Value::Kind::null:
        sqlite3_bind_null(statement, index);
        break;
      case Value::Kind::number:
        sqlite3_bind_int64(statement, index, value.number_);
        break;
      case Value::Kind::text:
        sqlite3_bind_text(statement, index, value.text_.data() ? value.text_.data() : "", size,
                          SQLITE_STATIC);
        break;
      case Value::Kind::blob:
        sqlite3_bind_blob(statement, index, value.text_.data() ? value.text_.data() : "", size,
                          SQLITE_STATIC);
        break;
    }
  }
  return statement;
}

Result<void> Database::execute(std::string_view sql, std::initializer_list<Value> parameters) {
  auto rows = query(sql, parameters);
  if (!rows) return fail(std::move(rows).error());
  return {};
}

Result<std::vector<Row>> Database::query(std::string_view sql,
                                         std::initializer_list<Value> parameters) {
  auto statement = prepare(sql, parameters);
  if (!statement) return fail(std::move(statement).error());
  std::vector<Row> rows;
  int status = SQLITE_ROW;
  while ((status = sqlite3_step(*statement)) == SQLITE_ROW) {
    Row row;
    const int columns = sqlite3_column_count(*statement);
    row.cells_.resize(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) {
      auto& cell = row.cells_[static_cast<std::size_t>(column)];
      cell.null = sqlite3_column_type(*statement, column) == SQLITE_NULL;
      if (cell.null) continue;
      cell.number = sqlite3_column_int64(*statement, column);
      const void* bytes = sqlite3_column_blob(*statement, column);
      const int size = sqlite3_column_bytes(*statement, column);
      if (bytes) cell.text.assign(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    rows.push_back(std::move(row));
  }
  if (status != SQLITE_DONE) {
    Error error = failure(fmt::format("execute '{}'", sql));
    sqlite3_reset(*statement);
    sqlite3_clear_bindings(*statement);
    return fail(std::move(error));
  }
  sqlite3_reset(*statement);
  sqlite3_clear_bindings(*statement);
  return rows;
}

Result<std::optional<Row>> Database::query_one(std::string_view sql,
                                               std::initializer_list<Value> parameters) {
  auto rows = query(sql, parameters);
  if (!rows) return fail(std::move(rows).error());
  if (rows->empty()) return std::optional<Row>();
  return std::optional<Row>(std::move(rows->front()));
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(handle_);
}

Result<void> Database::migrate(std::span<const std::string_view> migrations) {
  if (auto made = execute("CREATE TABLE IF NOT EXISTS schema_migrations("
                          "number INTEGER PRIMARY KEY, checksum TEXT NOT NULL) STRICT");
      !made) {
    return made;
  }
  auto applied = query("SELECT checksum FROM schema_migrations ORDER BY number");
  if (!applied) return fail(std::move(applied).error());
  if (applied->size() > migrations.size()) {
    return fail(Error{Code::precondition_failed,
                      "the database was written by a newer version of this program",
                      "use that version, or another data directory"});
  }
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    const std::string checksum = hex_encode(sha256(migrations[i]));
    if (i < applied->size()) {
      if ((*applied)[i].text(0) == checksum) continue;
      return fail(Code::precondition_failed, "migration {} differs from the one applied", i + 1);
    }
    auto transaction = Transaction::begin(*this);
    if (!transaction) return fail(std::move(transaction).error());
    if (sqlite3_exec(handle_, std::string(migrations[i]).c_str(), nullptr, nullptr, nullptr) !=
        SQLITE_OK) {
      return fail(failure(fmt::format("apply migration {}", i + 1)));
    }
    auto noted = execute("INSERT INTO schema_migrations(number, checksum) VALUES(?, ?)",
                         {static_cast<std::int64_t>(i + 1), checksum});
    if (!noted) return noted;
    if (auto committed = transaction->commit(); !committed) return committed;
  }
  return {};
}

Result<Transaction> Transaction::begin(Database& database) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) {
    return fail(std::move(begun).error());
  }
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (!database_) return;
  [[maybe_unused]] auto rolled_back = database_->execute("ROLLBACK");
}

Result<void> Transaction::commit() {
  auto committed = database_->execute("COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

}  // namespace ferry::sqlite
