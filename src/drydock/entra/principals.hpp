// SPDX-License-Identifier: Apache-2.0
// Who can sign in to the local cloud's tenant: applications, managed identities and one user. State
// of Entra in SQLite; the program's commands open it beside a running server.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/secret.hpp"
#include "base/sqlite.hpp"
#include "x509/certificate.hpp"

namespace drydock::entra {

enum class PrincipalKind { application, managed_identity, user };
std::string_view to_string(PrincipalKind kind);  // "application", "managed-identity", "user"

struct Principal {
  std::string object_id;  // what role assignments name
  std::string client_id;  // the application id; a user has none
  std::string name;       // a user's principal name
  PrincipalKind kind = PrincipalKind::application;
  std::string created;  // RFC 3339
};

// Tokens of another issuer that an application may sign in with (workload identity federation).
struct Federation {
  std::string issuer;
  std::string subject;
  std::string audience;
  ferry::json::object keys;  // the issuer's JSON Web Key Set (RFC 7517)
};

class Principals {
 public:
  // Makes the tenant, its first application, its user and the machine's identity on first use.
  static ferry::Result<Principals> open(const std::filesystem::path& database,
                                        const ferry::Clock& clock);
  ferry::sqlite::Database& database() { return database_; }

  const std::string& tenant_id() const { return tenant_id_; }
  const ferry::Secret& signing_key() const { return signing_key_; }  // RSA, PEM
  // The application of environment.json.
  const Principal& first_application() const { return first_application_; }
  const ferry::Secret& first_secret() const { return first_secret_; }
  const Principal& user() const { return user_; }
  // What programs on this machine are, to the endpoint for managed identities.
  const Principal& machine() const { return machine_; }

  ferry::Result<std::optional<Principal>> find_client(std::string_view client_id);
  ferry::Result<std::optional<Principal>> find(std::string_view object_id);
  ferry::Result<std::vector<Principal>> list();  // oldest first
  // Code::conflict when the name is taken.
  ferry::Result<Principal> add(PrincipalKind kind, std::string_view name);
  // Code::not_found, Code::conflict for those that every tenant has.
  ferry::Result<void> remove(std::string_view client_id);

  // Shown once: only its hash is kept.
  ferry::Result<ferry::Secret> add_secret(const Principal& principal);
  ferry::Result<bool> has_secret(const Principal& principal, const ferry::Secret& secret);
  ferry::Result<void> add_certificate(const Principal& principal,
                                      const ferry::x509::Certificate& certificate);
  ferry::Result<std::vector<ferry::x509::Certificate>> certificates(const Principal& principal);
  ferry::Result<void> add_federation(const Principal& principal, const Federation& federation);
  ferry::Result<std::vector<Federation>> federations(const Principal& principal);

 private:
  Principals(ferry::sqlite::Database database, const ferry::Clock& clock)
      : database_(std::move(database)), clock_(&clock) {}
  ferry::Result<void> prepare();
  ferry::Result<Principal> standing(std::string_view setting_prefix, PrincipalKind kind,
                                    std::string_view name);
  ferry::Result<void> insert(const Principal& principal);
  ferry::Result<void> insert_credential(const Principal& principal, std::string_view kind,
                                        std::string_view value);
  bool is_standing(const Principal& principal) const;

  ferry::sqlite::Database database_;
  const ferry::Clock* clock_;
  std::string tenant_id_;
  ferry::Secret signing_key_;
  Principal first_application_;
  ferry::Secret first_secret_;
  Principal user_;
  Principal machine_;
};

}  // namespace drydock::entra
