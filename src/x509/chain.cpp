// SPDX-License-Identifier: Apache-2.0
#include "x509/chain.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "x509/openssl.hpp"

namespace ferry::x509 {

namespace {

using StorePtr = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using ContextPtr = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;

struct FreeStackOnly {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using StackPtr = std::unique_ptr<STACK_OF(X509), FreeStackOnly>;

Certificate share(X509* certificate) {
  X509_up_ref(certificate);
  return Certificate::adopt(certificate);
}

Unexpected explain(X509_STORE_CTX* context, const Certificate& leaf) {
  const int error = X509_STORE_CTX_get_error(context);
  const int depth = X509_STORE_CTX_get_error_depth(context);
  X509* culprit = X509_STORE_CTX_get_current_cert(context);
  const std::string name =
      culprit == nullptr ? leaf.subject_cn() : common_name_of(X509_get_subject_name(culprit));
  const char* reason = X509_verify_cert_error_string(error);
  ERR_clear_error();
  if (depth == 0) return fail(Code::unauthenticated, "certificate '{}': {}", name, reason);
  return fail(Code::unauthenticated, "certificate '{}', {} above '{}': {}", name, depth,
              leaf.subject_cn(), reason);
}

}  // namespace

Result<VerifiedChain> verify_chain(const Certificate& leaf,
                                   const std::vector<Certificate>& intermediates,
                                   const std::vector<Certificate>& anchors, Timestamp at,
                                   Purpose purpose) {
  StorePtr store(X509_STORE_new());
  for (const Certificate& anchor : anchors) X509_STORE_add_cert(store.get(), anchor.native());
  StackPtr untrusted(sk_X509_new_null());
  for (const Certificate& certificate : intermediates) {
    sk_X509_push(untrusted.get(), certificate.native());
  }
  ContextPtr context(X509_STORE_CTX_new());
  FERRY_CHECK(X509_STORE_CTX_init(context.get(), store.get(), leaf.native(), untrusted.get()) == 1);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(unix_seconds(at)));
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_X509_STRICT);
  if (purpose == Purpose::client_auth) {
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT);
  } else if (purpose == Purpose::server_auth) {
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
  }
  if (X509_verify_cert(context.get()) != 1) return explain(context.get(), leaf);

  std::vector<Certificate> path;
  const STACK_OF(X509)* built = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 0; i < sk_X509_num(built); ++i) path.push_back(share(sk_X509_value(built, i)));
  Certificate anchor = path.back();
  return VerifiedChain{std::move(path), std::move(anchor)};
}

}  // namespace ferry::x509
