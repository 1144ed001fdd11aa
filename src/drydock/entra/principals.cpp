// SPDX-License-Identifier: Apache-2.0
#include "drydock/entra/principals.hpp"

#include <array>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/id.hpp"
#include "x509/keys.hpp"

namespace drydock::entra {

using namespace ferry;

namespace {

constexpr std::array<std::string_view, 2> kMigrations = {
    "CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    R"(CREATE TABLE principals(
         object_id TEXT PRIMARY KEY COLLATE NOCASE,
         client_id TEXT NOT NULL COLLATE NOCASE,
         name TEXT NOT NULL UNIQUE COLLATE NOCASE,
         kind TEXT NOT NULL,
         created TEXT NOT NULL) STRICT;
       CREATE INDEX principals_client ON principals(client_id);
       -- kind 'secret': SHA-256 in hex; 'certificate': PEM; 'federation': JSON
       CREATE TABLE credentials(
         object_id TEXT NOT NULL COLLATE NOCASE REFERENCES principals(object_id) ON DELETE CASCADE,
         kind TEXT NOT NULL,
         value TEXT NOT NULL,
         PRIMARY KEY(object_id, kind, value)) STRICT;
       CREATE TABLE device_logins(
         device_hash TEXT PRIMARY KEY,
         user_code TEXT NOT NULL UNIQUE,
         client_id TEXT NOT NULL,
         scope TEXT NOT NULL,
         state TEXT NOT NULL,
         expires_at INTEGER NOT NULL) STRICT;
       CREATE TABLE refresh_tokens(
         token_hash TEXT PRIMARY KEY,
         object_id TEXT NOT NULL COLLATE NOCASE REFERENCES principals(object_id) ON DELETE CASCADE,
         client_id TEXT NOT NULL,
         expires_at INTEGER NOT NULL) STRICT;
       CREATE TABLE assertions(
         jti TEXT PRIMARY KEY,
         digest TEXT NOT NULL,
         expires_at INTEGER NOT NULL) STRICT;)"};

constexpr std::string_view kFirstApplication = "drydock";
constexpr std::string_view kUser = "developer@drydock.localhost";
constexpr std::string_view kMachine = "this-machine";

template <class Make>
Result<std::string> setting(sqlite::Database& database, std::string_view name, Make make) {
  auto row = database.query_one("SELECT value FROM settings WHERE name = ?", {name});
  if (!row) return fail(std::move(row).error());
  if (*row) return (*row)->text(0);
  std::string value = make();
  auto saved = database.execute("INSERT INTO settings(name, value) VALUES(?, ?)", {name, value});
  if (!saved) return fail(std::move(saved).error());
  return value;
}

std::string hash_of(const Secret& secret) {
  return hex_encode(sha256(secret.reveal()));
}

// Begins with a letter: `az login -p` and other command lines take a leading hyphen for an option.
std::string make_secret() {
  return "dry8Q~" + base64url_encode(random_bytes(25));
}

PrincipalKind kind_from(std::string_view text) {
  for (const PrincipalKind kind : {PrincipalKind::managed_identity, PrincipalKind::user}) {
    if (to_string(kind) == text) return kind;
  }
  return PrincipalKind::application;
}

Principal read_principal(const sqlite::Row& row) {
  return {row.text(0), row.text(1), row.text(2), kind_from(row.text(3)), row.text(4)};
}

}  // namespace

std::string_view to_string(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::application:
      return "application";
    case PrincipalKind::managed_identity:
      return "managed-identity";
    case PrincipalKind::user:
      return "user";
  }
  return "";
}

Result<Principals> Principals::open(const std::filesystem::path& path, const Clock& clock) {
  auto database = sqlite::Database::open(path, kMigrations);
  if (!database) return fail(std::move(database).error().with("open {}", path.string()));
  Principals principals(*std::move(database), clock);
  auto prepared = principals.prepare();
  if (!prepared) return fail(std::move(prepared).error().with("prepare {}", path.string()));
  return principals;
}

Result<void> Principals::prepare() {
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  auto tenant = setting(database_, "tenant_id", random_uuid);
  if (!tenant) return fail(std::move(tenant).error());
  tenant_id_ = *std::move(tenant);
  auto key = setting(database_, "signing_key", [] {
    return x509::PrivateKey::generate(x509::KeyType::rsa_2048).to_pem().reveal();
  });
  if (!key) return fail(std::move(key).error());
  signing_key_ = Secret(*std::move(key));
  auto secret = setting(database_, "client_secret", make_secret);
  if (!secret) return fail(std::move(secret).error());
  first_secret_ = Secret(*std::move(secret));

  auto application = standing("", PrincipalKind::application, kFirstApplication);
  if (!application) return fail(std::move(application).error());
  first_application_ = *std::move(application);
  auto user = standing("user_", PrincipalKind::user, kUser);
  if (!user) return fail(std::move(user).error());
  user_ = *std::move(user);
  auto machine = standing("machine_", PrincipalKind::managed_identity, kMachine);
  if (!machine) return fail(std::move(machine).error());
  machine_ = *std::move(machine);
  auto known = insert_credential(first_application_, "secret", hash_of(first_secret_));
  if (!known) return known;
  return transaction->commit();
}

Result<Principal> Principals::standing(std::string_view prefix, PrincipalKind kind,
                                       std::string_view name) {
  Principal principal{"", "", std::string(name), kind, format_rfc3339(clock_->now())};
  auto object = setting(database_, fmt::format("{}object_id", prefix), random_uuid);
  if (!object) return fail(std::move(object).error());
  principal.object_id = *std::move(object);
  if (kind != PrincipalKind::user) {
    auto client = setting(database_, fmt::format("{}client_id", prefix), random_uuid);
    if (!client) return fail(std::move(client).error());
    principal.client_id = *std::move(client);
  }
  auto stored = find(principal.object_id);
  if (!stored) return fail(std::move(stored).error());
  if (*stored) return **std::move(stored);
  auto inserted = insert(principal);
  if (!inserted) return fail(std::move(inserted).error());
  return principal;
}

Result<void> Principals::insert(const Principal& principal) {
  return database_.execute(
      "INSERT INTO principals(object_id, client_id, name, kind, created) VALUES(?, ?, ?, ?, ?)",
      {principal.object_id, principal.client_id, principal.name, to_string(principal.kind),
       principal.created});
}

Result<std::optional<Principal>> Principals::find_client(std::string_view client_id) {
  if (client_id.empty()) return std::nullopt;
  auto row = database_.query_one(
      "SELECT object_id, client_id, name, kind, created FROM principals WHERE client_id = ?",
      {client_id});
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::nullopt;
  return read_principal(**row);
}

Result<std::optional<Principal>> Principals::find(std::string_view object_id) {
  auto row = database_.query_one(
      "SELECT object_id, client_id, name, kind, created FROM principals WHERE object_id = ?",
      {object_id});
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::nullopt;
  return read_principal(**row);
}

Result<std::vector<Principal>> Principals::list() {
  auto rows = database_.query(
      "SELECT object_id, client_id, name, kind, created FROM principals ORDER BY rowid");
  if (!rows) return fail(std::move(rows).error());
  std::vector<Principal> principals;
  for (const sqlite::Row& row : *rows) principals.push_back(read_principal(row));
  return principals;
}

Result<Principal> Principals::add(PrincipalKind kind, std::string_view name) {
  auto taken = database_.query_one("SELECT 1 FROM principals WHERE name = ?", {name});
  if (!taken) return fail(std::move(taken).error());
  if (*taken) return fail(Code::conflict, "there is already a principal named '{}'", name);
  Principal principal{random_uuid(), random_uuid(), std::string(name), kind,
                      format_rfc3339(clock_->now())};
  auto inserted = insert(principal);
  if (!inserted) return fail(std::move(inserted).error());
  return principal;
}

bool Principals::is_standing(const Principal& principal) const {
  for (const Principal* mine : {&first_application_, &user_, &machine_}) {
    if (equals_ignore_case(mine->object_id, principal.object_id)) return true;
  }
  return false;
}

Result<void> Principals::remove(std::string_view client_id) {
  auto principal = find_client(client_id);
  if (!principal) return fail(std::move(principal).error());
  if (!*principal) return fail(Code::not_found, "there is no application '{}'", client_id);
  if (is_standing(**principal)) {
    return fail(Code::conflict, "'{}' belongs to every local cloud and stays", (*principal)->name);
  }
  return database_.execute("DELETE FROM principals WHERE object_id = ?", {(*principal)->object_id});
}

Result<void> Principals::insert_credential(const Principal& principal, std::string_view kind,
                                           std::string_view value) {
  return database_.execute(
      "INSERT OR IGNORE INTO credentials(object_id, kind, value) VALUES(?, ?, ?)",
      {principal.object_id, kind, value});
}

Result<Secret> Principals::add_secret(const Principal& principal) {
  Secret secret(make_secret());
  auto inserted = insert_credential(principal, "secret", hash_of(secret));
  if (!inserted) return fail(std::move(inserted).error());
  return secret;
}

Result<bool> Principals::has_secret(const Principal& principal, const Secret& secret) {
  auto rows =
      database_.query("SELECT value FROM credentials WHERE object_id = ? AND kind = 'secret'",
                      {principal.object_id});
  if (!rows) return fail(std::move(rows).error());
  const std::string hash = hash_of(secret);
  bool found = false;
  for (const sqlite::Row& row : *rows) found |= constant_time_equal(row.text(0), hash);
  return found;
}

Result<void> Principals::add_certificate(const Principal& principal,
                                         const x509::Certificate& certificate) {
  return insert_credential(principal, "certificate", certificate.to_pem());
}

Result<std::vector<x509::Certificate>> Principals::certificates(const Principal& principal) {
  auto rows =
      database_.query("SELECT value FROM credentials WHERE object_id = ? AND kind = 'certificate'",
                      {principal.object_id});
  if (!rows) return fail(std::move(rows).error());
  std::vector<x509::Certificate> certificates;
  for (const sqlite::Row& row : *rows) {
    auto certificate = x509::Certificate::from_pem(row.text(0));
    if (!certificate) return fail(std::move(certificate).error());
    certificates.push_back(*std::move(certificate));
  }
  return certificates;
}

Result<void> Principals::add_federation(const Principal& principal, const Federation& federation) {
  return insert_credential(principal, "federation",
                           json::serialize(json::object{{"issuer", federation.issuer},
                                                        {"subject", federation.subject},
                                                        {"audience", federation.audience},
                                                        {"keys", federation.keys}}));
}

Result<std::vector<Federation>> Principals::federations(const Principal& principal) {
  auto rows =
      database_.query("SELECT value FROM credentials WHERE object_id = ? AND kind = 'federation'",
                      {principal.object_id});
  if (!rows) return fail(std::move(rows).error());
  std::vector<Federation> federations;
  for (const sqlite::Row& row : *rows) {
    auto stored = parse_json_object(row.text(0));
    if (!stored) return fail(std::move(stored).error());
    const json::object* keys = find_object(*stored, "keys");
    federations.push_back({string_or(*stored, "issuer", ""), string_or(*stored, "subject", ""),
                           string_or(*stored, "audience", ""),
                           keys != nullptr ? *keys : json::object()});
  }
  return federations;
}

}  // namespace drydock::entra
