// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "agent/bundle.hpp"
#include "agent/command_support.hpp"
#include "agent/commands.hpp"
#include "agent/device_setup.hpp"
#include "agent/register.hpp"
#include "x509/certificate.hpp"

namespace ferry::agent {
namespace {

const SystemClock system_clock;

void show(std::string_view what) {
  fmt::print(stderr, "{}\n", what);
}

// A device whose clock has not been set yet could trust no server. The CA's own date tells.
net::Task<Result<void>> set_clock(AgentSettings settings, std::string server, DeviceTime& clock) {
  const auto ca = x509::parse_chain(settings.server_ca_pem);
  if (ca) clock.not_before(ca->front().not_before());
  if (!clock.provably_behind()) co_return Result<void>();
  co_return co_await find_time(std::move(settings), std::move(server), clock);
}

net::Task<Result<RegisterOutcome>> set_clock_and_register(const DataDirectory& directory,
                                                          AgentSettings settings,
                                                          std::shared_ptr<DeviceTime> clock,
                                                          RegisterOptions options) {
  auto existing = existing_registration(directory);
  if (!existing) co_return fail(std::move(existing).error());
  if (!*existing) {
    auto set = co_await set_clock(settings, options.server, *clock);
    if (!set) co_return fail(std::move(set).error());
  }
  auto tls = ferry_tls(settings, nullptr, clock);
  if (!tls) co_return fail(std::move(tls).error());
  net::HttpClientOptions http_options;
  http_options.tls = *tls;
  http_options.user_agent = fmt::format("ferry-agent/{}", kProgramVersion);
  net::HttpClient http(std::move(http_options));
  auto outcome = co_await register_device(directory, http, std::move(options));
  co_return outcome;
}

// What the command line and the bundle say together; the command line wins.
struct Wishes {
  std::string server;
  std::string registration_id;
  SettingsChange settings;
  std::optional<Bundle> bundle;
};

Result<Wishes> read_wishes(const RegisterCommand& command) {
  Wishes wishes;
  if (!command.bundle.empty()) {
    auto bundle = read_bundle(command.bundle);
    if (!bundle) return fail(std::move(bundle).error());
    bundle->use_environment();
    wishes.server = bundle->server;
    wishes.registration_id = bundle->registration_id;
    wishes.settings.server_ca_pem = bundle->server_ca_pem;
    wishes.settings.cloud_ca_pem = bundle->cloud_ca_pem;
    wishes.bundle = *std::move(bundle);
  }
  if (!command.server.empty()) wishes.server = command.server;
  if (!command.registration_id.empty()) wishes.registration_id = command.registration_id;
  const std::pair<const std::string*, std::string*> files[] = {
      {&command.cloud_ca_file, &wishes.settings.cloud_ca_pem},
      {&command.ca_file, &wishes.settings.server_ca_pem}};
  for (const auto& [file, pem] : files) {
    auto text = read_pem(*file);
    if (!text) return fail(std::move(text).error());
    if (!text->empty()) *pem = *std::move(text);
  }
  wishes.settings.key_type = command.key_type;
  wishes.settings.keep_key = command.keep_key;
  wishes.settings.runtime = command.runtime;
  const bool offline = !command.request_file.empty() || !command.answer_file.empty();
  if (wishes.server.empty() && !offline) {
    return fail(Error{Code::invalid_argument, "no server is named"}.advise(
        "--server URL, or --bundle FILE"));
  }
  return wishes;
}

SetupOptions setup_options(const CommonOptions& common, const RegisterCommand& command) {
  SetupOptions options;
  options.runtime = command.runtime;
  options.root = common.root;
  options.data = common.data;
  options.docker = common.docker;
  options.network = common.network;
  options.start = !command.no_start;
  options.replace_provisioning = command.replace_provisioning;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto below = program.lexically_relative(common.root);
  const bool in_root = !common.root.empty() && !below.empty() && *below.begin() != "..";
  options.program = in_root ? "/" / below : program;
  return options;
}

Result<RegisterOutcome> write_request(const DataDirectory& directory, const Wishes& wishes,
                                      const std::string& file) {
  if (wishes.registration_id.empty()) {
    return fail(Error{Code::invalid_argument, "which node is the request for?"}.advise(
        "--registration-id ID, as ferry node show says, or --bundle FILE"));
  }
  auto csr = offline_request(directory, wishes.registration_id);
  if (!csr) return fail(std::move(csr).error());
  if (auto written = write_file_atomically(file, *csr, 0644); !written) {
    return fail(std::move(written).error());
  }
  fmt::print(
      "Wrote {}. Where Ferry can be reached, run\n  ferry node certificate NODE --request {} --out "
      "answer.json\nand bring answer.json back:\n  ferry-agent register --answer answer.json\n",
      file, file);
  return RegisterOutcome{};
}

Result<RegisterOutcome> accept_answer(const DataDirectory& directory, const std::string& file) {
  const auto text = read_file(file);
  if (!text) return fail(Error(text.error()));
  auto answer = parse_json_object(*text);
  if (!answer) return fail(std::move(answer).error().with("read {}", file));
  auto outcome = accept_offline_answer(directory, *answer);
  if (!outcome) return outcome;
  SettingsChange change;
  change.server_ca_pem = string_or(*answer, "server_ca", "");
  change.cloud_ca_pem = string_or(*answer, "cloud_ca", "");
  auto settings = update_settings(directory, change);
  if (!settings) return fail(std::move(settings).error());
  return outcome;
}

Result<RegisterOutcome> register_online(const DataDirectory& directory,
                                        const AgentSettings& settings, const Wishes& wishes,
                                        const RegisterCommand& command) {
  RegisterOptions options;
  options.server = wishes.server;
  options.token = [&] {
    const bool from_bundle = wishes.bundle && command.token_file.empty();
    return from_bundle ? Result<Secret>(wishes.bundle->token) : read_token(command.token_file);
  };
  options.name = command.name;
  options.hardware_id = command.hardware_id.empty() ? default_hardware_id() : command.hardware_id;
  options.wait = !command.no_wait;
  options.progress = show;
  net::EventLoop loop;
  return loop.run_until_done(set_clock_and_register(
      directory, settings, std::make_shared<DeviceTime>(system_clock), std::move(options)));
}

// Of a device that has no answer yet: what is in angle brackets comes with it.
Identity expected_identity(const Wishes& wishes) {
  Identity identity;
  identity.registration.server = wishes.server;
  identity.registration.registration_id =
      wishes.registration_id.empty() ? "<registration id>" : wishes.registration_id;
  identity.registration.provisioning_host = "<provisioning host>";
  identity.registration.id_scope = "<id scope>";
  identity.registration.payload = json::object();
  return identity;
}

Result<void> print_plan(const CommonOptions& common, const RegisterCommand& command,
                        const Wishes& wishes) {
  Identity identity = expected_identity(wishes);
  const auto data = common.data_path();
  auto directory = DataDirectory::open_read_only(data);
  std::optional<Identity> existing;
  if (directory) {
    auto found = identity_in_use(*directory);
    if (!found) return fail(std::move(found).error());
    existing = *std::move(found);
  }
  fmt::print("Nothing is done now. This would be:\n");
  if (existing) {
    fmt::print("registered already as {}\n", existing->registration.registration_id);
    identity = *std::move(existing);
  } else {
    if (!directory) fmt::print("make directory {} (mode 0700)\n", data.string());
    const auto key = data / "device.key.pem";
    std::error_code error;
    if (!std::filesystem::exists(key, error)) {
      fmt::print("write {} (mode 0600): a new private key, which never leaves\n", key.string());
    }
    fmt::print("write {} (mode 0600): what this agent trusts\n", (data / "agent.json").string());
    fmt::print("call POST {}/auth/login_node with the token\n", wishes.server);
    fmt::print("write {} (mode 0600), until the certificate is there\n",
               (data / "session.json").string());
    fmt::print("call POST {}/registration/azure/get_certificate with a certificate request\n",
               wishes.server);
    fmt::print("write {} (mode 0600): the certificate\n", (data / "registration.json").string());
  }
  auto options = setup_options(common, command);
  options.server_ca_pem = wishes.settings.server_ca_pem;
  auto deeds = setup_deeds(options, identity);
  if (!deeds) return fail(std::move(deeds).error());
  fmt::print("{}{}", deeds->describe(), setup_advice(options));
  return {};
}

Result<void> set_up(const CommonOptions& common, const RegisterCommand& command) {
  auto options = setup_options(common, command);
  if (options.runtime.empty()) return {};
  auto directory = DataDirectory::open_read_only(common.data_path());
  if (!directory) return fail(std::move(directory).error());
  auto settings = directory->load_settings();
  if (!settings) return fail(std::move(settings).error());
  if (*settings) options.server_ca_pem = (*settings)->server_ca_pem;
  auto identity = identity_in_use(*directory);
  if (!identity) return fail(std::move(identity).error());
  if (!*identity) return fail(Code::not_found, "this device is not registered");
  auto deeds = setup_deeds(options, **identity);
  if (!deeds) return fail(std::move(deeds).error());
  if (auto done = deeds->carry_out(show); !done) return done;
  fmt::print("{}", setup_advice(options));
  return {};
}

// `nullopt`: there is nothing to set up yet.
Result<std::optional<RegisterOutcome>> do_register(const CommonOptions& common,
                                                   const RegisterCommand& command,
                                                   const Wishes& wishes) {
  auto directory = DataDirectory::open(common.data_path());
  if (!directory) {
    auto error = std::move(directory).error();
    const bool running = error.code == Code::conflict;
    auto reader = DataDirectory::open_read_only(common.data_path());
    auto existing = running && reader ? existing_registration(*reader)
                                      : Result<std::optional<Registration>>(std::nullopt);
    // A running agent means that this is done; a repeated command must not fail for that.
    if (existing && *existing) return RegisterOutcome{**std::move(existing), true};
    return fail(std::move(error));
  }
  auto settings = update_settings(*directory, wishes.settings);
  if (!settings) return fail(std::move(settings).error());
  if (!command.request_file.empty()) {
    auto written = write_request(*directory, wishes, command.request_file);
    if (!written) return fail(std::move(written).error());
    return std::nullopt;
  }
  auto outcome = command.answer_file.empty()
                     ? register_online(*directory, *settings, wishes, command)
                     : accept_answer(*directory, command.answer_file);
  if (!outcome) return fail(std::move(outcome).error());
  return *std::move(outcome);
}

}  // namespace

int run_register(const CommonOptions& common, const RegisterCommand& command) {
  auto wishes = read_wishes(command);
  if (!wishes) return report_failure(wishes.error());
  if (command.dry_run) {
    auto printed = print_plan(common, command, *wishes);
    return printed ? 0 : report_failure(printed.error());
  }
  // What stands in the way of the setup is said before the token is used up.
  auto possible = setup_deeds(setup_options(common, command), expected_identity(*wishes));
  if (!possible) return report_failure(possible.error());
  auto outcome = do_register(common, command, *wishes);
  if (!outcome) return report_failure(outcome.error());
  if (!*outcome) return 0;
  fmt::print("{} {}\n",
             (*outcome)->was_registered ? "This device is already registered as"
                                        : "This device is now registered as",
             (*outcome)->registration.registration_id);
  auto done = set_up(common, command);
  return done ? 0 : report_failure(done.error());
}

}  // namespace ferry::agent
