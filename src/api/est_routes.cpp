// SPDX-License-Identifier: Apache-2.0
// Enrollment over secure transport (RFC 7030, RFC 8951), for devices that have a certificate of
// Ferry: what Microsoft's certificates service speaks. Without a label the device asks for its own
// next certificate, with "edge-ca" for an authority of its own.
#include "api/device_answers.hpp"
#include "api/routes.hpp"
#include "x509/request.hpp"

namespace ferry::api {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using net::Task;

constexpr std::size_t kBase64Line = 64;
constexpr std::string_view kRoot = "/.well-known/est";

// In lines: clients put PEM's first and last line around it (RFC 7030 s.4.1.3).
HttpResponse certificates_answer(const std::vector<x509::Certificate>& certificates) {
  HttpResponse response;
  response.headers.set("Content-Type", "application/pkcs7-mime; smime-type=certs-only");
  response.headers.set("Content-Transfer-Encoding", "base64");
  const std::string text = base64_encode(x509::certificates_only_cms(certificates));
  for (std::size_t at = 0; at < text.size(); at += kBase64Line) {
    response.body += text.substr(at, kBase64Line) + "\n";
  }
  return response;
}

// Base64 with line breaks anywhere, whatever the transfer encoding says (RFC 8951 s.3.1); PEM as
// well, which is what people have at hand.
Result<x509::CertificateRequest> request_in(std::string_view body) {
  if (trim(body).starts_with("-----BEGIN")) return x509::CertificateRequest::from_pem(body);
  std::string text(body);
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == ' ' || c == '\t'; });
  auto der = base64_decode(text);
  if (!der) {
    return fail(Error{Code::invalid_argument, "the body is no certificate request in base64",
                      "RFC 7030 s.4.2.1 says how it is sent"});
  }
  return x509::CertificateRequest::from_der(*der);
}

Result<x509::CertificateRequest> proven_request_in(std::string_view body) {
  auto request = request_in(body);
  if (!request) return request;
  auto proven = request->verify_self_signature();
  if (!proven) return fail(std::move(proven).error());
  return request;
}

Task<HttpResponse> enroll_edge_authority(control::Control& control, HttpRequest request) {
  auto csr = proven_request_in(request.body);
  if (!csr) co_return device_refusal(csr.error());
  auto issued = control.edge_authorities.issue(request.peer.certificate_chain, csr->public_key(),
                                               request.peer.address);
  if (!issued) co_return device_refusal(issued.error());
  std::vector<x509::Certificate> answer{*std::move(issued)};
  co_return certificates_answer(answer);
}

Task<HttpResponse> enroll_node(control::Control& control, HttpRequest request) {
  auto csr = proven_request_in(request.body);
  if (!csr) co_return device_refusal(csr.error());
  auto answer = co_await control.renewals.renew(request.peer.certificate_chain, csr->to_pem(),
                                                request.peer.address);
  if (!answer) co_return device_refusal(answer.error());
  if (const auto* approval = std::get_if<control::AwaitedApproval>(&*answer)) {
    co_return approval_awaited(*approval);
  }
  // The issued one alone: what is above it is told by /cacerts (RFC 7030 s.4.2.3).
  auto leaf = x509::Certificate::from_pem(std::get<control::IssuedCertificate>(*answer).full_chain);
  if (!leaf) co_return device_refusal(leaf.error());
  std::vector<x509::Certificate> issued{*std::move(leaf)};
  co_return certificates_answer(issued);
}

Task<HttpResponse> authorities(Result<std::vector<x509::Certificate>> above) {
  if (!above) co_return device_refusal(above.error());
  co_return certificates_answer(*above);
}

Task<HttpResponse> edge_authorities(control::Control& control, HttpRequest request) {
  return authorities(control.edge_authorities.above_edge_authority(request.peer.certificate_chain,
                                                                   request.peer.address));
}

Task<HttpResponse> node_authorities(control::Control& control, HttpRequest request) {
  return authorities(
      control.edge_authorities.above_node(request.peer.certificate_chain, request.peer.address));
}

// No attribute of a request matters here (RFC 7030 s.4.5.2).
Task<HttpResponse> no_attributes(control::Control&, HttpRequest) {
  co_return HttpResponse{.status = 204};
}

using Exchange = Task<HttpResponse> (*)(control::Control&, HttpRequest);

void add_label(net::Router& router, control::Control& control, std::string_view label,
               Exchange enroll, Exchange authorities) {
  const auto add = [&](std::string method, std::string_view operation, Exchange exchange) {
    router.add(std::move(method), fmt::format("{}{}/{}", kRoot, label, operation),
               [&control, exchange](HttpRequest request, net::RouteParameters) {
                 return exchange(control, std::move(request));
               });
  };
  add("GET", "cacerts", authorities);
  add("POST", "simpleenroll", enroll);
  add("POST", "simplereenroll", enroll);
  add("GET", "csrattrs", no_attributes);
}

}  // namespace

void add_est_routes(net::Router& router, control::Control& control) {
  add_label(router, control, "", enroll_node, node_authorities);
  add_label(router, control, "/edge-ca", enroll_edge_authority, edge_authorities);
}

}  // namespace ferry::api
