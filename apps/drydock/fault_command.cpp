// SPDX-License-Identifier: Apache-2.0
#include "apps/drydock/fault_command.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "drydock/faults/control.hpp"
#include "net/task.hpp"

namespace drydock {

using namespace ferry;

namespace {

constexpr const char* kFaultHelp =
    "Make the running local cloud fail, so that you see how your programs take it.\n"
    "\n"
    "A fault waits for requests that fit its service, method and path, strikes some of them, and\n"
    "shows how often it did. Faults live in memory: restarting Drydock takes them away.";

constexpr const char* kAddHelp =
    "Add a fault and print its id. KIND is one of\n"
    "\n"
    "  status            answer with --status (default 503), in the service's own error form\n"
    "  throttle          answer 429 with Retry-After (Blob Storage: 503 ServerBusy)\n"
    "  delay             hold requests back for --delay milliseconds\n"
    "  reset             close the connection without an answer\n"
    "  failed-operation  let Resource Manager take the request, and its long-running operation "
    "fail\n"
    "\n"
    "It strikes once unless --count says otherwise. With --after the request takes effect and "
    "only\n"
    "its answer is lost: what a client must survive by asking again. A device that connects over\n"
    "MQTT is a request CONNECT /HOST/DEVICE to the service iot-hub, or CONNECT "
    "/SCOPE/REGISTRATION\n"
    "to dps; 'reset --after --delay 5000' cuts its connection after five seconds.\n"
    "\n"
    "Examples:\n"
    "  The next hub cannot be created:\n"
    "    drydock fault add failed-operation --method PUT --path '*/IotHubs/*'\n"
    "  One request in ten to Resource Manager is lost, the same ones at every run:\n"
    "    drydock fault add reset --service arm --count 0 --probability 0.1 --seed 7\n"
    "  The second and third upload of a blob take effect, but their answers do not arrive:\n"
    "    drydock fault add reset --after --service blob --method PUT --skip 1 --count 2";

constexpr const char* kListHelp =
    "List the faults: what each is for, how many requests fitted it (MATCHED), and how many it\n"
    "struck.";

std::string text_of(const json::object& fault, std::string_view name) {
  const json::value* value = fault.if_contains(name);
  if (value == nullptr) return "";
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

std::string effect_of(const json::object& fault) {
  std::string effect = text_of(fault, "kind");
  if (fault.contains("status")) effect += " " + text_of(fault, "status");
  if (fault.contains("delayMs")) effect += fmt::format(" {} ms", text_of(fault, "delayMs"));
  if (fault.contains("when")) effect += " after";
  return effect;
}

std::string selection_of(const json::object& fault) {
  std::string text;
  for (const std::string_view name : {"service", "method", "path"}) {
    const std::string value = text_of(fault, name);
    if (value.empty()) continue;
    if (!text.empty()) text += ' ';
    text += value;
  }
  return text.empty() ? "everything" : text;
}

std::string strikes_of(const json::object& fault) {
  const std::string count = text_of(fault, "count");
  std::string text = count == "0" ? "all" : count;
  if (text_of(fault, "skip") != "0") text += fmt::format(", skip {}", text_of(fault, "skip"));
  const double probability = fault.at("probability").to_number<double>();
  if (probability < 1.0) {
    text += fmt::format(", p={} seed {}", probability, text_of(fault, "seed"));
  }
  return text;
}

}  // namespace

FaultCommand::FaultCommand(CLI::App& app) : command_(app.add_subcommand("fault", kFaultHelp)) {
  command_->require_subcommand(1);
  declare_add();
  list_ = command_->add_subcommand("list", kListHelp);
  remove_ = command_->add_subcommand("remove", "Remove one fault.");
  remove_->add_option("ID", id_, "As 'drydock fault list' shows it, for example f1")->required();
  clear_ = command_->add_subcommand("clear", "Remove all faults.");
  for (CLI::App* command : {add_, list_, remove_, clear_}) declare_target(*command);
}

void FaultCommand::declare_target(CLI::App& command) {
  command.add_option("--data", directory_, "Directory of the Drydock that serves")
      ->required()
      ->envname("DRYDOCK_DATA")
      ->type_name("DIR");
  command.add_option("--output", output_, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

void FaultCommand::declare_add() {
  add_ = command_->add_subcommand("add", kAddHelp);
  add_->add_option("KIND", kind_, "What goes wrong")
      ->required()
      ->check(CLI::IsMember({"status", "throttle", "delay", "reset", "failed-operation"}));
  declare_selection();
  add_->add_option("--status", status_, "status: the HTTP status, 400 to 599")
      ->capture_default_str();
  add_->add_option("--code", code_,
                   "status, failed-operation: the error's code; a number with arm gives the flat "
                   "form of Microsoft.Devices");
  add_->add_option("--message", message_, "The error's text");
  add_->add_option("--delay", delay_, "Milliseconds to wait before the strike")->type_name("MS");
  add_->add_option("--retry-after", retry_after_,
                   "Seconds in the header Retry-After (throttle: 1 when not given)")
      ->type_name("SECONDS");
  add_->add_flag("--after", after_, "status, throttle, reset: strike after the request's effect");
}

void FaultCommand::declare_selection() {
  add_->add_option("--service", service_, "Only requests to this service")
      ->check(CLI::IsMember({"entra", "arm", "iot-hub", "dps", "blob", "registry"}));
  add_->add_option("--method", method_, "Only this method; CONNECT is a device's MQTT connection");
  add_->add_option(
          "--path", path_,
          "Only paths like this; '*' stands for any characters, case does not matter. With "
          "a '?' the query is compared too")
      ->type_name("PATTERN");
  add_->add_option("--skip", skip_, "Let the first N fitting requests pass")->type_name("N");
  add_->add_option("--count", count_, "Strike N times; 0 is until removed")
      ->type_name("N")
      ->capture_default_str();
  add_->add_option("--probability", probability_, "Strike each with this probability, above 0 to 1")
      ->capture_default_str();
  add_->add_option("--seed", seed_, "Of the probability: the same seed strikes the same requests")
      ->capture_default_str();
}

int FaultCommand::run() const {
  const auto done = add_->parsed()      ? add()
                    : list_->parsed()   ? list()
                    : remove_->parsed() ? remove()
                                        : clear();
  if (done) return 0;
  fmt::print(stderr, "drydock: {}\n", done.error().describe());
  return 1;
}

Result<void> FaultCommand::add() const {
  Fault fault;
  fault.kind = parse_fault_kind(kind_).value_or(Fault::Kind::status);
  fault.service = parse_service(service_);
  fault.method = method_;
  fault.path = path_;
  fault.skip = skip_;
  fault.count = count_;
  fault.probability = probability_;
  fault.seed = seed_;
  fault.status = status_;
  fault.code = code_;
  fault.message = message_;
  fault.delay = std::chrono::milliseconds(delay_);
  if (retry_after_ >= 0) fault.retry_after = static_cast<int>(retry_after_);
  fault.after = after_;
  net::EventLoop loop;
  const ControlClient client(directory_);
  auto id = loop.run_until_done(client.add(std::move(fault)));
  if (!id) return fail(std::move(id).error());
  if (output_ == "json") {
    fmt::print("{}\n", json::serialize(json::object{{"id", *id}}));
  } else {
    fmt::print("{}\n", *id);
  }
  return {};
}

Result<void> FaultCommand::list() const {
  net::EventLoop loop;
  const ControlClient client(directory_);
  auto faults = loop.run_until_done(client.list());
  if (!faults) return fail(std::move(faults).error());
  if (output_ == "json") {
    fmt::print("{}\n", pretty_json(*faults));
  } else {
    print_table(*faults);
  }
  return {};
}

void FaultCommand::print_table(const json::array& faults) const {
  if (faults.empty()) {
    fmt::print("no faults\n");
    return;
  }
  constexpr std::string_view kRow = "{:<5} {:<22} {:<22} {:>7} {:>6}  {}\n";
  fmt::print(kRow, "ID", "EFFECT", "STRIKES", "MATCHED", "STRUCK", "REQUESTS");
  for (const json::value& item : faults) {
    const json::object& fault = item.get_object();
    fmt::print(kRow, text_of(fault, "id"), effect_of(fault), strikes_of(fault),
               text_of(fault, "matched"), text_of(fault, "struck"), selection_of(fault));
  }
}

Result<void> FaultCommand::remove() const {
  net::EventLoop loop;
  const ControlClient client(directory_);
  auto done = loop.run_until_done(client.remove(id_));
  if (done && output_ == "json")
    fmt::print("{}\n", json::serialize(json::object{{"removed", id_}}));
  return done;
}

Result<void> FaultCommand::clear() const {
  net::EventLoop loop;
  const ControlClient client(directory_);
  auto done = loop.run_until_done(client.clear());
  if (done && output_ == "json") fmt::print("{}\n", R"({"removed":"all"})");
  return done;
}

}  // namespace drydock
