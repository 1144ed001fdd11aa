// SPDX-License-Identifier: Apache-2.0
#include "cli/up.hpp"

#include <csignal>
#include <ostream>

#include "base/file.hpp"
#include "cli/client.hpp"
#include "cli/supervisor.hpp"

namespace ferry::cli {
namespace {

namespace fs = std::filesystem;
using net::Task;
using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kStartLimit = 60s;
constexpr auto kPoll = 100ms;
constexpr std::string_view kDrydock = "drydock";

struct Flags {
  bool stop = false;
};

Task<void> note_stop_signal(std::shared_ptr<Flags> flags) {
  const int number = co_await net::wait_for_signal({SIGINT, SIGTERM, SIGHUP});
  (void)number;
  flags->stop = true;
}

// What a child said last, for the error when it does not come up.
std::string last_line(const fs::path& log) {
  const auto text = read_file(log);
  if (!text) return "";
  const auto trimmed = trim(*text);
  const auto line_start = trimmed.rfind('\n');
  return std::string(trimmed.substr(line_start == std::string_view::npos ? 0 : line_start + 1));
}

class Up {
 public:
  Up(net::EventLoop& loop, Terminal& terminal, Environment environment, UpOptions options)
      : loop_(loop),
        terminal_(terminal),
        environment_(std::move(environment)),
        options_(std::move(options)),
        flags_(std::make_shared<Flags>()),
        supervisor_(loop, {}, [this](const std::string& line) { say(line); }) {}

  Task<Result<void>> run() {
    loop_.spawn(note_stop_signal(flags_));
    if (auto prepared = prepare(); !prepared) co_return prepared;
    auto started = co_await start_everything();
    if (started && !flags_->stop) announce();
    while (started && !flags_->stop) co_await net::sleep_for(kPoll);
    say("stopping");
    co_await supervisor_.stop();
    if (!started) co_return started;
    say("stopped; the data stays in " + options_.data.string());
    co_return Result<void>{};
  }

 private:
  void say(const std::string& line) { terminal_.err << "ferry up: " << line << std::endl; }

  void step_done(const std::string& what, SteadyClock::time_point since) {
    const std::chrono::duration<double> seconds = SteadyClock::now() - since;
    const bool colours = terminal_.err_is_terminal && terminal_.colours;
    terminal_.err << "  " << paint("✓", Tone::good, colours)
                  << fmt::format(" {}  ({:.1f} s)", what, seconds.count()) << std::endl;
  }

  Result<void> prepare() {
    if (options_.data.empty()) {
      auto data = default_data_directory(environment_);
      if (!data) return fail(std::move(data).error());
      options_.data = *std::move(data);
    }
    std::error_code error;
    options_.data = fs::absolute(options_.data, error).lexically_normal();
    for (const char* part : {"", "logs", "drydock", "ferryd"}) {
      if (auto made = make_directories(options_.data / part, 0700); !made) return made;
    }
    auto lock = FileLock::acquire(options_.data / "up.lock");
    if (!lock && lock.error().code == Code::conflict) {
      return fail(Error{Code::conflict,
                        fmt::format("another 'ferry up' uses {}", options_.data.string()),
                        "stop that one, or choose another directory with --data and --port"});
    }
    if (!lock) return fail(std::move(lock).error());
    lock_.emplace(*std::move(lock));
    fs::remove(options_.data / "profile.json", error);  // it appears when everything answers
    say("starting in " + options_.data.string());
    return {};
  }

  Task<Result<void>> start_everything() {
    if (options_.drydock) {
      auto drydock = co_await start_drydock();
      if (!drydock || flags_->stop) co_return drydock;
    }
    auto ferryd = co_await start_ferryd();
    if (!ferryd || flags_->stop) co_return ferryd;
    if (options_.drydock) {
      auto connected = co_await connect_drydock();
      if (!connected) co_return connected;
    }
    co_return publish_profile();
  }

  Result<void> start_child(const std::string& name, std::vector<std::string> arguments) {
    auto program = sibling_program(name);
    if (!program) return fail(std::move(program).error());
    ProgramCall call;
    call.program = program->string();
    call.arguments = std::move(arguments);
    call.log = log_of(name);
    if (!options_.drydock_address.empty()) {
      call.environment.emplace_back("FERRY_LOCALHOST_ADDRESS", options_.drydock_address);
    }
    return supervisor_.start(name, std::move(call));
  }

  fs::path log_of(std::string_view name) const {
    return options_.data / "logs" / (std::string(name) + ".log");
  }

  // While starting, a child that ends has a reason that starting it again does not cure.
  Result<void> still_starting(const std::string& name, SteadyClock::time_point since) {
    if (supervisor_.times_ended(name) > 0) {
      return fail(Error{Code::unavailable,
                        fmt::format("{} does not start: {}", name, last_line(log_of(name))),
                        "its log is " + log_of(name).string()});
    }
    if (SteadyClock::now() - since > kStartLimit) {
      return fail(Error{Code::deadline_exceeded,
                        fmt::format("{} is not ready after {} s", name, kStartLimit.count()),
                        "its log is " + log_of(name).string()});
    }
    return {};
  }

  Task<Result<void>> start_drydock() {
    const auto since = SteadyClock::now();
    environment_file_ = options_.data / "drydock" / "environment.json";
    std::error_code error;
    fs::remove(environment_file_, error);  // it appears when Drydock is ready
    std::vector<std::string> arguments{"serve", "--data", (options_.data / "drydock").string()};
    if (!options_.drydock_address.empty()) {
      arguments.insert(arguments.end(), {"--address", options_.drydock_address});
    }
    const auto add_port = [&](const char* option, std::uint16_t port) {
      if (port != 0) arguments.insert(arguments.end(), {option, std::to_string(port)});
    };
    add_port("--https-port", options_.drydock_https_port);
    add_port("--mqtt-port", options_.drydock_mqtt_port);
    if (auto started = start_child("drydock", arguments); !started) co_return started;
    while (!fs::exists(environment_file_, error) && !flags_->stop) {
      if (auto starting = still_starting("drydock", since); !starting) co_return starting;
      co_await net::sleep_for(kPoll);
    }
    if (flags_->stop) co_return Result<void>{};
    auto text = read_file(environment_file_);
    if (!text) co_return fail(std::move(text).error());
    auto environment = parse_json_object(*text);
    if (!environment) co_return fail(std::move(environment).error().with("environment.json"));
    drydock_ = *std::move(environment);
    step_done("Drydock, the local cloud, answers at " + string_or(drydock_, "resourceManager", "?"),
              since);
    co_return Result<void>{};
  }

  Task<Result<void>> start_ferryd() {
    const auto since = SteadyClock::now();
    const auto data = options_.data / "ferryd";
    std::vector<std::string> arguments{"serve",
                                       "--data",
                                       data.string(),
                                       "--address",
                                       options_.address,
                                       "--port",
                                       std::to_string(options_.port)};
    for (const auto& name : options_.host_names) {
      arguments.insert(arguments.end(), {"--host-name", name});
    }
    if (auto started = start_child("ferryd", arguments); !started) co_return started;
    const bool anywhere = options_.address == "0.0.0.0" || options_.address == "::";
    const bool ipv6 = options_.address.find(':') != std::string::npos;
    const std::string host = anywhere ? "127.0.0.1" : options_.address;
    profile_.url =
        fmt::format("https://{}:{}", ipv6 && !anywhere ? "[" + host + "]" : host, options_.port);
    profile_.ca_file = data / "ca.pem";
    profile_.drydock_environment = environment_file_;
    profile_.localhost_address = options_.drydock_address;
    profile_.mqtt_port = options_.drydock_mqtt_port;
    while (!flags_->stop) {
      auto ready = co_await ferryd_answers();
      if (ready) break;
      if (auto starting = still_starting("ferryd", since); !starting) co_return starting;
      co_await net::sleep_for(kPoll);
    }
    if (flags_->stop) co_return Result<void>{};
    auto token = read_file(data / "owner.token");
    if (!token) co_return fail(std::move(token).error().with("the owner's API token"));
    profile_.token = Secret(std::string(trim(*token)));
    step_done("ferryd answers at " + profile_.url, since);
    co_return Result<void>{};
  }

  Task<Result<void>> ferryd_answers() {
    auto client = Client::create(profile_);
    if (!client) co_return fail(std::move(client).error());
    auto reply = co_await client->exchange("GET", "/healthz");
    if (!reply) co_return fail(std::move(reply).error());
    if (!reply->ok()) co_return fail(error_of(*reply));
    co_return Result<void>{};
  }

  Task<Result<void>> connect_drydock() {
    const auto since = SteadyClock::now();
    auto client = Client::create(profile_);
    if (!client) co_return fail(std::move(client).error());
    auto there = co_await client->exchange("GET", api_path({"cloud-accounts", kDrydock}));
    if (!there) co_return fail(std::move(there).error());
    const auto wanted = string_or(drydock_, "resourceManager", "");
    if (there->ok()) {
      const auto* known = find_path(there->body, "environment.resourceManager");
      const auto* text = known ? known->if_string() : nullptr;
      if (text && !same_url(std::string(*text), wanted)) {
        say(fmt::format(
            "warning: Drydock now answers at {}, but the cloud account was made for {}; "
            "its workspaces cannot be reached until the old port is free again",
            wanted, std::string(*text)));
      }
      co_return Result<void>{};
    }
    if (there->status != 404) co_return fail(error_of(*there));
    auto ca = read_file(string_or(drydock_, "caFile", ""));
    if (!ca) co_return fail(std::move(ca).error().with("Drydock's CA"));
    json::object body{{"name", kDrydock}, {"resourceManager", wanted}, {"caPem", *ca}};
    for (const char* member : {"tenantId", "subscriptionId", "clientId", "clientSecret"}) {
      body[member] = string_or(drydock_, member, "");
    }
    auto created = co_await client->post(api_path({"cloud-accounts"}), std::move(body));
    if (!created) co_return fail(std::move(created).error().with("connect the cloud account"));
    step_done("cloud account drydock is connected", since);
    co_return Result<void>{};
  }

  static bool same_url(std::string a, std::string b) {
    while (a.ends_with('/')) a.pop_back();
    while (b.ends_with('/')) b.pop_back();
    return a == b;
  }

  Result<void> publish_profile() {
    const auto path = options_.data / "profile.json";
    if (auto saved = save_profile(path, profile_); !saved) return saved;
    // With FERRY_PROFILE the CLI does not look at the user's file, so that one is left alone.
    if (environment_("FERRY_PROFILE")) return {};
    auto user = user_profile_path(environment_);
    if (!user) return fail(std::move(user).error());
    return save_profile(*user, profile_);
  }

  void announce() {
    say(fmt::format("ready. API: {}  profile: {}", profile_.url,
                    (options_.data / "profile.json").string()));
    say(fmt::format("console: {}/console/  its API token: {}", profile_.url,
                    (options_.data / "ferryd" / "owner.token").string()));
    say(options_.drydock ? "next: ferry workspace create plant-a --location westeurope"
                         : "next: ferry cloud-account create --help");
    say("Ctrl-C stops it; the data stays");
  }

  net::EventLoop& loop_;
  Terminal& terminal_;
  Environment environment_;
  UpOptions options_;
  std::shared_ptr<Flags> flags_;
  std::optional<FileLock> lock_;
  Supervisor supervisor_;
  fs::path environment_file_;
  json::object drydock_;  // environment.json
  Profile profile_;
};

}  // namespace

Task<Result<void>> up(net::EventLoop& loop, Terminal& terminal, Environment environment,
                      UpOptions options) {
  Up session(loop, terminal, std::move(environment), std::move(options));
  auto done = co_await session.run();
  co_return done;
}

}  // namespace ferry::cli
