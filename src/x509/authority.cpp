// SPDX-License-Identifier: Apache-2.0
#include "x509/authority.hpp"

#include "base/crypto.hpp"
#include "x509/openssl.hpp"
#include "x509/spki.hpp"

namespace ferry::x509 {

namespace {

Result<void> check_profile(const CertificateProfile& profile) {
  auto name = check_name_length("common name", profile.common_name);
  if (!name) return name;
  if (profile.organization) {
    auto organization = check_name_length("organization", *profile.organization);
    if (!organization) return organization;
  }
  if (profile.not_after <= profile.not_before) {
    return fail(Code::invalid_argument, "the certificate for {} would end before it begins",
                profile.common_name);
  }
  if (profile.path_length && (!profile.ca || *profile.path_length < 0)) {
    return fail(Code::invalid_argument, "only a CA has a path length, and it is not negative");
  }
  return {};
}

Result<void> check_issuer(const Certificate& issuer, const Signer& signer,
                          const CertificateProfile& profile) {
  const std::string name = issuer.subject_cn();
  if (!issuer.is_ca() || (X509_get_key_usage(issuer.native()) & KU_KEY_CERT_SIGN) == 0) {
    return fail(Code::invalid_argument, "{} is not a certificate authority", name);
  }
  if (!(issuer.public_key() == signer.public_key())) {
    return fail(Code::invalid_argument, "the signing key is not the one of {}", name);
  }
  const auto allowed = issuer.path_length();
  if (profile.ca && allowed) {
    // Without a limit of its own the new CA would claim more than what is left (RFC 5280 s.6.1.4
    // m).
    if (*allowed == 0 || (profile.path_length && *profile.path_length >= *allowed)) {
      return fail(Code::invalid_argument,
                  "{} allows {} more levels of authorities below it, which {} would exceed", name,
                  *allowed, profile.common_name);
    }
  }
  if (profile.not_after > issuer.not_after()) {
    return fail(Code::invalid_argument, "{} ends on {}, before the certificate for {} would", name,
                format_rfc3339(issuer.not_after()), profile.common_name);
  }
  return {};
}

bool set_random_serial(X509* certificate) {
  std::string bytes = random_bytes(20);
  // Positive, so that DER needs no 21st octet, and without a leading zero (RFC 5280 s.4.1.2.2).
  const unsigned first = (static_cast<unsigned char>(bytes[0]) & 0x7FU) | 0x40U;
  bytes[0] = static_cast<char>(first);
  BignumPtr number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                             static_cast<int>(bytes.size()), nullptr));
  return BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_time(ASN1_TIME* field, Timestamp time) {
  return ASN1_TIME_set(field, static_cast<time_t>(unix_seconds(time))) != nullptr;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

std::string key_usage(const CertificateProfile& profile, const PublicKey& key) {
  if (profile.ca) return "critical,keyCertSign,cRLSign";
  const bool rsa = EVP_PKEY_base_id(key.native()) == EVP_PKEY_RSA;
  return rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature";
}

std::string basic_constraints(const CertificateProfile& profile) {
  if (!profile.ca) return "critical,CA:FALSE";
  if (!profile.path_length) return "critical,CA:TRUE";
  return fmt::format("critical,CA:TRUE,pathlen:{}", *profile.path_length);
}

// The names are the caller's; a comma would let one smuggle in another.
Result<std::string> alternative_names(const CertificateProfile& profile) {
  std::string text;
  const auto append = [&text](std::string_view kind, const std::string& name) {
    if (!text.empty()) text += ',';
    text += fmt::format("{}:{}", kind, name);
    return !name.empty() && name.find_first_of(",\n\r ;=") == std::string::npos;
  };
  for (const std::string& name : profile.dns_names) {
    if (!append("DNS", name)) {
      return fail(Code::invalid_argument, "'{}' is not a host name", name);
    }
  }
  for (const std::string& address : profile.ip_addresses) {
    if (!append("IP", address)) {
      return fail(Code::invalid_argument, "'{}' is not an IP address", address);
    }
  }
  return text;
}

bool add_extensions(X509* certificate, X509* issuer, const PublicKey& key,
                    const CertificateProfile& profile, const std::string& names) {
  bool done =
      add_extension(certificate, issuer, NID_basic_constraints, basic_constraints(profile)) &&
      add_extension(certificate, issuer, NID_key_usage, key_usage(profile, key)) &&
      add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
      add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
  std::string uses;
  if (profile.client_auth) uses = "clientAuth";
  if (profile.server_auth) uses += uses.empty() ? "serverAuth" : ",serverAuth";
  if (!uses.empty()) done = done && add_extension(certificate, issuer, NID_ext_key_usage, uses);
  if (!names.empty()) {
    done = done && add_extension(certificate, issuer, NID_subject_alt_name, names);
  }
  return done;
}

// `issuer` is null for a self-signed certificate.
Result<Certificate> build(const Certificate* issuer, const Signer& signer, const PublicKey& key,
                          const CertificateProfile& profile) {
  auto names = alternative_names(profile);
  if (!names) return fail(std::move(names).error());
  X509Ptr built(X509_new());
  X509* certificate = built.get();
  X509* parent = issuer == nullptr ? certificate : issuer->native();
  X509_NAME* subject = X509_get_subject_name(certificate);
  bool done = X509_set_version(certificate, X509_VERSION_3) == 1 &&
              set_random_serial(certificate) &&
              set_time(X509_getm_notBefore(certificate), profile.not_before) &&
              set_time(X509_getm_notAfter(certificate), profile.not_after) &&
              (put_point(X509_get_X509_PUBKEY(certificate), key.native()) ||
               X509_set_pubkey(certificate, key.native()) == 1);
  if (profile.organization) done = done && add_name_entry(subject, "O", *profile.organization);
  done = done && add_name_entry(subject, "CN", profile.common_name) &&
         X509_set_issuer_name(certificate, X509_get_subject_name(parent)) == 1 &&
         add_extensions(certificate, parent, key, profile, *names);
  if (!done) {
    return fail(Code::invalid_argument, "cannot make a certificate for {}: {}", profile.common_name,
                take_openssl_reason());
  }
  auto signed_well = sign(certificate, signer);
  if (!signed_well) {
    return fail(
        std::move(signed_well).error().with("sign the certificate for {}", profile.common_name));
  }
  return Certificate::adopt_unread(built.release());
}

}  // namespace

Result<Certificate> issue_self_signed(const PrivateKey& key, const CertificateProfile& profile) {
  auto valid = check_profile(profile);
  if (!valid) return fail(std::move(valid).error());
  return build(nullptr, KeySigner(key), key.public_key(), profile);
}

Result<Certificate> issue(const Certificate& issuer, const Signer& signer,
                          const PublicKey& subject_key, const CertificateProfile& profile) {
  auto valid = check_profile(profile);
  if (!valid) return fail(std::move(valid).error());
  auto allowed = check_issuer(issuer, signer, profile);
  if (!allowed) return fail(std::move(allowed).error());
  return build(&issuer, signer, subject_key, profile);
}

}  // namespace ferry::x509
