// SPDX-License-Identifier: Apache-2.0
#include "cli/chain_file.hpp"

#include "base/file.hpp"
#include "cli/table.hpp"
#include "x509/explain.hpp"

namespace ferry::cli {
namespace {

constexpr std::size_t kMostCertificates = 32;

Result<std::vector<x509::Certificate>> read_chain(const std::string& path) {
  auto text = read_file(path);
  if (!text) return fail(std::move(text).error());
  // DER holds one.
  if (auto single = x509::Certificate::from_der(*text)) return std::vector{*std::move(single)};
  auto chain = x509::parse_chain(*text);
  if (!chain) return fail(std::move(chain).error().with("read {}", path));
  if (chain->size() > kMostCertificates) {
    return fail(Code::invalid_argument, "{} holds {} certificates; a chain has at most {}", path,
                chain->size(), kMostCertificates);
  }
  return chain;
}

Result<x509::Purpose> parse_purpose(const std::string& text) {
  if (text == "client") return x509::Purpose::client_auth;
  if (text == "server") return x509::Purpose::server_auth;
  if (text == "any") return x509::Purpose::any;
  return fail(Error{Code::invalid_argument, fmt::format("'{}' is no purpose", text),
                    "client, server or any"});
}

Result<x509::ExplainOptions> options_of(const ChainFile& arguments, const Clock& clock) {
  x509::ExplainOptions options;
  options.at = clock.now();
  if (!arguments.at.empty()) {
    auto at = parse_rfc3339(arguments.at);
    if (!at) return fail(std::move(at).error().with("read --at"));
    options.at = *at;
  }
  auto purpose = parse_purpose(arguments.purpose);
  if (!purpose) return fail(std::move(purpose).error());
  options.purpose = *purpose;
  if (!arguments.ca_file.empty()) {
    auto anchors = read_chain(arguments.ca_file);
    if (!anchors) return fail(std::move(anchors).error());
    options.anchors = *std::move(anchors);
  }
  if (!arguments.key_file.empty()) {
    auto text = read_file(arguments.key_file);
    if (!text) return fail(std::move(text).error());
    auto key = x509::PrivateKey::from_pem(Secret(*std::move(text)));
    if (!key) return fail(std::move(key).error().with("read {}", arguments.key_file));
    options.key = *std::move(key);
  }
  return options;
}

json::object to_json(const x509::ChainFinding& finding) {
  return {{"severity", to_string(finding.severity)},
          {"rule", finding.rule},
          {"certificate", finding.certificate},
          {"message", finding.message},
          {"hint", finding.hint}};
}

Result<x509::ChainReport> report_on(const ChainFile& arguments, const Clock& clock) {
  auto chain = read_chain(arguments.file);
  if (!chain) return fail(std::move(chain).error());
  auto options = options_of(arguments, clock);
  if (!options) return fail(std::move(options).error());
  return x509::explain_chain(*chain, *options);
}

}  // namespace

Result<std::string> certificates_of_file(const std::string& file) {
  auto chain = read_chain(file);
  if (!chain) return fail(std::move(chain).error());
  return x509::chain_to_pem(*chain);
}

Result<json::object> judge_chain_file(const ChainFile& arguments, const Clock& clock) {
  auto report = report_on(arguments, clock);
  if (!report) return fail(std::move(report).error());
  json::array findings;
  for (const auto& finding : report->findings) findings.push_back(to_json(finding));
  json::array path;
  for (const auto& certificate : report->path) path.emplace_back(certificate.subject_cn());
  return json::object{
      {"verified", report->verified}, {"findings", std::move(findings)}, {"path", std::move(path)}};
}

Result<std::optional<json::object>> judge_key_file(const ChainFile& arguments, const Clock& clock) {
  if (arguments.key_file.empty()) return std::optional<json::object>();
  auto report = report_on(arguments, clock);
  if (!report) return fail(std::move(report).error());
  for (const auto& finding : report->findings) {
    if (finding.rule == "key-mismatch") return std::optional(to_json(finding));
  }
  return std::optional<json::object>();
}

std::string show_verdict(const json::object& verdict) {
  std::string text;
  if (const auto* path = find_array(verdict, "path")) {
    for (std::size_t i = 0; i < path->size(); ++i) {
      if (!(*path)[i].is_string()) continue;
      text += fmt::format("{:>{}}{}\n", "", 2 * i, printable(std::string((*path)[i].get_string())));
    }
  }
  if (const auto* findings = find_array(verdict, "findings")) {
    for (const auto& entry : *findings) {
      const auto* finding = entry.if_object();
      if (!finding) continue;
      text += printable(fmt::format("{}: '{}': {} ({})", string_or(*finding, "severity", ""),
                                    string_or(*finding, "certificate", ""),
                                    string_or(*finding, "message", ""),
                                    string_or(*finding, "rule", ""))) +
              "\n";
      const auto hint = string_or(*finding, "hint", "");
      if (!hint.empty()) text += printable("  " + hint) + "\n";
    }
  }
  text +=
      bool_or(verdict, "verified", false) ? "the chain verifies\n" : "the chain does not verify\n";
  return text;
}

Result<void> verdict_as_result(const json::object& verdict) {
  if (bool_or(verdict, "verified", false)) return {};
  const auto* findings = find_array(verdict, "findings");
  const auto* first = findings && !findings->empty() ? findings->front().if_object() : nullptr;
  if (!first) return fail(Code::precondition_failed, "the chain does not verify");
  return fail(
      Error{Code::precondition_failed,
            fmt::format("the chain does not verify: '{}': {}", string_or(*first, "certificate", ""),
                        string_or(*first, "message", "")),
            string_or(*first, "hint", "")});
}

}  // namespace ferry::cli
