// SPDX-License-Identifier: Apache-2.0
#include "api/installer_files.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <cctype>

#include "api/errors.hpp"
#include "base/crypto.hpp"
#include "base/embedded.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "x509/certificate.hpp"

// NOLINTNEXTLINE(*-avoid-c-arrays): as the assembler file lays it out
extern "C" const ferry::EmbeddedEntry ferry_install_files[];

namespace ferry::api {
namespace {

constexpr std::string_view kProgram = "ferry-agent";

std::string own_platform() {
  utsname name{};
  if (::uname(&name) != 0) return "";
  const std::string_view machine = name.machine;
  if (machine == "x86_64") return "linux-amd64";
  if (machine == "aarch64") return "linux-arm64";
  if (machine.starts_with("armv7")) return "linux-arm-v7";
  return fmt::format("linux-{}", machine);
}

// It goes into a script: nothing that a shell or a URL would take for more than a host and a port.
bool plain_authority(std::string_view text) {
  return !text.empty() && text.size() <= 260 && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view(".-:[]").find(c) != std::string_view::npos;
  });
}

void replace_all(std::string& text, std::string_view mark, std::string_view value) {
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    text.replace(at, mark.size(), value);
    at += value.size();
  }
}

net::HttpResponse text_response(std::string type, std::string body) {
  net::HttpResponse response;
  response.headers.set("Content-Type", std::move(type));
  response.headers.set("Cache-Control", "no-cache");
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.body = std::move(body);
  return response;
}

net::HttpResponse serve_script(InstallerFiles& files, const net::HttpRequest& request) {
  auto script = files.script(request.headers.get_or("Host", ""));
  if (!script) return error_response(script.error());
  return text_response("text/x-shellscript; charset=utf-8", *std::move(script));
}

net::HttpResponse serve_info(InstallerFiles& files, const net::HttpRequest&) {
  json::array programs;
  for (const auto& [platform, program] : files.programs()) {
    programs.push_back(
        {{"platform", platform}, {"sha256", program.sha256}, {"size", program.size}});
  }
  return json_response(200, json::object{{"programs", std::move(programs)},
                                         {"caPem", files.ca_pem()},
                                         {"publicKeyPin", files.public_key_pin()}});
}

net::HttpResponse serve_ca(InstallerFiles& files, const net::HttpRequest&) {
  return text_response("application/x-pem-file", files.ca_pem());
}

net::HttpResponse serve_program(InstallerFiles& files, std::string platform) {
  const bool digest = platform.ends_with(".sha256");
  if (digest) platform.resize(platform.size() - std::string_view(".sha256").size());
  const auto programs = files.programs();
  const auto found = programs.find(platform);
  if (found == programs.end()) {
    return error_response(
        Error{Code::not_found, fmt::format("this server has no ferry-agent for {}", platform),
              "an administrator puts it beside ferryd, as agents/<platform>/ferry-agent"});
  }
  if (digest) {
    return text_response("text/plain", fmt::format("{}  {}\n", found->second.sha256, kProgram));
  }
  auto bytes = read_file(found->second.path);
  if (!bytes) return error_response(bytes.error());
  return text_response("application/octet-stream", *std::move(bytes));
}

using Answer = net::HttpResponse (*)(InstallerFiles&, const net::HttpRequest&);

net::Task<net::HttpResponse> respond(InstallerFiles& files, Answer answer,
                                     net::HttpRequest request) {
  co_return answer(files, request);
}

net::Task<net::HttpResponse> respond_with_program(InstallerFiles& files, std::string platform) {
  co_return serve_program(files, std::move(platform));
}

void add(net::Router& router, InstallerFiles& files, std::string_view path, Answer answer) {
  router.add("GET", path, [&files, answer](net::HttpRequest request, net::RouteParameters) {
    return respond(files, answer, std::move(request));
  });
}

}  // namespace

std::map<std::string, InstallerFiles::Program> InstallerFiles::programs() {
  std::map<std::string, Program> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(programs_ / "agents", error)) {
    add(found, entry.path().filename(), entry.path() / kProgram);
  }
  add(found, own_platform(), programs_ / kProgram);
  return found;
}

void InstallerFiles::add(std::map<std::string, Program>& found, const std::string& platform,
                         const std::filesystem::path& path) {
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(path, error);
  const auto size = error ? 0 : std::filesystem::file_size(path, error);
  if (error) return;
  Known& known = known_[path];
  if (known.changed != changed || known.program.size != size || known.program.sha256.empty()) {
    const auto bytes = read_file(path);
    if (!bytes) return;
    known = {changed, {path, hex_encode(sha256(*bytes)), size}};
  }
  found[platform] = known.program;
}

Result<std::string> InstallerFiles::script(std::string_view authority) {
  if (!plain_authority(authority)) {
    return fail(Code::invalid_argument, "the Host header names no host");
  }
  std::string digests;
  for (const auto& [platform, program] : programs()) {
    digests +=
        fmt::format("{}    {}) echo {} ;;", digests.empty() ? "" : "\n", platform, program.sha256);
  }
  std::string script(embedded_files(ferry_install_files).front().content);
  replace_all(script, "    # @DIGESTS@", digests);
  replace_all(script, "@CA@", trim(ca_pem_));
  replace_all(script, "@SERVER@", fmt::format("https://{}", authority));
  return script;
}

std::string public_key_pin(const std::string& certificate_pem) {
  const auto certificate = x509::Certificate::from_pem(certificate_pem);
  if (!certificate) return "";
  return "sha256//" + base64_encode(sha256(certificate->public_key().to_der()));
}

std::filesystem::path own_directory() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

void add_installer_file_routes(net::Router& router, InstallerFiles& files) {
  add(router, files, "/install.sh", serve_script);
  add(router, files, "/install/info", serve_info);
  add(router, files, "/install/ca.pem", serve_ca);
  router.add("GET", "/install/ferry-agent/{platform}",
             [&files](net::HttpRequest, net::RouteParameters parameters) {
               return respond_with_program(files, parameters.at("platform"));
             });
}

}  // namespace ferry::api
