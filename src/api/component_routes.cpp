// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "api/errors.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"

namespace ferry::api {
namespace {

constexpr std::uint32_t kPlainMode = 0644;

Answer list(control::Control& control, const Call& call) {
  auto components = control.components.list(call.organization(), call.at("workspace"));
  if (!components) return fail(std::move(components).error());
  return json_response(200, collection(*components));
}

Answer get(control::Control& control, const Call& call) {
  auto component =
      control.components.get(call.organization(), call.at("workspace"), call.at("component"));
  if (!component) return fail(std::move(component).error());
  return json_response(200, to_json(*component));
}

Answer create_version(control::Control& control, const Call& call) {
  auto version = control.components.create_version(call.organization(), call.at("workspace"),
                                                   call.at("component"), call.request.body);
  if (!version) return fail(std::move(version).error());
  return json_response(201, to_json(*version));
}

Answer get_version(control::Control& control, const Call& call) {
  auto version = control.components.get_version(call.organization(), call.at("workspace"),
                                                call.at("component"), call.at("version"));
  if (!version) return fail(std::move(version).error());
  return json_response(200, json::object{{"name", version->component},
                                         {"versions", json::array{to_json(*version)}}});
}

net::Task<Answer> remove_version(control::Control& control, Call call) {
  auto removed = co_await control.components.remove_version(
      call.organization(), call.at("workspace"), call.at("component"), call.at("version"));
  if (!removed) co_return fail(std::move(removed).error());
  co_return no_content();
}

// X-Ferry-Mode: the permission bits in octal, as chmod takes them.
Result<std::uint32_t> mode_of(const Call& call) {
  const auto text = call.request.headers.get("X-Ferry-Mode");
  if (!text) return kPlainMode;
  std::uint32_t mode = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), mode, 8);
  if (error != std::errc() || end != text->data() + text->size() || mode > 07777) {
    return fail(Code::invalid_argument, "X-Ferry-Mode must be octal permission bits such as 0755");
  }
  return mode;
}

net::Task<Answer> put_file(control::Control& control, Call call) {
  auto mode = mode_of(call);
  if (!mode) co_return fail(std::move(mode).error());
  auto stored = co_await control.components.put_file(
      call.organization(), call.at("workspace"), call.at("component"), call.at("version"),
      call.at("path"), *mode, std::move(call.request.body));
  if (!stored) co_return fail(std::move(stored).error());
  co_return no_content();
}

Answer publish(control::Control& control, const Call& call) {
  auto started = control.components.publish(call.organization(), call.at("workspace"),
                                            call.at("component"), call.at("version"));
  if (!started) return fail(std::move(started).error());
  return json_response(202, json::object{{"version", to_json(started->version)},
                                         {"operation", to_json(started->operation)}});
}

net::Task<Answer> import_image(control::Control& control, Call call) {
  const auto repository = call.request.query_value("repository");
  if (!repository) co_return fail(Code::invalid_argument, "the query lacks 'repository'");
  const auto tag = call.request.query_value("tag");
  if (!tag) co_return fail(Code::invalid_argument, "the query lacks 'tag'");
  auto platform = call.request.query_value("platform").value_or("linux/amd64");
  auto image = co_await control.components.import_image(call.organization(), call.at("workspace"),
                                                        *repository, *tag, std::move(platform),
                                                        std::move(call.request.body));
  if (!image) co_return fail(std::move(image).error());
  co_return json_response(201,
                          json::object{{"reference", image->reference}, {"digest", image->digest}});
}

}  // namespace

void add_component_routes(Routes& routes) {
  using fleet::Role;
  routes.add("GET", "/workspaces/{workspace}/components", Role::viewer, list);
  routes.add("GET", "/workspaces/{workspace}/components/{component}", Role::viewer, get);
  constexpr std::string_view kVersions = "/workspaces/{workspace}/components/{component}/versions";
  const std::string version = std::string(kVersions) + "/{version}";
  routes.add("POST", kVersions, Role::operator_, create_version);
  routes.add("GET", version, Role::viewer, get_version);
  routes.add("DELETE", version, Role::operator_, remove_version);
  routes.add("PUT", version + "/files/{path...}", Role::operator_, put_file);
  routes.add("POST", version + "/publish", Role::operator_, publish);
  routes.add("POST", "/workspaces/{workspace}/images", Role::operator_, import_image);
}

bool is_upload(std::string_view method, std::string_view path) {
  const bool file = method == "PUT" && path.find("/files/") != std::string_view::npos;
  const bool image = method == "POST" && path.ends_with("/images");
  return file || image;
}

}  // namespace ferry::api
