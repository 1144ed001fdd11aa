// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "cli/child_process.hpp"
#include "cli/commands.hpp"
#include "cli/component_directory.hpp"
#include "cli/progress.hpp"

namespace ferry::cli {
namespace {

Result<void> run_build(const ComponentDirectory& component) {
  ProgramCall call;
  call.program = component.build.front();
  call.arguments.assign(component.build.begin() + 1, component.build.end());
  call.directory = component.root;
  call.output_to_stderr = true;
  auto child = start_program(call);
  if (!child) return fail(std::move(child).error().with("build {}", component.name));
  const auto ended = wait_for_end(*child);
  if (ended.success()) return {};
  return fail(Code::invalid_argument, "the build of {} failed: '{}' ended with {}", component.name,
              fmt::join(component.build, " "), ended.describe());
}

Done upload_file(Context& context, std::string version_path, std::filesystem::path root,
                 ComponentFile file) {
  auto bytes = read_file(root / file.path);
  if (!bytes) co_return fail(std::move(bytes).error());
  net::Headers headers{{"X-Ferry-Mode", file.executable ? "0755" : "0644"}};
  auto sent = co_await context.client.send_bytes(
      "PUT", version_path + "/files/" + percent_encode_path(file.path), std::move(headers),
      *std::move(bytes));
  if (!sent) co_return fail(std::move(sent).error().with("upload {}", file.path));
  co_return Result<void>{};
}

std::string show_versions(const Context& context, const json::value& value) {
  const auto* component = value.if_object();
  const auto* versions = component ? find_array(*component, "versions") : nullptr;
  Table table({"COMPONENT", "VERSION", "STATE", "FILES", "AGE", "IMAGE"});
  for (std::size_t i = 0; versions && i < versions->size(); ++i) {
    const auto* version = (*versions)[i].if_object();
    if (!version) continue;
    const auto* files = find_array(*version, "files");
    table.add({{text_of(*component, "name"), Tone::strong},
               {text_of(*version, "version")},
               state_cell(*version, "state"),
               {std::to_string(files ? files->size() : 0)},
               {age(context.clock, *version, "createdAt")},
               {text_of(*version, "image"), Tone::dim}});
  }
  return table.render(context.terminal.width, context.terminal.colours);
}

}  // namespace

Done component_publish(Context& context, std::string directory) {
  auto component = open_component_directory(directory);
  if (!component) co_return fail(std::move(component).error());
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  if (!component->build.empty()) {
    say(context, fmt::format("building {} {}", component->name, component->version));
    if (auto built = run_build(*component); !built) co_return fail(std::move(built).error());
  }
  auto files = collect_component_files(*component);
  if (!files) co_return fail(std::move(files).error());

  const auto versions_path =
      api_path({"workspaces", *workspace, "components", component->name, "versions"});
  const auto version_path = versions_path + "/" + percent_encode(component->version);
  say(context, fmt::format("publishing {} {}: {} files", component->name, component->version,
                           files->size()));
  auto created = co_await context.client.post(versions_path, component->manifest);
  if (!created) co_return fail(std::move(created).error());
  for (const auto& file : *files) {
    auto uploaded = co_await upload_file(context, version_path, component->root, file);
    if (!uploaded) co_return fail(std::move(uploaded).error());
  }
  auto started = co_await context.client.post(version_path + "/publish", json::object{});
  if (!started) co_return fail(std::move(started).error());
  auto finished = co_await follow_answer(context, *started);
  if (!finished) co_return fail(std::move(finished).error());

  auto published = co_await context.client.get(version_path);
  if (!published) co_return fail(std::move(published).error());
  print(context, *published,
        [&](const json::value& value) { return show_versions(context, value); });
  co_return Result<void>{};
}

Done component_list(Context& context) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.get(api_path({"workspaces", *workspace, "components"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"COMPONENT", "NEWEST", "STATE", "VERSIONS", "AGE"});
  for (const auto& component : items_of(*answer)) {
    const auto* versions = find_array(component, "versions");
    if (!versions || versions->empty() || !versions->front().is_object()) continue;
    const auto& newest = versions->front().get_object();
    table.add({{text_of(component, "name"), Tone::strong},
               {text_of(newest, "version")},
               state_cell(newest, "state"),
               {std::to_string(versions->size())},
               {age(context.clock, newest, "createdAt")}});
  }
  print_table(context, table, "no components yet: ferry component publish DIR");
  co_return Result<void>{};
}

Done component_show(Context& context, std::string name) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer =
      co_await context.client.get(api_path({"workspaces", *workspace, "components", name}));
  if (!answer) co_return fail(std::move(answer).error());
  print(context, *answer, [&](const json::value& value) { return show_versions(context, value); });
  co_return Result<void>{};
}

Done image_import(Context& context, ImageImport arguments) {
  const auto colon = arguments.reference.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == arguments.reference.size()) {
    co_return fail(Error{Code::invalid_argument,
                         fmt::format("'{}' is not REPOSITORY:TAG", arguments.reference),
                         "for instance base/busybox:1.35"});
  }
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto tar = read_file(arguments.root_file_system);
  if (!tar) co_return fail(std::move(tar).error());
  const FormFields query{{"repository", arguments.reference.substr(0, colon)},
                         {"tag", arguments.reference.substr(colon + 1)},
                         {"platform", arguments.platform}};
  const auto path = api_path({"workspaces", *workspace, "images"}) + "?" + format_form(query);
  auto answer = co_await context.client.send_bytes("POST", path, {}, *std::move(tar));
  if (!answer) co_return fail(std::move(answer).error());
  print(context, *answer, [](const json::value& value) {
    const auto* image = value.if_object();
    return image ? describe_members(*image, {"reference", "digest"}) : std::string();
  });
  co_return Result<void>{};
}

}  // namespace ferry::cli
