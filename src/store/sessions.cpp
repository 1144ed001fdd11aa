// SPDX-License-Identifier: Apache-2.0
#include "store/sessions.hpp"

#include "store/rows.hpp"

namespace ferry::store {
namespace {

Result<Session> read_session(const sqlite::Row& row) {
  return Session{row.text(0), row.text(1), to_time(row, 2), to_time(row, 3)};
}

}  // namespace

Result<void> Sessions::insert(const Session& session) {
  return database_.execute(
      "INSERT INTO sessions(hash, token, created_at, expires_at) VALUES(?, ?, ?, ?)",
      {session.hash, session.token, to_column(session.created_at), to_column(session.expires_at)});
}

Result<std::optional<Session>> Sessions::find(const std::string& hash) const {
  return read_one<Session>(
      database_.query_one("SELECT hash, token, created_at, expires_at FROM sessions WHERE hash = ?",
                          {hash}),
      read_session);
}

Result<void> Sessions::remove(const std::string& hash) {
  return database_.execute("DELETE FROM sessions WHERE hash = ?", {hash});
}

Result<void> Sessions::remove_expired(Timestamp now) {
  return database_.execute("DELETE FROM sessions WHERE expires_at <= ?", {to_column(now)});
}

}  // namespace ferry::store
