// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/identity.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::Secret;

constexpr std::pair<std::string_view, Authentication> kTypes[] = {
    {"sas", Authentication::sas},
    {"selfSigned", Authentication::self_signed},
    {"certificateAuthority", Authentication::certificate_authority},
    {"none", Authentication::none}};

Secret new_key() {
  return Secret(ferry::base64_encode(ferry::random_bytes(32)));
}

// .NET ticks: unique enough, rising, and of the length that tools expect.
std::string new_generation_id(ferry::Timestamp now) {
  static std::int64_t last = 0;
  constexpr std::int64_t kTicksToUnixEpoch = 621'355'968'000'000'000;
  const std::int64_t ticks = kTicksToUnixEpoch + now.time_since_epoch().count() * 10'000;
  last = std::max(last + 1, ticks);
  return std::to_string(last);
}

Outcome<void> validate_key(const std::string& key) {
  const auto bytes = ferry::base64_decode(key);
  if (!bytes || bytes->size() < 16 || bytes->size() > 64) {
    return refuse(400004, "a symmetric key is base64 of 16 to 64 bytes");
  }
  return {};
}

Outcome<void> validate_thumbprint(const std::string& thumbprint) {
  if ((thumbprint.size() != 40 && thumbprint.size() != 64) || !ferry::hex_decode(thumbprint)) {
    return refuse(400004, "a thumbprint has 40 (SHA-1) or 64 (SHA-256) hex digits");
  }
  return {};
}

Outcome<void> set_keys(Identity& identity, const IdentityRequest& request) {
  const auto take = [](const std::optional<std::string>& wanted, Secret& key) -> Outcome<void> {
    if (!wanted || wanted->empty()) return {};
    if (auto valid = validate_key(*wanted); !valid) return valid;
    key = Secret(*wanted);
    return {};
  };
  auto done = take(request.primary_key, identity.primary_key);
  if (done) done = take(request.secondary_key, identity.secondary_key);
  if (identity.authentication != Authentication::sas) {
    identity.primary_key = Secret();
    identity.secondary_key = Secret();
    return done;
  }
  if (identity.primary_key.empty()) identity.primary_key = new_key();
  if (identity.secondary_key.empty()) identity.secondary_key = new_key();
  return done;
}

Outcome<void> set_thumbprints(Identity& identity, const IdentityRequest& request) {
  const auto take = [](const std::optional<std::string>& wanted,
                       std::string& thumbprint) -> Outcome<void> {
    if (!wanted) return {};
    if (!wanted->empty()) {
      if (auto valid = validate_thumbprint(*wanted); !valid) return valid;
    }
    thumbprint = *wanted;
    return {};
  };
  auto done = take(request.primary_thumbprint, identity.primary_thumbprint);
  if (done) done = take(request.secondary_thumbprint, identity.secondary_thumbprint);
  if (!done) return done;
  if (identity.authentication != Authentication::self_signed) {
    identity.primary_thumbprint.clear();
    identity.secondary_thumbprint.clear();
  } else if (identity.primary_thumbprint.empty() && identity.secondary_thumbprint.empty()) {
    return refuse(400004, "selfSigned authentication needs a thumbprint");
  }
  return {};
}

Outcome<Identity> apply(Identity identity, const IdentityRequest& request, ferry::Timestamp now) {
  if (request.authentication) identity.authentication = *request.authentication;
  auto done = set_keys(identity, request);
  if (done) done = set_thumbprints(identity, request);
  if (!done) return refuse(std::move(done).error());
  if (request.enabled && *request.enabled != identity.enabled) {
    identity.enabled = *request.enabled;
    identity.status_updated = now;
  }
  if (request.status_reason) identity.status_reason = *request.status_reason;
  if (request.iot_edge) identity.iot_edge = *request.iot_edge;
  if (request.managed_by) identity.managed_by = *request.managed_by;
  if (identity.key.module.empty() && identity.iot_edge) {
    identity.device_scope =
        fmt::format("ms-azure-iot-edge://{}-{}", identity.key.device, identity.generation_id);
  } else if (request.device_scope) {
    identity.device_scope = *request.device_scope;
  }
  return identity;
}

}  // namespace

std::string_view to_string(Authentication type) {
  for (const auto& [name, value] : kTypes) {
    if (value == type) return name;
  }
  return "none";
}

Outcome<IdentityRequest> parse_identity_request(const json::object& body) {
  IdentityRequest request;
  if (const auto* authentication = ferry::find_object(body, "authentication")) {
    if (const auto type = ferry::optional_string(*authentication, "type")) {
      for (const auto& [name, value] : kTypes) {
        if (ferry::equals_ignore_case(name, *type)) request.authentication = value;
      }
      if (!request.authentication) return refuse(400004, "authentication type '{}'", *type);
    }
    if (const auto* keys = ferry::find_object(*authentication, "symmetricKey")) {
      request.primary_key = ferry::optional_string(*keys, "primaryKey");
      request.secondary_key = ferry::optional_string(*keys, "secondaryKey");
    }
    if (const auto* x509 = ferry::find_object(*authentication, "x509Thumbprint")) {
      request.primary_thumbprint = ferry::optional_string(*x509, "primaryThumbprint");
      request.secondary_thumbprint = ferry::optional_string(*x509, "secondaryThumbprint");
      if (!request.authentication && request.primary_thumbprint &&
          !request.primary_thumbprint->empty()) {
        request.authentication = Authentication::self_signed;
      }
    }
  }
  if (const auto status = ferry::optional_string(body, "status")) {
    if (!ferry::equals_ignore_case(*status, "enabled") &&
        !ferry::equals_ignore_case(*status, "disabled")) {
      return refuse(400004, "status is enabled or disabled, not '{}'", *status);
    }
    request.enabled = ferry::equals_ignore_case(*status, "enabled");
  }
  request.status_reason = ferry::optional_string(body, "statusReason");
  if (const auto* capabilities = ferry::find_object(body, "capabilities")) {
    request.iot_edge = ferry::optional_bool(*capabilities, "iotEdge");
  }
  request.managed_by = ferry::optional_string(body, "managedBy");
  request.device_scope = ferry::optional_string(body, "deviceScope");
  return request;
}

Outcome<void> validate_id(std::string_view id, std::string_view what) {
  constexpr std::string_view kPunctuation = "-:.%_*?!(),=@;$'";
  if (id.empty() || id.size() > 128) return refuse(400004, "a {} has 1 to 128 characters", what);
  for (char c : id) {
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alphanumeric && kPunctuation.find(c) == std::string_view::npos) {
      return refuse(400004, "a {} has letters, digits and {} only", what, kPunctuation);
    }
  }
  return {};
}

Outcome<Identity> create_identity(EntityKey key, const IdentityRequest& request,
                                  ferry::Timestamp now) {
  Identity identity;
  identity.key = std::move(key);
  identity.generation_id = new_generation_id(now);
  return apply(std::move(identity), request, now);
}

Outcome<Identity> update_identity(Identity identity, const IdentityRequest& request,
                                  ferry::Timestamp now) {
  ++identity.etag;
  return apply(std::move(identity), request, now);
}

bool thumbprint_matches(const Identity& identity, std::string_view sha1, std::string_view sha256) {
  if (identity.authentication != Authentication::self_signed) return false;
  for (const std::string& thumbprint :
       {identity.primary_thumbprint, identity.secondary_thumbprint}) {
    if (thumbprint.empty()) continue;
    if (ferry::equals_ignore_case(thumbprint, sha1) ||
        ferry::equals_ignore_case(thumbprint, sha256)) {
      return true;
    }
  }
  return false;
}

std::string registry_etag(std::int64_t counter) {
  return ferry::base64_encode(std::to_string(counter));
}

json::object authentication_json(const Identity& identity) {
  const auto text = [](const std::string& value) {
    return value.empty() ? json::value(nullptr) : json::value(value);
  };
  return {{"symmetricKey",
           {{"primaryKey", text(identity.primary_key.reveal())},
            {"secondaryKey", text(identity.secondary_key.reveal())}}},
          {"x509Thumbprint",
           {{"primaryThumbprint", text(identity.primary_thumbprint)},
            {"secondaryThumbprint", text(identity.secondary_thumbprint)}}},
          {"type", to_string(identity.authentication)}};
}

json::object to_storage(const Identity& identity) {
  json::object stored{{"generationId", identity.generation_id},
                      {"etag", identity.etag},
                      {"authentication", authentication_json(identity)},
                      {"status", identity.enabled ? "enabled" : "disabled"},
                      {"statusReason", identity.status_reason},
                      {"capabilities", {{"iotEdge", identity.iot_edge}}},
                      {"deviceScope", identity.device_scope},
                      {"managedBy", identity.managed_by}};
  if (identity.status_updated) {
    stored["statusUpdated"] = identity.status_updated->time_since_epoch().count();
  }
  return stored;
}

Identity identity_from_storage(const json::object& stored) {
  Identity identity;
  identity.generation_id = ferry::string_or(stored, "generationId", "");
  identity.etag = ferry::int_or(stored, "etag", 1);
  if (const auto request = parse_identity_request(stored)) {
    identity.authentication = request->authentication.value_or(Authentication::none);
    identity.primary_key = Secret(request->primary_key.value_or(""));
    identity.secondary_key = Secret(request->secondary_key.value_or(""));
    identity.primary_thumbprint = request->primary_thumbprint.value_or("");
    identity.secondary_thumbprint = request->secondary_thumbprint.value_or("");
    identity.enabled = request->enabled.value_or(true);
    identity.iot_edge = request->iot_edge.value_or(false);
  }
  identity.status_reason = ferry::string_or(stored, "statusReason", "");
  identity.device_scope = ferry::string_or(stored, "deviceScope", "");
  identity.managed_by = ferry::string_or(stored, "managedBy", "");
  if (const auto updated = ferry::optional_int(stored, "statusUpdated")) {
    identity.status_updated = ferry::Timestamp(std::chrono::milliseconds(*updated));
  }
  return identity;
}

}  // namespace drydock::iot_hub
