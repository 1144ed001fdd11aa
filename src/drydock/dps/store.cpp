// SPDX-License-Identifier: Apache-2.0
#include "drydock/dps/store.hpp"

#include "base/encoding.hpp"

namespace drydock::dps {
namespace {

using ferry::fail;
using ferry::Result;

constexpr std::string_view kMigrations[] = {R"sql(
CREATE TABLE enrollments(
  service TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY(service, kind, id)) STRICT, WITHOUT ROWID;
CREATE TABLE registrations(
  service TEXT NOT NULL,
  id TEXT NOT NULL,
  enrollment_group TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY(service, id)) STRICT, WITHOUT ROWID;
CREATE INDEX registrations_by_group ON registrations(service, enrollment_group);
)sql"};

}  // namespace

Result<Store> Store::open(const std::filesystem::path& file) {
  auto database = ferry::sqlite::Database::open(file, kMigrations);
  if (!database) return fail(std::move(database).error());
  Store store(*std::move(database));
  if (auto loaded = store.load(); !loaded) return fail(std::move(loaded).error());
  return store;
}

Result<void> Store::load() {
  auto rows = database_.query("SELECT service, kind, document FROM enrollments");
  if (!rows) return fail(std::move(rows).error());
  for (const auto& row : *rows) {
    const auto kind = row.text(1) == "group" ? EnrollmentKind::group : EnrollmentKind::individual;
    auto document = ferry::parse_json_object(row.text(2));
    if (!document) return fail(std::move(document).error().with("read an enrollment"));
    auto enrollment = enrollment_from_storage(kind, *document);
    if (!enrollment) {
      return fail(ferry::Code::internal, "an enrollment is damaged: {}",
                  enrollment.error().message);
    }
    const std::string id = ferry::to_lower(enrollment->id);
    enrollments_[{row.text(0), kind}].insert_or_assign(id, *std::move(enrollment));
  }
  return {};
}

const Store::Enrollments& Store::enrollments(const std::string& service,
                                             EnrollmentKind kind) const {
  static const Enrollments kNone;
  const auto found = enrollments_.find({service, kind});
  return found == enrollments_.end() ? kNone : found->second;
}

const Enrollment* Store::find(const std::string& service, EnrollmentKind kind,
                              std::string_view id) const {
  const Enrollments& all = enrollments(service, kind);
  const auto found = all.find(ferry::to_lower(id));
  return found == all.end() ? nullptr : &found->second;
}

Result<void> Store::save(const std::string& service, Enrollment enrollment) {
  const std::string id = ferry::to_lower(enrollment.id);
  auto saved = database_.execute(
      "INSERT INTO enrollments(service, kind, id, document) VALUES(?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET document = excluded.document",
      {service, to_string(enrollment.kind), id, json::serialize(enrollment.document)});
  if (!saved) return saved;
  enrollments_[{service, enrollment.kind}].insert_or_assign(id, std::move(enrollment));
  return {};
}

Result<void> Store::erase(const std::string& service, EnrollmentKind kind, std::string_view id) {
  const std::string lower = ferry::to_lower(id);
  auto erased =
      database_.execute("DELETE FROM enrollments WHERE service = ? AND kind = ? AND id = ?",
                        {service, to_string(kind), lower});
  if (erased) enrollments_[{service, kind}].erase(lower);
  return erased;
}

Result<std::optional<json::object>> Store::registration(const std::string& service,
                                                        std::string_view id) {
  auto row = database_.query_one("SELECT record FROM registrations WHERE service = ? AND id = ?",
                                 {service, ferry::to_lower(id)});
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::optional<json::object>();
  auto record = ferry::parse_json_object((*row)->text(0));
  if (!record) return fail(std::move(record).error());
  return std::optional<json::object>(*std::move(record));
}

Result<std::vector<json::object>> Store::registrations_of_group(const std::string& service,
                                                                std::string_view group) {
  auto rows = database_.query(
      "SELECT record FROM registrations WHERE service = ? AND enrollment_group = ? ORDER BY id",
      {service, ferry::to_lower(group)});
  if (!rows) return fail(std::move(rows).error());
  std::vector<json::object> records;
  for (const auto& row : *rows) {
    auto record = ferry::parse_json_object(row.text(0));
    if (!record) return fail(std::move(record).error());
    records.push_back(*std::move(record));
  }
  return records;
}

Result<void> Store::save_registration(const std::string& service, std::string_view id,
                                      const json::object& record) {
  const json::value whole = record;
  const json::value* group = ferry::find_path(whole, "registrationState.x509.enrollmentGroupId");
  if (!group) {
    group = ferry::find_path(whole, "registrationState.symmetricKey.enrollmentGroupId");
  }
  const std::string group_id =
      group && group->is_string() ? ferry::to_lower(group->get_string()) : std::string();
  return database_.execute(
      "INSERT INTO registrations(service, id, enrollment_group, record) VALUES(?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET enrollment_group = excluded.enrollment_group, "
      "record = excluded.record",
      {service, ferry::to_lower(id), group_id, json::serialize(whole)});
}

Result<void> Store::erase_registration(const std::string& service, std::string_view id) {
  return database_.execute("DELETE FROM registrations WHERE service = ? AND id = ?",
                           {service, ferry::to_lower(id)});
}

Result<void> Store::erase_service(const std::string& service) {
  for (EnrollmentKind kind : {EnrollmentKind::group, EnrollmentKind::individual}) {
    enrollments_.erase({service, kind});
  }
  auto erased = database_.execute("DELETE FROM enrollments WHERE service = ?", {service});
  if (erased) erased = database_.execute("DELETE FROM registrations WHERE service = ?", {service});
  return erased;
}

}  // namespace drydock::dps
