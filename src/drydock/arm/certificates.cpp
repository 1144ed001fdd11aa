// SPDX-License-Identifier: Apache-2.0
// CA certificates below hubs and provisioning services, with proof of possession: who uploads a CA
// shows that it holds the CA's key by issuing a certificate for a name that the service chose.
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "drydock/arm/providers.hpp"
#include "x509/certificate.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

constexpr std::size_t kMostCertificates = 25;

tl::unexpected<Refusal> refuse_call(int code, std::string_view message) {
  return refuse(devices_error(code, message, StatusForm::word));
}

// The route's parameters: parent {name}, own {certificate}.
struct Place {
  std::string parent_type;
  std::string type;
};

std::string certificate_id(const Resource& parent, std::string_view name) {
  return fmt::format("{}/certificates/{}", parent.id, name);
}

Outcome<Resource> require_certificate(Context& context, const Call& call, const Place& place) {
  auto parent = require_resource(context, call, place.parent_type);
  if (!parent) return parent;
  const std::string& name = call.path.at("certificate");
  auto found = context.store.find(certificate_id(*parent, name));
  if (!found) return fail(std::move(found).error());
  if (*found) return **found;
  return refuse_call(404001, fmt::format("The certificate '{}' was not found.", name));
}

// As the body's text itself: base64 of something, wrapped in quotes and encoded again.
void renew_etag(Resource& certificate) {
  certificate.document["etag"] = base64_encode(fmt::format("\"{}\"", hex_encode(random_bytes(16))));
}

Outcome<void> check_etag(const Call& call, const Resource& certificate) {
  const std::string wanted = call.request.headers.get_or("If-Match", "");
  if (wanted.empty()) {
    return refuse_call(400004, "The header If-Match is required: the certificate's etag.");
  }
  if (wanted == "*" || wanted == string_or(certificate.document, "etag", "")) return {};
  return refuse_call(412001, "The etag does not match: the certificate has changed.");
}

// Base64 of PEM text, base64 of DER, or PEM text as it is.
Outcome<x509::Certificate> read_certificate(const std::string& uploaded) {
  auto decoded = base64_decode(uploaded);
  auto parsed = x509::Certificate::parse(decoded ? *decoded : uploaded);
  if (parsed) return *std::move(parsed);
  return refuse_call(400061,
                     fmt::format("The certificate is malformed: {}.", parsed.error().message));
}

Outcome<void> fill(Context& context, const std::string& uploaded, bool verified,
                   Resource& certificate) {
  auto parsed = read_certificate(uploaded);
  if (!parsed) return fail(std::move(parsed).error());
  if (parsed->not_after() <= context.clock.now()) {
    return refuse_call(400062, "The certificate has expired.");
  }
  const std::string now = format_rfc1123(context.clock.now());
  const json::object& before = object_of(certificate.document, "properties");
  json::object properties{{"subject", parsed->subject_cn()},
                          {"expiry", format_rfc1123(parsed->not_after())},
                          {"thumbprint", parsed->sha1_thumbprint()},
                          {"isVerified", verified},
                          {"created", string_or(before, "created", now)},
                          {"updated", now},
                          {"certificate", uploaded}};
  certificate.hidden["pem"] = parsed->to_pem();
  certificate.document = {{"id", certificate.id},
                          {"name", certificate.name},
                          {"type", certificate.type},
                          {"properties", std::move(properties)}};
  renew_etag(certificate);
  return {};
}

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
  });
}

Answer put(Context& context, const Call& call, const Place& place) {
  auto parent = require_resource(context, call, place.parent_type);
  if (!parent) return fail(std::move(parent).error());
  const std::string& name = call.path.at("certificate");
  if (!valid_name(name)) {
    return refuse_call(400060, fmt::format("The certificate name '{}' is invalid.", name));
  }
  auto existing = context.store.find(certificate_id(*parent, name));
  if (!existing) return fail(std::move(existing).error());
  Resource certificate;
  if (*existing) {
    certificate = **existing;
    auto etag = check_etag(call, certificate);
    if (!etag) return fail(std::move(etag).error());
  } else {
    auto siblings = context.store.list_children(parent->id, place.type);
    if (!siblings) return fail(std::move(siblings).error());
    if (siblings->size() >= kMostCertificates) {
      return refuse_call(400063, fmt::format("There can be {} certificates.", kMostCertificates));
    }
    certificate.id = certificate_id(*parent, name);
    certificate.type = place.type;
    certificate.group = parent->group;
    certificate.name = name;
    certificate.parent = parent->id;
  }
  // Nested since 2022, flat before.
  const json::object* nested = find_object(call.body, "properties");
  const json::object& wanted = nested != nullptr ? *nested : call.body;
  auto filled = fill(context, string_or(wanted, "certificate", ""),
                     bool_or(wanted, "isVerified", false), certificate);
  if (!filled) return fail(std::move(filled).error());
  auto saved = context.store.save(certificate);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, certificate.document);
}

Answer generate_code(Context& context, const Call& call, const Place& place) {
  auto certificate = require_certificate(context, call, place);
  if (!certificate) return fail(std::move(certificate).error());
  auto etag = check_etag(call, *certificate);
  if (!etag) return fail(std::move(etag).error());
  const std::string code = hex_encode_upper(random_bytes(24));
  certificate->hidden["verificationCode"] = code;
  renew_etag(*certificate);
  auto saved = context.store.save(*certificate);
  if (!saved) return fail(std::move(saved).error());
  json::object document = certificate->document;
  document["properties"].get_object()["verificationCode"] = code;
  return json_response(200, document);
}

Outcome<void> check_possession(Context& context, const Resource& certificate,
                               const std::string& uploaded) {
  const std::string code = string_or(certificate.hidden, "verificationCode", "");
  if (code.empty()) return refuse_call(400064, "Generate a verification code first.");
  auto proof = read_certificate(uploaded);
  if (!proof) return fail(std::move(proof).error());
  auto authority = read_certificate(string_or(certificate.hidden, "pem", ""));
  if (!authority) return fail(std::move(authority).error());
  if (proof->subject_cn() != code) {
    return refuse_call(400065, "The subject's common name is not the verification code.");
  }
  if (!proof->signed_by(*authority)) {
    return refuse_call(400066,
                       "The verification certificate is not signed by the certificate that "
                       "is to be verified.");
  }
  const Timestamp now = context.clock.now();
  if (proof->not_after() <= now || proof->not_before() > now) {
    return refuse_call(400067, "The verification certificate is not valid at this time.");
  }
  return {};
}

Answer verify(Context& context, const Call& call, const Place& place) {
  auto certificate = require_certificate(context, call, place);
  if (!certificate) return fail(std::move(certificate).error());
  auto etag = check_etag(call, *certificate);
  if (!etag) return fail(std::move(etag).error());
  auto proven = check_possession(context, *certificate, string_or(call.body, "certificate", ""));
  if (!proven) return fail(std::move(proven).error());
  json::object& properties = certificate->document["properties"].get_object();
  properties["isVerified"] = true;
  properties["updated"] = format_rfc1123(context.clock.now());
  certificate->hidden.erase("verificationCode");
  renew_etag(*certificate);
  auto saved = context.store.save(*certificate);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, certificate->document);
}

Answer remove(Context& context, const Call& call, const Place& place) {
  auto parent = require_resource(context, call, place.parent_type);
  if (!parent) return fail(std::move(parent).error());
  auto certificate = require_certificate(context, call, place);
  if (!certificate) return empty_response(204);
  auto etag = check_etag(call, *certificate);
  if (!etag) return fail(std::move(etag).error());
  auto removed = context.store.remove(certificate->id);
  if (!removed) return fail(std::move(removed).error());
  return empty_response(200);
}

Answer list(Context& context, const Call& call, const Place& place) {
  auto parent = require_resource(context, call, place.parent_type);
  if (!parent) return fail(std::move(parent).error());
  auto certificates = context.store.list_children(parent->id, place.type);
  if (!certificates) return fail(std::move(certificates).error());
  json::array values;  // never paged
  for (const Resource& certificate : *certificates) values.push_back(certificate.document);
  return json_response(200, json::object{{"value", std::move(values)}});
}

}  // namespace

Outcome<std::vector<CaCertificate>> read_certificates(Context& context, const Resource& parent,
                                                      std::string_view type) {
  auto stored = context.store.list_children(parent.id, type);
  if (!stored) return fail(std::move(stored).error());
  std::vector<CaCertificate> certificates;
  for (const Resource& certificate : *stored) {
    certificates.push_back(
        {certificate.name, string_or(certificate.hidden, "pem", ""),
         bool_or(object_of(certificate.document, "properties"), "isVerified", false)});
  }
  return certificates;
}

void add_certificate_routes(Context& context, Routes& routes, std::string_view parent_type,
                            std::string_view type) {
  const Place place{std::string(parent_type), std::string(type)};
  const std::string one = "/certificates/{certificate}";
  const auto bind = [&context, place](Answer (*run)(Context&, const Call&, const Place&)) {
    return [&context, place, run](const Call& call) { return run(context, call, place); };
  };
  routes.add_resource("GET", parent_type, "/certificates", bind(list));
  routes.add_resource("PUT", parent_type, one, bind(put));
  routes.add_resource("DELETE", parent_type, one, bind(remove));
  routes.add_resource("POST", parent_type, one + "/generateVerificationCode", bind(generate_code));
  routes.add_resource("POST", parent_type, one + "/verify", bind(verify));
  routes.add_resource("GET", parent_type, one, [&context, place](const Call& call) -> Answer {
    auto certificate = require_certificate(context, call, place);
    if (!certificate) return fail(std::move(certificate).error());
    return json_response(200, certificate->document);
  });
}

}  // namespace drydock::arm
