// SPDX-License-Identifier: Apache-2.0
#include "agent/supervisor.hpp"

#include <algorithm>
#include <filesystem>

#include "base/log.hpp"

namespace ferry::agent {
namespace {

// Of the disk that the engine keeps its images on, where this program can see it.
std::optional<std::uint64_t> free_bytes(const std::string& root) {
  if (root.empty()) return std::nullopt;
  std::error_code error;
  const auto space = std::filesystem::space(root, error);
  if (error) return std::nullopt;
  return space.available;
}

using net::Task;
using Kind = Action::Kind;

constexpr std::string_view kLog = "supervisor";
constexpr std::size_t kPullsAtOnce = 2;

}  // namespace

Supervisor::Supervisor(net::Executor executor, const DataDirectory& directory, DockerEngine engine,
                       const Clock& clock, SupervisorOptions options)
    : executor_(executor),
      directory_(directory),
      engine_(std::move(engine)),
      clock_(clock),
      options_(std::move(options)),
      started_(clock.now()),
      woken_(executor),
      mutex_(executor) {
  world_.hub_host = options_.device.hub_host;
}

Result<void> Supervisor::load() {
  auto state = directory_.load_state();
  if (!state) return fail(std::move(state).error());
  world_.records = std::move(state->records);
  images_ = std::move(state->images);
  auto desired = directory_.load_desired();
  if (!desired) return fail(std::move(desired).error());
  if (!*desired) return {};
  auto composition = parse_composition(**desired);
  if (!composition) {
    return fail(Code::internal, "the kept composition is not acceptable: {}",
                composition.error().description);
  }
  auto content = content_of(**desired);
  offered_ = Document{**std::move(desired), std::move(content), *std::move(composition)};
  if (auto recalled = recall_good(); !recalled) return recalled;
  enforce(fallen_ ? good_->composition : offered_->composition);
  log::info(kLog, "enforcing the kept composition, version {}", composition_->version);
  return {};
}

// What is damaged here costs the way back, not what runs.
Result<void> Supervisor::recall_good() {
  auto good = directory_.load_good();
  if (!good) return fail(std::move(good).error());
  if (!*good) return {};
  auto composition = parse_composition(**good);
  if (!composition) {
    log::warning(kLog, "what last worked cannot be read: {}", composition.error().description);
    return {};
  }
  auto content = content_of(**good);
  good_ = Document{**std::move(good), std::move(content), *std::move(composition)};
  auto fallen = directory_.load_fallen();
  if (!fallen) return fail(std::move(fallen).error());
  if (*fallen && (*fallen)->content == offered_->content) fallen_ = *std::move(fallen);
  return {};
}

void Supervisor::enforce(Composition composition) {
  composition_ = std::move(composition);
  world_.desired = &*composition_;
  plan_.settled = false;  // a plan made before says nothing about this one
}

void Supervisor::set_device(std::string hub_host, std::string device_id) {
  options_.device.hub_host = hub_host;
  options_.device.device_id = std::move(device_id);
  world_.hub_host = std::move(hub_host);
  wake();
}

void Supervisor::set_generation_ids(std::map<std::string, std::string> ids) {
  generation_ids_ = std::move(ids);
}

void Supervisor::offer(const json::object& desired) {
  const std::int64_t version = int_or(desired, "$version", 0);
  auto composition = parse_composition(desired);
  if (!composition) {
    log::warning(kLog, "desired version {} is refused with {}: {}", version,
                 composition.error().code, composition.error().description);
    last_desired_ = {version, composition.error().code, composition.error().description};
    refused_ = true;
    if (on_change_) on_change_();
    return;
  }
  auto content = content_of(desired);
  const bool same = offered_ && offered_->composition.version == version && !refused_;
  if (!same)
    log::info(kLog, "desired version {}: {} modules", version, composition->modules.size());
  if (auto saved = directory_.save_desired(desired); !saved) {
    log::error(kLog, "the composition cannot be kept: {}", saved.error().describe());
  }
  offered_ = Document{desired, std::move(content), *std::move(composition)};
  refused_ = false;
  if (fallen_ && fallen_->content == offered_->content) {
    fallen_->version = version;
    remember_fallen();
    conclude();
    if (on_change_) on_change_();
    return;
  }
  if (fallen_) {
    log::info(kLog, "a newer composition has come: it is tried");
    fallen_.reset();
    if (auto forgotten = directory_.forget_fallen(); !forgotten) {
      log::error(kLog, "{}", forgotten.error().describe());
    }
  }
  enforce(offered_->composition);
  if (!same) {
    reset_failures(world_.records);
    // A tag may point to another image by now; a digest cannot.
    std::erase_if(world_.ready_images,
                  [](const auto& image) { return image.find('@') == std::string::npos; });
  }
  wake();
}

void Supervisor::wake() {
  look_again_ = true;
  woken_.notify();
}

void Supervisor::stop() {
  stopping_ = true;
  woken_.notify();
}

Task<void> Supervisor::wait_idle() {
  auto guard = co_await mutex_.lock();
}

Task<void> Supervisor::run() {
  while (!stopping_) {
    look_again_ = false;
    co_await pass();
    if (on_change_) on_change_();
    if (!look_again_ && !stopping_) co_await woken_.wait_for(options_.interval);
  }
}

Task<void> Supervisor::pass() {
  auto guard = co_await mutex_.lock();
  const bool seen = co_await observe();
  if (!seen || !composition_) co_return;
  co_await find_ready_images();
  plan_ = decide(world_, clock_.now());
  const bool acted = !plan_.actions.empty();
  co_await carry_out();
  if (acted) {
    const bool seen_after = co_await observe();
    if (seen_after && composition_) plan_ = decide(world_, clock_.now());
  }
  keep_or_go_back();
  if (plan_.settled) co_await remove_unused_images();
  if (tidy_records(world_, clock_.now())) remember();
  conclude();
}

Task<bool> Supervisor::observe() {
  if (engine_version_.api.empty()) {
    auto version = co_await engine_.negotiate();
    if (!version) {
      engine_failed(version.error());
      co_return false;
    }
    engine_version_ = *std::move(version);
    log::info(kLog, "Docker Engine {}, API {}", engine_version_.engine, engine_version_.api);
  }
  auto containers = co_await engine_.list(options_.device.instance);
  if (!containers) {
    engine_failed(containers.error());
    co_return false;
  }
  if (!engine_problem_.empty()) log::info(kLog, "the Docker Engine answers again");
  engine_problem_.clear();
  world_.containers = *std::move(containers);
  co_return true;
}

void Supervisor::engine_failed(const Error& error) {
  if (engine_problem_.empty()) log::error(kLog, "{}", error.describe());
  engine_problem_ = error.describe();
  engine_version_.api.clear();
  conclude();
}

Task<void> Supervisor::find_ready_images() {
  std::vector<std::string> unknown;
  for (const auto& [name, spec] : composition_->modules) {
    if (spec.image.find('@') == std::string::npos) continue;
    if (!world_.ready_images.contains(spec.image)) unknown.push_back(spec.image);
  }
  for (const auto& image : unknown) {
    auto there = co_await engine_.has_image(image);
    if (there && *there) world_.ready_images.insert(image);
  }
}

Task<void> Supervisor::carry_out() {
  std::set<std::string> failed;
  std::map<std::string, std::string> created;  // module -> container id
  const std::vector<Action> actions = plan_.actions;
  for (const Action& action : actions) {
    if (stopping_) co_return;
    if (failed.contains(action.module)) continue;
    if (action.kind == Kind::pull) {
      start_pull(action);
      continue;
    }
    log::info(kLog, "{} {}", to_string(action.kind), action.module);
    auto done = co_await execute(action, created[action.module]);
    ModuleRecord& record = world_.records[action.module];
    if (!done) {
      failed.insert(action.module);
      log::error(kLog, "{} {}: {}", to_string(action.kind), action.module, done.error().describe());
      note_failure(record, done.error().describe(), clock_.now());
    } else {
      if (action.kind == Kind::create) created[action.module] = *done;
      note_success(record);
    }
    remember();
  }
}

Task<Result<std::string>> Supervisor::execute(Action action, std::string created) {
  ModuleRecord& record = world_.records[action.module];
  Result<void> done;
  switch (action.kind) {
    case Kind::stop:
      record.stopped_on_purpose = true;
      done = co_await engine_.stop(action.container, options_.stop_grace);
      break;
    case Kind::remove:
      done = co_await engine_.remove(action.container);
      break;
    case Kind::create:
      co_return co_await create(action.module);
    case Kind::restart:
      ++record.restart_count;
      record.last_restart = clock_.now();
      record.stopped_on_purpose = false;
      done = co_await engine_.start(action.container);
      break;
    case Kind::start:
      record.stopped_on_purpose = false;
      done = co_await engine_.start(action.container.empty() ? created : action.container);
      break;
    case Kind::pull:
      break;
  }
  if (!done) co_return fail(std::move(done).error());
  co_return std::string();
}

Task<Result<std::string>> Supervisor::create(std::string module) {
  const auto spec = composition_->modules.find(module);
  // A newer composition may have come while an earlier action ran; the next pass knows better.
  if (spec == composition_->modules.end()) {
    co_return fail(Code::cancelled, "module {} is no longer wanted", module);
  }
  const ModuleSpec wanted = spec->second;
  auto body = container_body(wanted, *composition_, options_.device, generation_ids_[module]);
  if (!body) co_return fail(std::move(body).error());
  const json::object* host = find_object(*body, "HostConfig");
  if (host && string_or(*host, "NetworkMode", "") == options_.device.network) {
    auto network = co_await engine_.ensure_network(options_.device.network);
    if (!network) co_return fail(std::move(network).error());
  }
  world_.records[module] = ModuleRecord();
  auto id = co_await engine_.create_container(container_name(options_.device.instance, module),
                                              json::serialize(*body));
  // The image was removed behind the agent's back: pull it again.
  if (!id && id.error().code == Code::not_found) world_.ready_images.erase(wanted.image);
  co_return id;
}

void Supervisor::start_pull(const Action& action) {
  if (world_.pulling.size() >= kPullsAtOnce || world_.pulling.contains(action.image)) return;
  std::vector<std::string> modules;
  for (const auto& [name, spec] : composition_->modules) {
    if (spec.image == action.image) modules.push_back(name);
  }
  std::optional<RegistryCredential> credential;
  if (const auto* found = composition_->credential_for(action.image)) credential = *found;
  world_.pulling.insert(action.image);
  net::spawn(executor_, pull(action.image, std::move(modules), std::move(credential)));
}

Task<void> Supervisor::pull(std::string image, std::vector<std::string> modules,
                            std::optional<RegistryCredential> credential) {
  log::info(kLog, "pull {}", image);
  auto done = co_await engine_.pull(image, std::move(credential),
                                    [this](const PullProgress&) -> Result<void> {
                                      if (stopping_) return fail(Code::cancelled, "stopping");
                                      return {};
                                    });
  world_.pulling.erase(image);
  if (stopping_) co_return;
  if (done) {
    log::info(kLog, "pulled {}", image);
    world_.ready_images.insert(image);
    images_.insert(image);
  } else {
    log::error(kLog, "{}", done.error().describe());
  }
  for (const auto& module : modules) {
    ModuleRecord& record = world_.records[module];
    if (done) {
      note_success(record);
    } else {
      note_failure(record, done.error().describe(), clock_.now());
    }
  }
  remember();
  wake();
}

Task<void> Supervisor::remove_unused_images() {
  std::set<std::string> used;
  for (const auto& [name, spec] : composition_->modules) used.insert(spec.image);
  // The way back must not need the registry.
  if (good_) {
    for (const auto& [name, spec] : good_->composition.modules) used.insert(spec.image);
  }
  for (const auto& container : world_.containers) used.insert(container.image);
  std::vector<std::string> unused;
  for (const auto& image : images_) {
    if (!used.contains(image)) unused.push_back(image);
  }
  for (const auto& image : unused) {
    auto removed = co_await engine_.remove_image(image);
    if (!removed) {
      log::warning(kLog, "{}", removed.error().describe());
      continue;
    }
    log::info(kLog, "removed the image {}, which nothing uses any more", image);
    images_.erase(image);
    world_.ready_images.erase(image);
  }
  if (!unused.empty()) remember();
}

void Supervisor::keep_or_go_back() {
  if (fallen_ || !offered_) return;
  const bool is_good = good_ && good_->content == offered_->content;
  const auto now = clock_.now();
  if (!is_good && is_proven(world_, plan_, now, options_.proven_after)) {
    good_ = offered_;
    log::info(kLog, "version {} has proven itself", good_->composition.version);
    if (auto saved = directory_.save_good(good_->desired); !saved) {
      log::error(kLog, "{}", saved.error().describe());
    }
    return;
  }
  if (is_good || !good_) return;
  auto reason = reason_to_return(world_, good_->composition);
  if (reason.empty()) return;
  log::error(kLog, "going back from version {} to what version {} was: {}",
             offered_->composition.version, good_->composition.version, reason);
  fallen_ = FallenFrom{offered_->content, offered_->composition.version, std::move(reason), now};
  remember_fallen();
  enforce(good_->composition);
  reset_failures(world_.records);
  wake();
}

void Supervisor::remember_fallen() {
  if (auto saved = directory_.save(*fallen_); !saved) {
    log::error(kLog, "{}", saved.error().describe());
  }
}

// What lastDesiredStatus says: a failure at once, success when nothing is left to do, and in
// between what it said before.
void Supervisor::conclude() {
  if (refused_ || !composition_) return;
  if (fallen_) {
    last_desired_ = {fallen_->version, 500,
                     fmt::format("went back to the composition before: {}", fallen_->reason)};
    return;
  }
  std::string failures = engine_problem_;
  if (failures.empty()) failures = describe_failures(world_.records);
  if (!failures.empty()) {
    last_desired_ = {composition_->version, 500, std::move(failures)};
  } else if (plan_.settled) {
    last_desired_ = {composition_->version, 200, ""};
  }
}

void Supervisor::remember() {
  if (auto saved = directory_.save(LocalState{world_.records, images_}); !saved) {
    log::error(kLog, "{}", saved.error().describe());
  }
}

void Supervisor::declare_not_running() {
  agent_running_ = false;
  last_desired_.code = 406;
  last_desired_.description = "Agent is not running";
}

json::object Supervisor::report() const {
  ReportInput input;
  input.composition = composition_ ? &*composition_ : nullptr;
  input.last_desired = last_desired_;
  input.world = &world_;
  input.plan = &plan_;
  input.agent_running = agent_running_;
  input.program_version = options_.program_version;
  input.engine_version = engine_version_.engine;
  input.os = engine_version_.os;
  input.architecture = engine_version_.architecture;
  input.free_bytes = free_bytes(engine_version_.root);
  input.agent_started = started_;
  input.fallen = fallen_ ? &*fallen_ : nullptr;
  if (composition_) {
    for (const auto& [name, spec] : composition_->modules) {
      if (world_.pulling.contains(spec.image)) input.downloads[name] = "downloading the image";
    }
  }
  return build_reported(input);
}

const ObservedContainer* Supervisor::find_container(std::string_view module) const {
  const auto found =
      std::find_if(world_.containers.begin(), world_.containers.end(),
                   [&](const auto& container) { return container.module == module; });
  return found == world_.containers.end() ? nullptr : &*found;
}

std::vector<std::string> Supervisor::modules_with_containers() const {
  std::vector<std::string> names;
  for (const auto& container : world_.containers) names.push_back(container.module);
  return names;
}

Task<Result<void>> Supervisor::restart_module(std::string module) {
  auto guard = co_await mutex_.lock();
  const auto* container = find_container(module);
  if (!container) co_return fail(Code::not_found, "there is no module '{}' here", module);
  const std::string id = container->id;
  log::info(kLog, "restart {} as asked", module);
  auto stopped = co_await engine_.stop(id, options_.stop_grace);
  if (!stopped) co_return fail(std::move(stopped).error());
  ModuleRecord& record = world_.records[module];
  record = ModuleRecord();
  record.last_restart = clock_.now();
  remember();
  auto started = co_await engine_.start(id);
  wake();
  co_return started;
}

Task<Result<LogDemux>> Supervisor::logs(std::string module, LogRequest request) {
  const auto* container = find_container(module);
  if (!container) co_return fail(Code::not_found, "there is no module '{}' here", module);
  co_return co_await engine_.logs(container->id, request);
}

Task<void> Supervisor::stop_modules() {
  auto guard = co_await mutex_.lock();
  const std::vector<ObservedContainer> containers = world_.containers;
  for (const auto& container : containers) {
    if (container.state != ContainerState::running) continue;
    log::info(kLog, "stop {}", container.module);
    auto stopped = co_await engine_.stop(container.id, options_.stop_grace);
    if (!stopped) log::error(kLog, "{}", stopped.error().describe());
    world_.records[container.module].stopped_on_purpose = true;
  }
  remember();
}

Task<Result<void>> Supervisor::remove_modules() {
  auto guard = co_await mutex_.lock();
  auto containers = co_await engine_.list(options_.device.instance);
  if (!containers) co_return fail(std::move(containers).error());
  for (const auto& container : *containers) {
    log::info(kLog, "remove {}", container.module);
    auto stopped = co_await engine_.stop(container.id, options_.stop_grace);
    if (!stopped) co_return fail(std::move(stopped).error());
    auto removed = co_await engine_.remove(container.id);
    if (!removed) co_return fail(std::move(removed).error());
  }
  co_return Result<void>();
}

}  // namespace ferry::agent
