// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "api/certificate_views.hpp"
#include "api/errors.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"

namespace ferry::api {
namespace {

// A whole number of the query; `fallback` when it is not there.
Result<std::int64_t> number_of(const Call& call, std::string_view name, std::int64_t fallback) {
  const auto text = call.request.query_value(name);
  if (!text) return fallback;
  std::int64_t number = 0;
  const auto* end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number < 0) {
    return fail(Code::invalid_argument, "'{}' is not a whole number: '{}'", name, *text);
  }
  return number;
}

// "30d", "12h", "45m".
Result<std::chrono::milliseconds> span_of(std::string_view text) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  const bool one_unit =
      read.ec == std::errc() && end - read.ptr == 1 && number >= 0 && number < 100'000;
  if (one_unit && *read.ptr == 'd') return std::chrono::hours(24 * number);
  if (one_unit && *read.ptr == 'h') return std::chrono::hours(number);
  if (one_unit && *read.ptr == 'm') return std::chrono::minutes(number);
  return fail(Error{Code::invalid_argument, fmt::format("'{}' is no span of time", text),
                    "a number and d, h or m: 30d"});
}

net::HttpResponse pem_response(std::string pem) {
  net::HttpResponse response{.status = 200, .body = std::move(pem)};
  response.headers.set("Content-Type", "application/x-pem-file");
  return response;
}

Answer list(control::Control& control, const Call& call) {
  auto from = number_of(call, "from", 0);
  if (!from) return fail(std::move(from).error());
  auto top = number_of(call, "top", control::Certificates::kPageSize);
  if (!top) return fail(std::move(top).error());
  auto page = control.certificates.list(call.organization(), call.at("workspace"), *from,
                                        static_cast<int>(std::min<std::int64_t>(*top, 1 << 20)));
  if (!page) return fail(std::move(page).error());
  auto body = collection(page->certificates);
  if (page->next) body["next"] = *page->next;
  return json_response(200, std::move(body));
}

Answer tree(control::Control& control, const Call& call) {
  auto roots = control.certificates.tree(call.organization(), call.at("workspace"));
  if (!roots) return fail(std::move(roots).error());
  return json_response(200, collection(*roots));
}

Answer get(control::Control& control, const Call& call) {
  auto certificate =
      control.certificates.get(call.organization(), call.at("workspace"), call.at("certificate"));
  if (!certificate) return fail(std::move(certificate).error());
  return json_response(200, to_json(*certificate));
}

Answer download(control::Control& control, const Call& call) {
  const bool chain = call.request.query_value("chain").value_or("false") == "true";
  auto pem = control.certificates.download(call.organization(), call.at("workspace"),
                                           call.at("certificate"), chain);
  if (!pem) return fail(std::move(pem).error());
  return pem_response(*std::move(pem));
}

Answer trust_bundle(control::Control& control, const Call& call) {
  auto pem = control.certificates.trust_bundle(call.organization(), call.at("workspace"));
  if (!pem) return fail(std::move(pem).error());
  return pem_response(*std::move(pem));
}

Answer expiring(control::Control& control, const Call& call) {
  auto within = span_of(call.request.query_value("within").value_or("30d"));
  if (!within) return fail(std::move(within).error());
  auto found = control.certificates.expiring(
      call.organization(), call.request.query_value("workspace").value_or(""), *within);
  if (!found) return fail(std::move(found).error());
  return json_response(200, collection(*found));
}

Answer verify(control::Control& control, const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  auto pem = require_string(*body, "pem");
  if (!pem) return fail(std::move(pem).error());
  control::ChainQuestion question{*std::move(pem), string_or(*body, "purpose", ""), {}};
  if (const auto at = optional_string(*body, "at")) {
    auto time = parse_rfc3339(*at);
    if (!time) return fail(Code::invalid_argument, "'at': {}", time.error().message);
    question.at = *time;
  }
  auto verdict = control.certificates.verify(call.organization(), call.at("workspace"), question);
  if (!verdict) return fail(std::move(verdict).error());
  return json_response(200, to_json(*verdict));
}

Answer policy_response(const Result<control::PolicyView>& policy) {
  if (!policy) return fail(policy.error());
  return json_response(200, to_json(*policy));
}

control::AuthorityTarget target_of_path(const Call& call, bool workspace, bool group) {
  return {workspace ? call.at("workspace") : "", group ? call.at("group") : ""};
}

template <bool Workspace, bool Group>
Answer get_policy(control::Control& control, const Call& call) {
  return policy_response(control.certificate_policies.get(call.organization(),
                                                          target_of_path(call, Workspace, Group)));
}

template <bool Workspace, bool Group>
Answer put_policy(control::Control& control, const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  auto change = read_policy(*body);
  if (!change) return fail(std::move(change).error());
  return policy_response(control.certificate_policies.put(
      call.organization(), target_of_path(call, Workspace, Group), *change));
}

}  // namespace

void add_certificate_routes(Routes& routes) {
  using fleet::Role;
  const std::string base = "/workspaces/{workspace}/certificates";
  routes.add("GET", base, Role::viewer, list);
  routes.add("GET", base + "/tree", Role::viewer, tree);
  routes.add("GET", base + "/trust-bundle", Role::viewer, trust_bundle);
  routes.add("POST", base + "/verify", Role::viewer, verify);
  routes.add("GET", base + "/{certificate}", Role::viewer, get);
  routes.add("GET", base + "/{certificate}/pem", Role::viewer, download);
  routes.add("GET", "/certificates/expiring", Role::viewer, expiring);
  routes.add("GET", "/certificate-policy", Role::viewer, get_policy<false, false>);
  routes.add("PUT", "/certificate-policy", Role::owner, put_policy<false, false>);
  routes.add("GET", "/workspaces/{workspace}/certificate-policy", Role::viewer,
             get_policy<true, false>);
  routes.add("PUT", "/workspaces/{workspace}/certificate-policy", Role::owner,
             put_policy<true, false>);
  routes.add("GET", "/workspaces/{workspace}/groups/{group}/certificate-policy", Role::viewer,
             get_policy<true, true>);
  routes.add("PUT", "/workspaces/{workspace}/groups/{group}/certificate-policy", Role::owner,
             put_policy<true, true>);
}

}  // namespace ferry::api
