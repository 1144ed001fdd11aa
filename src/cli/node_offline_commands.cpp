// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "cli/commands.hpp"
#include "cli/device_command.hpp"

namespace ferry::cli {
namespace {

net::Task<Result<json::object>> new_token(Context& context, std::string node) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.post(
      api_path({"workspaces", *workspace, "nodes", node, "token"}), json::object{});
  if (!answer) co_return fail(std::move(answer).error());
  if (!answer->is_object()) co_return fail(Code::internal, "the server gave no token");
  co_return answer->get_object();
}

Result<std::string> server_ca(const Profile& profile) {
  if (profile.ca_file.empty()) return std::string();
  return read_file(profile.ca_file);
}

Result<void> write_secret(const std::string& path, const json::object& content) {
  return write_file_atomically(path, pretty_json(content) + "\n", 0600);
}

}  // namespace

Done node_bundle(Context& context, NodeBundle arguments) {
  auto ca = server_ca(context.profile);
  if (!ca) co_return fail(std::move(ca).error());
  auto ticket = co_await new_token(context, arguments.name);
  if (!ticket) co_return fail(std::move(ticket).error());
  json::object environment;
  for (const auto& [name, value] : device_environment(context.profile)) environment[name] = value;
  const json::object bundle{{"version", 1},
                            {"server", context.profile.url},
                            {"serverCa", *ca},
                            {"cloudCa", local_cloud_ca(context.profile)},
                            {"registrationId", string_or(*ticket, "registrationId", "")},
                            {"token", string_or(*ticket, "token", "")},
                            {"expiresAt", string_or(*ticket, "expiresAt", "")},
                            {"environment", std::move(environment)}};
  if (auto written = write_secret(arguments.out, bundle); !written) co_return written;
  const json::object answer{{"file", arguments.out},
                            {"node", arguments.name},
                            {"expiresAt", string_or(*ticket, "expiresAt", "")}};
  print(context, answer, [&](const json::value&) {
    return fmt::format(
        "Wrote {0}, good until {1}, once. It is as secret as the token in it. On the device:\n"
        "  ferry-agent register --bundle {0}\n",
        arguments.out, text_of(answer, "expiresAt"));
  });
  co_return Result<void>{};
}

Done node_certificate(Context& context, NodeCertificate arguments) {
  auto csr = read_file(arguments.request);
  if (!csr) co_return fail(std::move(csr).error());
  auto ca = server_ca(context.profile);
  if (!ca) co_return fail(std::move(ca).error());
  auto ticket = co_await new_token(context, arguments.name);
  if (!ticket) co_return fail(std::move(ticket).error());
  auto session = co_await context.client.post_as(
      Secret(), "/auth/login_node", json::object{{"token", string_or(*ticket, "token", "")}});
  if (!session) co_return fail(std::move(session).error());
  const auto* opened = session->if_object();
  const Secret access(opened ? string_or(*opened, "access_token", "") : "");
  auto issued = co_await context.client.post_as(access, "/registration/azure/get_certificate",
                                                json::object{{"csr", *csr}});
  if (!issued) co_return fail(std::move(issued).error());
  if (!issued->is_object()) co_return fail(Code::internal, "the server gave no certificate");
  json::object answer = issued->get_object();
  answer["server"] = context.profile.url;
  answer["registration_id"] = string_or(*ticket, "registrationId", "");
  answer["server_ca"] = *ca;
  answer["cloud_ca"] = local_cloud_ca(context.profile);
  if (auto written = write_secret(arguments.out, answer); !written) co_return written;
  print(context, json::object{{"file", arguments.out}, {"node", arguments.name}},
        [&](const json::value&) {
          return fmt::format("Wrote {0}. On the device:\n  ferry-agent register --answer {0}\n",
                             arguments.out);
        });
  co_return Result<void>{};
}

}  // namespace ferry::cli
