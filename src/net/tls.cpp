// SPDX-License-Identifier: Apache-2.0
#include "net/tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "net/openssl.hpp"

namespace ferry::net {
namespace {

using BioPtr = std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })>;
using X509Ptr = std::unique_ptr<X509, decltype([](X509* certificate) { X509_free(certificate); })>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* key) { EVP_PKEY_free(key); })>;

BioPtr memory_bio(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<void> use_identity(SSL_CTX* context, const TlsIdentity& identity) {
  const BioPtr chain = memory_bio(identity.certificate_chain_pem);
  const X509Ptr leaf(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return fail(Code::invalid_argument, "the TLS certificate is unusable: {}", openssl_failure());
  }
  while (X509* issuer = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)) {
    SSL_CTX_add_extra_chain_cert(context, issuer);  // takes ownership
  }
  ERR_clear_error();  // the loop ends with "no start line"
  const BioPtr key_text = memory_bio(identity.private_key_pem.reveal());
  const KeyPtr key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return fail(Code::invalid_argument, "the TLS key does not fit its certificate: {}",
                openssl_failure());
  }
  return {};
}

SSL_CTX* new_context(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  FERRY_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

std::string openssl_failure() {
  std::string text;
  while (const unsigned long error = ERR_get_error()) {
    char line[256];
    ERR_error_string_n(error, line, sizeof line);
    if (!text.empty()) text += "; ";
    text += line;
  }
  return text.empty() ? "no reason given" : text;
}

Result<std::shared_ptr<const TlsClientContext>> TlsClientContext::create(
    const TlsClientOptions& options) {
  SSL_CTX* context = new_context(TLS_client_method());
  std::shared_ptr<TlsClientContext> owner(new TlsClientContext(context));
  owner->clock_ = options.clock;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!options.check_dates) {
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_NO_CHECK_TIME);
  }
  if (options.system_roots) SSL_CTX_set_default_verify_paths(context);
  const BioPtr roots = memory_bio(options.ca_pem);
  int count = 0;
  while (const X509Ptr root{PEM_read_bio_X509(roots.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root.get());
    ++count;
  }
  ERR_clear_error();
  if (count == 0 && !options.ca_pem.empty()) {
    return fail(Code::invalid_argument, "the CA text holds no PEM certificate");
  }
  if (options.identity) {
    if (auto used = use_identity(context, *options.identity); !used) {
      return fail(std::move(used).error());
    }
  }
  return owner;
}

TlsClientContext::~TlsClientContext() {
  SSL_CTX_free(static_cast<SSL_CTX*>(context_));
}

namespace {

void ask_for_client_certificate(SSL_CTX* context, const std::string& issuers_pem) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER,
                     [](int, X509_STORE_CTX*) { return 1; });  // the protocol above decides
  // A resumed session would carry the client's leaf certificate without its chain.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  const BioPtr issuers = memory_bio(issuers_pem);
  while (const X509Ptr issuer{PEM_read_bio_X509(issuers.get(), nullptr, nullptr, nullptr)}) {
    SSL_CTX_add_client_CA(context, issuer.get());
  }
  ERR_clear_error();  // the loop ends with "no start line"
}

}  // namespace

Result<std::shared_ptr<const TlsServerContext>> TlsServerContext::create(
    const TlsServerOptions& options) {
  SSL_CTX* context = new_context(TLS_server_method());
  std::shared_ptr<const TlsServerContext> owner(new TlsServerContext(context));
  if (auto used = use_identity(context, options.identity); !used) {
    return fail(std::move(used).error());
  }
  if (options.request_client_certificate) {
    ask_for_client_certificate(context, options.asked_issuers_pem);
  }
  static const unsigned char kSessionContext[] = "ferry";
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext);
  return owner;
}

TlsServerContext::~TlsServerContext() {
  SSL_CTX_free(static_cast<SSL_CTX*>(context_));
}

}  // namespace ferry::net
