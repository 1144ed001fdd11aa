// SPDX-License-Identifier: Apache-2.0
#include "api/console_files.hpp"

#include <array>

#include "base/embedded.hpp"
#include "base/encoding.hpp"

// NOLINTNEXTLINE(*-avoid-c-arrays): as the assembler file lays it out
extern "C" const ferry::EmbeddedEntry ferry_console_files[];

namespace ferry::api {
namespace {

// Nothing from elsewhere, nothing inline, not in a frame.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

constexpr std::string_view kNotBuilt = R"(<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Ferry</title></head>
<body>
<h1>Ferry</h1>
<p>This is the control plane of Ferry. It was built on a machine without Node.js, so the web console is not
in it. With Node.js 20.19 or newer, <code>make build</code> puts it in.</p>
<p>The command <code>ferry</code> and the HTTP API below <code>/api/v1</code> do everything meanwhile
(<a href="/api/v1/openapi.json">description</a>).</p>
</body>
</html>
)";

std::string_view type_of(std::string_view path) {
  struct Type {
    std::string_view suffix;
    std::string_view name;
  };
  static constexpr std::array<Type, 6> kTypes{{{".html", "text/html; charset=utf-8"},
                                               {".js", "text/javascript; charset=utf-8"},
                                               {".css", "text/css; charset=utf-8"},
                                               {".svg", "image/svg+xml"},
                                               {".json", "application/json"},
                                               {".woff2", "font/woff2"}}};
  for (const auto& type : kTypes) {
    if (path.ends_with(type.suffix)) return type.name;
  }
  return "application/octet-stream";
}

const std::map<std::string_view, EmbeddedFile>& files() {
  static const auto kFiles = [] {
    std::map<std::string_view, EmbeddedFile> by_path;
    for (const auto& file : embedded_files(ferry_console_files)) by_path.emplace(file.path, file);
    return by_path;
  }();
  return kFiles;
}

void harden(net::Headers& headers) {
  headers.set("Content-Security-Policy", std::string(kPolicy));
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
}

// If-None-Match is a list of entity tags (RFC 9110 s.13.1.2); weak ones compare alike.
bool matches(const net::HttpRequest& request, const std::string& etag) {
  const auto header = request.headers.get_or("If-None-Match", "");
  for (const auto& part : split(header, ',')) {
    auto tag = trim(part);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag || tag == "*") return true;
  }
  return false;
}

net::HttpResponse not_built() {
  net::HttpResponse response;
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  response.headers.set("Cache-Control", "no-store");
  harden(response.headers);
  response.body = kNotBuilt;
  return response;
}

net::HttpResponse no_such_file() {
  net::HttpResponse response;
  response.status = 404;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.body = "there is no such file\n";
  harden(response.headers);
  return response;
}

}  // namespace

net::HttpResponse console_file(std::string_view path, const net::HttpRequest& request) {
  if (files().empty()) return not_built();
  const bool is_asset = path.starts_with("assets/");  // their names hold a hash of their content
  auto found = files().find(path);
  if (found == files().end()) {
    if (is_asset) return no_such_file();
    found = files().find("index.html");
  }
  if (found == files().end()) return not_built();
  const auto& file = found->second;
  net::HttpResponse response;
  const std::string etag = fmt::format("\"{}\"", file.sha256);
  response.headers.set("ETag", etag);
  response.headers.set("Cache-Control",
                       is_asset ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.set("Vary", "Accept-Encoding");
  harden(response.headers);
  if (matches(request, etag)) {
    response.status = 304;
    return response;
  }
  response.headers.set("Content-Type", std::string(type_of(file.path)));
  response.headers.set("Content-Encoding", "gzip");  // every browser takes it
  response.body = file.content;
  return response;
}

}  // namespace ferry::api
