// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <ostream>

#include "cli/child_process.hpp"
#include "cli/commands.hpp"

namespace ferry::cli {
namespace {

bool has_desktop() {
  return std::getenv("DISPLAY") != nullptr || std::getenv("WAYLAND_DISPLAY") != nullptr;
}

// setsid lets go of the browser, which is to outlive this program.
bool open_in_browser(const std::string& url) {
  const auto started = start_program(
      {.program = "setsid", .arguments = {"--fork", "xdg-open", url}, .log = "/dev/null"});
  return started && wait_for_end(*started).success();
}

// `ferry up` keeps the owner's token beside the CA that the profile names.
std::filesystem::path token_file(const Profile& profile) {
  std::error_code error;
  const auto path = profile.ca_file.parent_path() / "owner.token";
  return std::filesystem::exists(path, error) ? path : std::filesystem::path();
}

}  // namespace

Done console(Context& context, Console arguments) {
  const std::string url = context.profile.url + "/console/";
  const auto token = token_file(context.profile);
  print(context,
        json::object{
            {"url", url},
            {"tokenFile", token.empty() ? json::value(nullptr) : json::value(token.string())}},
        [&](const json::value&) { return url + "\n"; });
  say(context, token.empty() ? "sign in with your API token"
                             : "sign in with the API token in " + token.string());
  if (!context.profile.ca_file.empty()) {
    say(context, "a browser that does not know Ferry's CA warns; the CA is " +
                     context.profile.ca_file.string());
  }
  const bool wanted = arguments.open && context.output == OutputFormat::table &&
                      context.terminal.out_is_terminal && has_desktop();
  if (wanted && !open_in_browser(url))
    say(context, "no browser could be opened; open the URL yourself");
  co_return Result<void>{};
}

}  // namespace ferry::cli
