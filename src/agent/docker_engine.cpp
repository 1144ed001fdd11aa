// SPDX-License-Identifier: Apache-2.0
#include "agent/docker_engine.hpp"

#include <charconv>

#include "agent/container_spec.hpp"
#include "base/encoding.hpp"

namespace ferry::agent {
namespace {

using net::HttpCall;
using net::HttpResponse;
using net::Task;

constexpr int kNewestMinor = 47;  // of API 1.x: what this client was written for
constexpr int kOldestMinor = 25;  // the oldest that module manifests may ask for
constexpr std::chrono::minutes kPullTimeout{60};

int minor_of(std::string_view version) {
  int minor = 0;
  if (!version.starts_with("1.")) return version.empty() ? 0 : kNewestMinor;
  version.remove_prefix(2);
  std::from_chars(version.data(), version.data() + version.size(), minor);
  return minor;
}

Error engine_error(const HttpResponse& response) {
  std::string message(trim(response.body));
  if (const auto object = parse_json_object(response.body)) {
    message = string_or(*object, "message", message);
  }
  if (message.size() > 1000) message.resize(1000);
  Code code = Code::unavailable;
  if (response.status == 400) code = Code::invalid_argument;
  if (response.status == 404) code = Code::not_found;
  if (response.status == 409) code = Code::conflict;
  return {code, fmt::format("Docker: {} {}", response.status, message)};
}

bool ok(int status) {
  return status >= 200 && status < 300;
}

}  // namespace

Secret registry_auth_header(const RegistryCredential& credential) {
  const json::object fields = {{"username", credential.username},
                               {"password", credential.password.reveal()},
                               {"serveraddress", credential.address}};
  std::string text = base64url_encode(json::serialize(fields));
  text.append((4 - text.size() % 4) % 4, '=');
  return Secret(std::move(text));
}

std::string pull_query(std::string_view image) {
  FormFields fields;
  if (image.find('@') != std::string_view::npos) {
    fields.emplace_back("fromImage", image);
  } else {
    const auto slash = image.rfind('/');
    const auto colon = image.find(':', slash == std::string_view::npos ? 0 : slash);
    fields.emplace_back("fromImage", image.substr(0, colon));
    fields.emplace_back("tag",
                        colon == std::string_view::npos ? "latest" : image.substr(colon + 1));
  }
  return format_form(fields);
}

Result<DockerEngine> DockerEngine::create(std::string_view address) {
  constexpr std::string_view kScheme = "unix://";
  std::string_view path = address;
  if (path.starts_with(kScheme)) path.remove_prefix(kScheme.size());
  if (!path.starts_with('/')) {
    return fail(
        Error{Code::invalid_argument, fmt::format("'{}' is not a Unix socket", address)}.advise(
            "use unix:///var/run/docker.sock or the path of another socket"));
  }
  return DockerEngine(std::filesystem::path(path));
}

DockerEngine::DockerEngine(std::filesystem::path socket) {
  net::HttpClientOptions options;
  options.unix_socket = std::move(socket);
  options.idle_connections = 4;
  http_ = std::make_unique<net::HttpClient>(std::move(options));
}

Task<Result<EngineVersion>> DockerEngine::negotiate() {
  HttpCall request;
  request.url = "http://docker/version";
  request.timeout = std::chrono::seconds(10);
  auto response = co_await http_->send(std::move(request));
  if (!response) co_return fail(std::move(response).error().with("reach the Docker Engine"));
  if (!ok(response->status)) co_return fail(engine_error(*response));
  const auto object = parse_json_object(response->body);
  if (!object) co_return fail(Code::unavailable, "the Docker Engine's version is not JSON");
  EngineVersion version;
  version.engine = string_or(*object, "Version", "");
  version.os = string_or(*object, "Os", "linux");
  version.architecture = string_or(*object, "Arch", "");
  const int newest = minor_of(string_or(*object, "ApiVersion", ""));
  const int oldest = minor_of(string_or(*object, "MinAPIVersion", "1.12"));
  const int minor = std::min(newest, kNewestMinor);
  if (minor < kOldestMinor || minor < oldest) {
    co_return fail(Code::unsupported,
                   "the Docker Engine {} speaks API 1.{} to 1.{}, not 1.{} to 1.{}", version.engine,
                   oldest, newest, kOldestMinor, kNewestMinor);
  }
  api_ = version.api = fmt::format("1.{}", minor);
  HttpCall about;
  about.url = fmt::format("http://docker/v{}/info", api_);
  about.timeout = std::chrono::seconds(10);
  auto told = co_await http_->send(std::move(about));
  if (told && ok(told->status)) {  // else the room on the disk stays unknown, and that is all
    const auto info = parse_json_object(told->body);
    if (info) version.root = string_or(*info, "DockerRootDir", "");
  }
  co_return version;
}

Task<Result<HttpResponse>> DockerEngine::call(HttpCall request, std::string target) {
  if (api_.empty()) {
    auto version = co_await negotiate();
    if (!version) co_return fail(std::move(version).error());
  }
  request.url = fmt::format("http://docker/v{}{}", api_, target);
  if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
  auto response = co_await http_->send(std::move(request));
  // After an upgrade the engine that comes back may speak another version.
  if (!response) api_.clear();
  co_return response;
}

Task<Result<std::vector<ObservedContainer>>> DockerEngine::list(std::string instance) {
  const json::object filters = {
      {"label", json::array{fmt::format("{}={}", kInstanceLabel, instance)}}};
  HttpCall request;
  request.timeout = std::chrono::seconds(30);
  const std::string query = percent_encode(json::serialize(filters));
  auto response =
      co_await call(std::move(request), fmt::format("/containers/json?all=1&filters={}", query));
  if (!response) co_return fail(std::move(response).error().with("list containers"));
  if (!ok(response->status)) co_return fail(engine_error(*response).with("list containers"));
  const auto listed = parse_json(response->body);
  if (!listed || !listed->is_array()) {
    co_return fail(Code::unavailable, "the engine's list of containers is not a JSON array");
  }
  std::vector<ObservedContainer> containers;
  for (const auto& entry : listed->as_array()) {
    auto container = parse_listed_container(entry);
    if (!container) co_return fail(std::move(container).error());
    auto inspected = co_await call({}, fmt::format("/containers/{}/json", container->id));
    if (!inspected) co_return fail(std::move(inspected).error().with("inspect a container"));
    if (inspected->status == 404) continue;  // gone since it was listed
    const auto details = parse_json_object(inspected->body);
    if (!ok(inspected->status) || !details) co_return fail(engine_error(*inspected));
    add_inspection(*container, *details);
    containers.push_back(*std::move(container));
  }
  co_return containers;
}

Task<Result<std::string>> DockerEngine::create_container(std::string name, std::string body) {
  HttpCall request;
  request.method = "POST";
  request.body = std::move(body);
  auto response = co_await call(std::move(request),
                                fmt::format("/containers/create?name={}", percent_encode(name)));
  if (!response) co_return fail(std::move(response).error().with("create container {}", name));
  if (!ok(response->status)) {
    co_return fail(engine_error(*response).with("create container {}", name));
  }
  const auto object = parse_json_object(response->body);
  if (!object) co_return fail(Code::unavailable, "the engine's answer is not JSON");
  co_return require_string(*object, "Id");
}

Task<Result<void>> DockerEngine::start(std::string id) {
  HttpCall request;
  request.method = "POST";
  auto response = co_await call(std::move(request), fmt::format("/containers/{}/start", id));
  if (!response) co_return fail(std::move(response).error().with("start container"));
  if (!ok(response->status) && response->status != 304) {
    co_return fail(engine_error(*response).with("start container"));
  }
  co_return Result<void>();
}

Task<Result<void>> DockerEngine::stop(std::string id, std::chrono::seconds grace) {
  HttpCall request;
  request.method = "POST";
  request.timeout = grace + std::chrono::seconds(30);
  auto response =
      co_await call(std::move(request), fmt::format("/containers/{}/stop?t={}", id, grace.count()));
  if (!response) co_return fail(std::move(response).error().with("stop container"));
  if (!ok(response->status) && response->status != 304 && response->status != 404) {
    co_return fail(engine_error(*response).with("stop container"));
  }
  co_return Result<void>();
}

Task<Result<void>> DockerEngine::remove(std::string id) {
  HttpCall request;
  request.method = "DELETE";
  auto response = co_await call(std::move(request), fmt::format("/containers/{}?force=1&v=1", id));
  if (!response) co_return fail(std::move(response).error().with("remove container"));
  // 409: a removal is under way already.
  if (!ok(response->status) && response->status != 404 && response->status != 409) {
    co_return fail(engine_error(*response).with("remove container"));
  }
  co_return Result<void>();
}

Task<Result<LogDemux>> DockerEngine::logs(std::string id, LogRequest wanted) {
  FormFields query = {{"stdout", "1"}, {"stderr", "1"}};
  query.emplace_back("tail", wanted.tail ? std::to_string(*wanted.tail) : "all");
  if (wanted.since) query.emplace_back("since", std::to_string(*wanted.since));
  if (wanted.until) query.emplace_back("until", std::to_string(*wanted.until));
  LogDemux demux(wanted.limit);
  HttpCall request;
  request.on_body = [&demux](std::string_view bytes) -> Result<void> {
    demux.feed(bytes);
    if (demux.overflowed()) return fail(Code::resource_exhausted, "the log is too long");
    return {};
  };
  auto response = co_await call(std::move(request),
                                fmt::format("/containers/{}/logs?{}", id, format_form(query)));
  if (demux.overflowed()) co_return demux;
  if (!response) co_return fail(std::move(response).error().with("read logs"));
  if (!ok(response->status)) co_return fail(engine_error(*response).with("read logs"));
  co_return demux;
}

Task<Result<bool>> DockerEngine::has_image(std::string image) {
  auto response = co_await call({}, fmt::format("/images/{}/json", percent_encode_path(image)));
  if (!response) co_return fail(std::move(response).error().with("look for image {}", image));
  if (response->status == 404) co_return false;
  if (!ok(response->status)) co_return fail(engine_error(*response).with("look for {}", image));
  co_return true;
}

Task<Result<void>> DockerEngine::pull(std::string image,
                                      std::optional<RegistryCredential> credential,
                                      std::function<Result<void>(const PullProgress&)> progress) {
  PullProgress parsed;
  HttpCall request;
  request.method = "POST";
  request.timeout = kPullTimeout;
  if (credential) {
    request.headers.set("X-Registry-Auth", registry_auth_header(*credential).reveal());
  }
  request.on_body = [&](std::string_view bytes) {
    parsed.feed(bytes);
    return progress(parsed);
  };
  auto response =
      co_await call(std::move(request), fmt::format("/images/create?{}", pull_query(image)));
  if (!response) co_return fail(std::move(response).error().with("pull {}", image));
  if (!ok(response->status)) co_return fail(engine_error(*response).with("pull {}", image));
  auto finished = parsed.finish();
  if (!finished) co_return fail(std::move(finished).error().with("pull {}", image));
  co_return Result<void>();
}

Task<Result<void>> DockerEngine::remove_image(std::string image) {
  HttpCall request;
  request.method = "DELETE";
  auto response =
      co_await call(std::move(request), fmt::format("/images/{}", percent_encode_path(image)));
  if (!response) co_return fail(std::move(response).error().with("remove image {}", image));
  if (!ok(response->status) && response->status != 404 && response->status != 409) {
    co_return fail(engine_error(*response).with("remove image {}", image));
  }
  co_return Result<void>();
}

Task<Result<void>> DockerEngine::ensure_network(std::string name) {
  auto found = co_await call({}, fmt::format("/networks/{}", percent_encode(name)));
  if (!found) co_return fail(std::move(found).error().with("look for network {}", name));
  if (ok(found->status)) co_return Result<void>();
  HttpCall request;
  request.method = "POST";
  request.body = json::serialize(json::object{{"Name", name}, {"CheckDuplicate", true}});
  auto created = co_await call(std::move(request), "/networks/create");
  if (!created) co_return fail(std::move(created).error().with("create network {}", name));
  // 409: somebody else made it meanwhile.
  if (!ok(created->status) && created->status != 409) {
    co_return fail(engine_error(*created).with("create network {}", name));
  }
  co_return Result<void>();
}

}  // namespace ferry::agent
