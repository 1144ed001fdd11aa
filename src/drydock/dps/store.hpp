// SPDX-License-Identifier: Apache-2.0
// What the provisioning services keep: dps.db. Enrollments are also held in memory, with their
// certificates parsed, because every registration looks at all of a service's groups.
#pragma once

#include <filesystem>
#include <map>

#include "base/sqlite.hpp"
#include "drydock/dps/enrollment.hpp"

namespace drydock::dps {

class Store {
 public:
  using Enrollments = std::map<std::string, Enrollment>;  // by lower-case id

  static ferry::Result<Store> open(const std::filesystem::path& file);

  // `service` is a lower-case name everywhere.
  const Enrollments& enrollments(const std::string& service, EnrollmentKind kind) const;
  const Enrollment* find(const std::string& service, EnrollmentKind kind,
                         std::string_view id) const;
  ferry::Result<void> save(const std::string& service, Enrollment enrollment);
  ferry::Result<void> erase(const std::string& service, EnrollmentKind kind, std::string_view id);

  // Registration records, by registration id without case.
  ferry::Result<std::optional<json::object>> registration(const std::string& service,
                                                          std::string_view id);
  ferry::Result<std::vector<json::object>> registrations_of_group(const std::string& service,
                                                                  std::string_view group);
  ferry::Result<void> save_registration(const std::string& service, std::string_view id,
                                        const json::object& record);
  ferry::Result<void> erase_registration(const std::string& service, std::string_view id);
  ferry::Result<void> erase_service(const std::string& service);

 private:
  explicit Store(ferry::sqlite::Database database) : database_(std::move(database)) {}
  ferry::Result<void> load();

  ferry::sqlite::Database database_;
  std::map<std::pair<std::string, EnrollmentKind>, Enrollments> enrollments_;
};

}  // namespace drydock::dps
