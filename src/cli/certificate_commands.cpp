// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "base/file.hpp"
#include "cli/authority_commands.hpp"
#include "cli/chain_file.hpp"
#include "cli/commands.hpp"

namespace ferry::cli {
namespace {

std::string joined(const json::object& object, std::string_view member) {
  std::string text;
  const auto* list = find_array(object, member);
  for (std::size_t i = 0; list && i < list->size(); ++i) {
    if (!(*list)[i].is_string()) continue;
    if (!text.empty()) text += "; ";
    text += (*list)[i].get_string();
  }
  return text.empty() ? "-" : text;
}

// "in 42 days" or "3 days ago".
std::string until(const Context& context, const json::object& object, std::string_view member) {
  const auto time = parse_rfc3339(text_of(object, member));
  if (!time) return "-";
  const auto seconds = unix_seconds(*time) - unix_seconds(context.clock.now());
  const auto days = std::abs(seconds) / 86400;
  return seconds < 0 ? fmt::format("{} days ago", days) : fmt::format("in {} days", days);
}

void add_branch(Context& context, Table& table, const json::object& certificate,
                std::size_t depth) {
  table.add({{std::string(2 * depth, ' ') + text_of(certificate, "subject"), Tone::strong},
             {text_of(certificate, "use")},
             state_cell(certificate, "state"),
             {text_of(certificate, "nodes")},
             {until(context, certificate, "notAfter")},
             {joined(certificate, "usedBy"), Tone::dim}});
  const auto* below = find_array(certificate, "below");
  for (std::size_t i = 0; below && i < below->size(); ++i) {
    if (const auto* child = (*below)[i].if_object()) add_branch(context, table, *child, depth + 1);
  }
}

// All pages; a fleet's certificates are many, so each is asked for when the one before has come.
net::Task<Result<json::array>> all_certificates(Context& context, std::string workspace) {
  json::array all;
  std::int64_t from = 0;
  do {
    auto page = co_await context.client.get(
        fmt::format("{}?from={}", api_path({"workspaces", workspace, "certificates"}), from));
    if (!page) co_return fail(std::move(page).error());
    const auto* object = page->if_object();
    if (!object) co_return fail(Code::internal, "the server's answer is not a list");
    if (const auto* value = find_array(*object, "value")) {
      all.insert(all.end(), value->begin(), value->end());
    }
    from = int_or(*object, "next", 0);
  } while (from != 0);
  co_return all;
}

}  // namespace

Done certificate_list(Context& context) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto certificates = co_await all_certificates(context, *workspace);
  if (!certificates) co_return fail(std::move(certificates).error());
  const json::value answer = json::object{{"value", *std::move(certificates)}};
  if (context.output == OutputFormat::json) {
    print(context, answer, {});
    co_return Result<void>{};
  }
  Table table({"ID", "USE", "SUBJECT", "ISSUER", "STATE", "NOT AFTER", "SHA-256 THUMBPRINT"});
  for (const auto& certificate : items_of(answer)) {
    table.add({{text_of(certificate, "id")},
               {text_of(certificate, "use")},
               {text_of(certificate, "subject"), Tone::strong},
               {text_of(certificate, "issuer")},
               state_cell(certificate, "state"),
               {text_of(certificate, "notAfter")},
               {text_of(certificate, "sha256Thumbprint"), Tone::dim}});
  }
  print_table(context, table, "no certificates");
  co_return Result<void>{};
}

Done certificate_tree(Context& context) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer =
      co_await context.client.get(api_path({"workspaces", *workspace, "certificates", "tree"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"AUTHORITY", "USE", "STATE", "NODES", "ENDS", "USED BY"});
  for (const auto& root : items_of(*answer)) add_branch(context, table, root, 0);
  print_table(context, table, "no authorities");
  co_return Result<void>{};
}

Done certificate_show(Context& context, std::string id) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer =
      co_await context.client.get(api_path({"workspaces", *workspace, "certificates", id}));
  if (!answer) co_return fail(std::move(answer).error());
  print(context, *answer, [](const json::value& value) {
    const auto* object = value.if_object();
    if (!object) return std::string();
    return describe_members(*object, {"id", "subject", "issuer", "issuerId", "use", "owner",
                                      "state", "origin", "keyType", "serial", "notBefore",
                                      "notAfter", "revokedAt", "sha256Thumbprint"}) +
           fmt::format("usedBy            {}\n", printable(joined(*object, "usedBy")));
  });
  co_return Result<void>{};
}

Done certificate_download(Context& context, CertificateDownload arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  const auto path =
      arguments.id == "trust-bundle"
          ? api_path({"workspaces", *workspace, "certificates", "trust-bundle"})
          : api_path({"workspaces", *workspace, "certificates", arguments.id, "pem"}) +
                (arguments.chain ? "?chain=true" : "");
  auto pem = co_await context.client.get_text(path);
  if (!pem) co_return fail(std::move(pem).error());
  if (!arguments.file.empty()) {
    auto written = write_file_atomically(arguments.file, *pem, 0644);
    if (!written) co_return fail(std::move(written).error());
  }
  print(context, json::object{{"pem", *pem}}, [&](const json::value&) {
    return arguments.file.empty() ? *pem : fmt::format("wrote {}\n", arguments.file);
  });
  co_return Result<void>{};
}

Done certificate_radar(Context& context, CertificateRadar arguments) {
  auto path = fmt::format("{}?within={}", api_path({"certificates", "expiring"}),
                          percent_encode(arguments.within));
  if (!context.workspace.empty()) path += "&workspace=" + percent_encode(context.workspace);
  auto answer = co_await context.client.get(std::move(path));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"ENDS", "USE", "SUBJECT", "STATE", "USED BY", "ID"});
  for (const auto& certificate : items_of(*answer)) {
    auto ends = until(context, certificate, "notAfter");
    const Tone tone = ends.ends_with("ago") ? Tone::bad : Tone::busy;
    table.add({{std::move(ends), tone},
               {text_of(certificate, "use")},
               {text_of(certificate, "subject"), Tone::strong},
               state_cell(certificate, "state"),
               {joined(certificate, "usedBy")},
               {text_of(certificate, "id"), Tone::dim}});
  }
  print_table(context, table, fmt::format("nothing ends within {}", arguments.within));
  co_return Result<void>{};
}

Done certificate_verify(Context& context, ChainFile arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto pem = certificates_of_file(arguments.file);
  if (!pem) co_return fail(std::move(pem).error());
  json::object question{{"pem", *pem}, {"purpose", arguments.purpose}};
  if (!arguments.at.empty()) question["at"] = arguments.at;
  auto answer = co_await context.client.post(
      api_path({"workspaces", *workspace, "certificates", "verify"}), std::move(question));
  if (!answer) co_return fail(std::move(answer).error());
  if (!answer->is_object()) co_return fail(Code::internal, "the server's answer is no verdict");
  json::object verdict = std::move(answer->as_object());
  // The key stays here.
  auto key = judge_key_file(arguments, context.clock);
  if (!key) co_return fail(std::move(key).error());
  if (*key) {
    json::array findings{**key};
    if (const auto* others = find_array(verdict, "findings")) {
      findings.insert(findings.end(), others->begin(), others->end());
    }
    verdict["findings"] = std::move(findings);
    verdict["verified"] = false;
  }
  auto outcome = verdict_as_result(verdict);
  if (!outcome && context.output == OutputFormat::json) {
    context.error_details = std::move(verdict);
    co_return outcome;
  }
  print(context, verdict, [&](const json::value&) { return show_verdict(verdict); });
  co_return outcome;
}

}  // namespace ferry::cli
