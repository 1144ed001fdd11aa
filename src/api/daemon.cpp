// SPDX-License-Identifier: Apache-2.0
#include "api/daemon.hpp"

#include <sys/stat.h>

#include <charconv>
#include <csignal>
#include <cstdlib>

#include "api/https.hpp"
#include "api/server.hpp"
#include "api/server_identity.hpp"
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "net/http_recorder.hpp"

namespace ferry::api {
namespace {

using net::Task;

constexpr std::string_view kOrganization = "default";
constexpr std::string_view kOwner = "owner";

// The owner's token lives in a file that only the owner of the data can read; the database has its
// hash.
Result<Secret> owner_token(const std::filesystem::path& path) {
  auto text = read_file(path);
  if (text) return Secret(std::string(trim(*text)));
  if (text.error().code != Code::not_found) return fail(std::move(text).error());
  Secret token("ferry_" + base64url_encode(random_bytes(32)));
  if (auto saved = write_file_atomically(path, token.reveal() + "\n", 0600); !saved) {
    return fail(std::move(saved).error());
  }
  return token;
}

Task<void> stop_on_signal(net::EventLoop& loop) {
  const int number = co_await net::wait_for_signal({SIGTERM, SIGINT});
  log::info("ferryd", "signal {}: stopping", number);
  loop.stop();
}

Result<void> prepare_owner(control::Control& control, const std::filesystem::path& data) {
  auto token = owner_token(data / "owner.token");
  if (!token) return fail(std::move(token).error());
  return control.access.ensure_owner(std::string(kOrganization), std::string(kOwner), *token);
}

Result<HttpsIdentity> https_identity(const DaemonOptions& options, const Clock& clock) {
  auto names = options.host_names;
  if (options.address != "0.0.0.0" && options.address != "::") names.push_back(options.address);
  auto identity = load_server_identity(options.data, names, clock);
  if (!identity) return fail(std::move(identity).error());
  auto ca = read_file(options.data / "ca.pem");
  if (!ca) return fail(std::move(ca).error());
  return HttpsIdentity{*std::move(identity), *std::move(ca)};
}

Result<std::unique_ptr<net::Listener>> listen(net::EventLoop& loop, Server& server,
                                              const DaemonOptions& options,
                                              HttpsIdentity identity) {
  std::shared_ptr<net::HttpRecorder> recorder;
  if (options.recordings) {
    auto opened = net::HttpRecorder::open(*options.recordings);
    if (!opened) return fail(std::move(opened).error());
    recorder = *std::move(opened);
  }
  auto listener = serve_https(loop, server, options.address, options.port, std::move(identity),
                              std::move(recorder));
  if (!listener && listener.error().code == Code::conflict) {
    listener.error().hint = "choose another port with --port";
  }
  return listener;
}

}  // namespace

Result<void> run_daemon(const DaemonOptions& options) {
  ::umask(077);
  if (auto made = make_directories(options.data, 0700); !made) return made;
  auto lock = FileLock::acquire(options.data / "ferryd.lock");
  if (!lock) return fail(std::move(lock).error());
  net::EventLoop loop;
  const SystemClock clock;
  auto control = control::Control::open(loop, clock, options.data, options.master_key);
  if (!control) return fail(std::move(control).error());
  if (auto ready = prepare_owner(**control, options.data); !ready) return ready;
  auto identity = https_identity(options, clock);
  if (!identity) return fail(std::move(identity).error());
  Server server(
      **control, clock,
      {identity->ca_pem, public_key_pin(identity->server.certificate_chain_pem), own_directory()});
  auto listener = listen(loop, server, options, *std::move(identity));
  if (!listener) return fail(std::move(listener).error());
  if (auto resumed = (*control)->resume(); !resumed) return resumed;
  loop.spawn(stop_on_signal(loop));
  log::info("ferryd", "serving https://{}:{} from {}", options.address, (*listener)->port(),
            options.data.string());
  loop.run();
  listener->reset();
  control->reset();  // closes the database
  log::info("ferryd", "stopped");
  // What is still suspended in the loop refers to objects that are gone; the next start resumes it.
  std::_Exit(EXIT_SUCCESS);
}

Result<DaemonOptions> parse_daemon_arguments(const std::vector<std::string>& arguments) {
  constexpr std::string_view kUsage =
      "ferryd serve --data DIR [--address A] [--port P] [--host-name NAME]... [--record DIR] "
      "[--master-key file:PATH|env:NAME|command:SHELL COMMAND]; ferryd rotate-master-key ...";
  DaemonOptions options;
  options.recordings = net::recordings_from_environment("ferryd");
  if (arguments.empty() || arguments.front() != "serve") {
    return fail(Error{Code::invalid_argument,
                      "ferryd knows two commands: serve and rotate-master-key",
                      std::string(kUsage)});
  }
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    const auto& name = arguments[i];
    if (i + 1 == arguments.size()) {
      return fail(Error{Code::invalid_argument, fmt::format("{} needs a value", name),
                        std::string(kUsage)});
    }
    const auto& value = arguments[i + 1];
    if (name == "--data") {
      options.data = value;
    } else if (name == "--address") {
      options.address = value;
    } else if (name == "--record") {
      options.recordings = value;
    } else if (name == "--host-name") {
      options.host_names.push_back(value);
    } else if (name == "--master-key") {
      auto source = store::parse_master_key_source(value);
      if (!source) return fail(std::move(source).error().with("--master-key"));
      options.master_key = *std::move(source);
    } else if (name == "--port") {
      const auto* end = value.data() + value.size();
      const auto parsed = std::from_chars(value.data(), end, options.port);
      if (parsed.ec != std::errc() || parsed.ptr != end) {
        return fail(Code::invalid_argument, "'{}' is not a port", value);
      }
    } else {
      return fail(Error{Code::invalid_argument, fmt::format("ferryd does not know {}", name),
                        std::string(kUsage)});
    }
  }
  if (options.data.empty()) {
    return fail(Error{Code::invalid_argument, "--data is missing", std::string(kUsage)});
  }
  return options;
}

}  // namespace ferry::api
