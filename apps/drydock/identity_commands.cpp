// SPDX-License-Identifier: Apache-2.0
#include "apps/drydock/identity_commands.hpp"

#include <cstdio>

#include "base/file.hpp"
#include "drydock/entra/device_login.hpp"
#include "drydock/entra/principals.hpp"

namespace drydock {

using namespace ferry;
using entra::Principal;
using entra::PrincipalKind;
using entra::Principals;

namespace {

constexpr const char* kApplicationHelp =
    "Applications of the local cloud's tenant, each with an object id of its own. The one of\n"
    "environment.json owns everything; others may do what role assignments let them:\n"
    "\n"
    "  az role assignment create --assignee-object-id OBJECT-ID \\\n"
    "    --assignee-principal-type ServicePrincipal --role Contributor --scope /subscriptions/ID";

constexpr const char* kCreateHelp =
    "Create an application and print its ids and its client secret, which is shown this once.\n"
    "\n"
    "Examples:\n"
    "  drydock application create robot --data DIR\n"
    "  One that signs in with the key of a certificate:\n"
    "    drydock application create robot --certificate robot.pem --data DIR\n"
    "  An identity for programs on this machine (drydock serve --imds-port):\n"
    "    drydock application create builder --managed-identity --data DIR";

constexpr const char* kFederateHelp =
    "Let an application sign in with the tokens of another issuer, such as a Kubernetes cluster "
    "or\n"
    "a build service (workload identity federation). The issuer's keys are given, not fetched.\n"
    "\n"
    "Example: drydock application federate CLIENT-ID --issuer https://ci.example \\\n"
    "           --subject repo:plant:main --keys jwks.json --data DIR";

constexpr const char* kDeviceLoginHelp =
    "Decide what a program that shows a code waits for, as a browser does at its page: it will\n"
    "act as the local cloud's user, who owns everything.";

const SystemClock& system_clock() {
  static const SystemClock clock;
  return clock;
}

Result<Principals> open_principals(const std::string& directory) {
  const auto database = std::filesystem::path(directory) / "entra.db";
  std::error_code ignored;
  if (!std::filesystem::exists(database, ignored)) {
    return fail(Error{Code::not_found, fmt::format("there is no local cloud in {}", directory),
                      "name the directory that 'drydock serve --data' was given"});
  }
  return Principals::open(database, system_clock());
}

json::object describe(const Principal& principal) {
  return {{"name", principal.name},
          {"kind", entra::to_string(principal.kind)},
          {"clientId", principal.client_id},
          {"objectId", principal.object_id},
          {"created", principal.created}};
}

Result<x509::Certificate> read_certificate(const std::string& path) {
  auto text = read_file(path);
  if (!text) return fail(std::move(text).error());
  auto certificate = x509::Certificate::from_pem(*text);
  if (!certificate) return fail(std::move(certificate).error().with("read {}", path));
  return certificate;
}

}  // namespace

IdentityCommands::IdentityCommands(CLI::App& app)
    : application_(app.add_subcommand("application", kApplicationHelp)) {
  application_->require_subcommand(1);
  declare_create();
  declare_federate();
  list_ = add_command(*application_, "list", "List applications, managed identities and the user.");
  delete_ = add_command(*application_, "delete",
                        "Delete an application. Tokens that it holds stay good for up to an hour.");
  delete_->add_option("client-id", client_id_, "Client id of the application")->required();
  declare_device_login(app);
}

CLI::App* IdentityCommands::add_command(CLI::App& parent, const char* name, const char* help) {
  CLI::App* command = parent.add_subcommand(name, help);
  command->add_option("--data", directory_, "Directory of the local cloud's state")
      ->required()
      ->type_name("DIR");
  command->add_option("--output", output_, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  return command;
}

void IdentityCommands::declare_create() {
  create_ = add_command(*application_, "create", kCreateHelp);
  create_->add_option("name", name_, "A name of your choice")->required();
  auto* certificate =
      create_->add_option("--certificate", certificate_, "PEM file; then no secret is made")
          ->type_name("FILE");
  create_->add_flag("--managed-identity", managed_identity_, "Make a managed identity instead")
      ->excludes(certificate);
}

void IdentityCommands::declare_federate() {
  federate_ = add_command(*application_, "federate", kFederateHelp);
  federate_->add_option("client-id", client_id_, "Client id of the application")->required();
  federate_->add_option("--issuer", issuer_, "The claim iss")->required();
  federate_->add_option("--subject", subject_, "The claim sub")->required();
  federate_->add_option("--audience", audience_, "The claim aud")->capture_default_str();
  federate_->add_option("--keys", keys_, "File with the issuer's JSON Web Key Set")
      ->required()
      ->type_name("FILE");
}

void IdentityCommands::declare_device_login(CLI::App& app) {
  device_login_ = app.add_subcommand("device-login", kDeviceLoginHelp);
  device_login_->require_subcommand(1);
  approve_ = add_command(*device_login_, "approve", "Sign in the program that shows this code.");
  decline_ = add_command(*device_login_, "decline", "Refuse the program that shows this code.");
  for (CLI::App* command : {approve_, decline_}) {
    command->add_option("code", code_, "The code that the program shows")->required();
  }
}

int IdentityCommands::run() const {
  Result<void> done;
  if (create_->parsed()) done = create();
  if (federate_->parsed()) done = federate();
  if (list_->parsed()) done = list();
  if (delete_->parsed()) done = remove();
  if (approve_->parsed() || decline_->parsed()) done = decide();
  if (done) return 0;
  fmt::print(stderr, "drydock: {}\n", done.error().describe());
  return 1;
}

void IdentityCommands::print(const json::object& fields) const {
  if (output_ == "json") {
    fmt::print("{}\n", pretty_json(fields));
    return;
  }
  for (const auto& [name, value] : fields) {
    fmt::print("{:<14}{}\n", std::string_view(name.data(), name.size()),
               std::string_view(value.as_string()));
  }
}

Result<void> IdentityCommands::create() const {
  std::optional<x509::Certificate> certificate;
  if (!certificate_.empty()) {
    auto read = read_certificate(certificate_);
    if (!read) return fail(std::move(read).error());
    certificate = *std::move(read);
  }
  auto principals = open_principals(directory_);
  if (!principals) return fail(std::move(principals).error());
  auto transaction = sqlite::Transaction::begin(principals->database());
  if (!transaction) return fail(std::move(transaction).error());
  auto principal = principals->add(
      managed_identity_ ? PrincipalKind::managed_identity : PrincipalKind::application, name_);
  if (!principal) return fail(std::move(principal).error());
  json::object shown = describe(*principal);
  shown["tenantId"] = principals->tenant_id();
  if (certificate) {
    auto added = principals->add_certificate(*principal, *certificate);
    if (!added) return added;
    shown["thumbprint"] = certificate->sha1_thumbprint();
  } else if (!managed_identity_) {
    auto secret = principals->add_secret(*principal);
    if (!secret) return fail(std::move(secret).error());
    shown["clientSecret"] = secret->reveal();  // now or never: only its hash is kept
  }
  auto committed = transaction->commit();
  if (committed) print(shown);
  return committed;
}

Result<void> IdentityCommands::federate() const {
  auto text = read_file(keys_);
  if (!text) return fail(std::move(text).error());
  auto keys = parse_json_object(*text);
  if (!keys || find_array(*keys, "keys") == nullptr) {
    return fail(Error{Code::invalid_argument, fmt::format("{} is not a JSON Web Key Set", keys_),
                      "an issuer publishes it at the jwks_uri of its "
                      ".well-known/openid-configuration"});
  }
  auto principals = open_principals(directory_);
  if (!principals) return fail(std::move(principals).error());
  auto principal = principals->find_client(client_id_);
  if (!principal) return fail(std::move(principal).error());
  if (!*principal) {
    return fail(Error{Code::not_found, fmt::format("there is no application '{}'", client_id_),
                      "'drydock application list' shows them"});
  }
  auto added =
      principals->add_federation(**principal, {issuer_, subject_, audience_, *std::move(keys)});
  if (!added) return added;
  print({{"clientId", (*principal)->client_id},
         {"issuer", issuer_},
         {"subject", subject_},
         {"audience", audience_}});
  return {};
}

Result<void> IdentityCommands::list() const {
  auto principals = open_principals(directory_);
  if (!principals) return fail(std::move(principals).error());
  auto all = principals->list();
  if (!all) return fail(std::move(all).error());
  if (output_ == "json") {
    json::array items;
    for (const Principal& principal : *all) items.push_back(describe(principal));
    fmt::print("{}\n", pretty_json(items));
    return {};
  }
  constexpr std::string_view kRow = "{:<30} {:<16} {:<36} {}\n";
  fmt::print(kRow, "NAME", "KIND", "CLIENT ID", "OBJECT ID");
  for (const Principal& principal : *all) {
    fmt::print(kRow, principal.name, entra::to_string(principal.kind), principal.client_id,
               principal.object_id);
  }
  return {};
}

Result<void> IdentityCommands::remove() const {
  auto principals = open_principals(directory_);
  if (!principals) return fail(std::move(principals).error());
  auto removed = principals->remove(client_id_);
  if (removed) print({{"deleted", client_id_}});
  return removed;
}

Result<void> IdentityCommands::decide() const {
  auto principals = open_principals(directory_);
  if (!principals) return fail(std::move(principals).error());
  const auto decision =
      approve_->parsed() ? entra::DeviceDecision::approve : entra::DeviceDecision::decline;
  auto decided = entra::decide_device_login(*principals, code_, decision, system_clock().now());
  if (decided) print({{approve_->parsed() ? "approved" : "declined", code_}});
  return decided;
}

}  // namespace drydock
