// SPDX-License-Identifier: Apache-2.0
// Decides what to do next so that the containers become what the composition says. Pure: no clock,
// no I/O. It is asked again after every change, so it only ever says what can be done now:
//  - an image is pulled (beside everything else) before the container that runs the old one is
//  touched;
//    while the pull runs, or when it fails, the old container keeps running;
//  - modules start in the order of startupOrder; one whose order is higher waits for pulls of those
//    before it, unless these have failed;
//  - a module whose fingerprint is unchanged is never made anew.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/composition.hpp"
#include "base/clock.hpp"

namespace ferry::agent {

enum class ContainerState { created, running, paused, restarting, removing, exited, dead };

// A container that carries this agent's labels.
struct ObservedContainer {
  std::string id;
  std::string module;
  std::string fingerprint;
  ContainerState state = ContainerState::created;
  int exit_code = 0;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
  std::string image_id;  // "sha256:..."
  // What it was made from, kept in its labels, because the composition may have moved on.
  std::string version;
  std::string image;
  std::string create_options;
  std::string env;  // JSON text
};

// What must be remembered of a module between passes.
struct ModuleRecord {
  int restart_count = 0;
  std::optional<Timestamp> last_restart;
  // The agent itself stopped it, because of its desired status: to start it again is no restart.
  bool stopped_on_purpose = false;
  // Steps (pull, create, start, ...) that failed in a row for the current composition.
  int failures = 0;
  std::optional<Timestamp> retry_at;
  std::string last_error;
};

struct World {
  const Composition* desired = nullptr;  // null: nothing was ever accepted, nothing is to be done
  std::string hub_host;                  // part of every module's environment
  std::vector<ObservedContainer> containers;
  std::map<std::string, ModuleRecord> records;
  std::set<std::string> ready_images;  // pulled, or there by digest
  std::set<std::string> pulling;       // images being pulled now
};

struct Action {
  enum class Kind { pull, stop, remove, create, start, restart };
  Kind kind = Kind::pull;
  std::string module;
  std::string container;  // id; empty for pull, create, and start right behind a create
  std::string image;      // of pull
  friend bool operator==(const Action&, const Action&) = default;
};
std::string_view to_string(Action::Kind kind);

struct Plan {
  // In order. When one fails, those behind it for the same module are void.
  std::vector<Action> actions;
  // Nothing is left to do, and nothing waits for a pull or a retry: the composition stands.
  bool settled = false;
  std::vector<std::string> waiting_for_pull;  // modules
  std::vector<std::string> in_backoff;        // modules whose restart is due later
  std::vector<std::string> given_up;          // modules that were restarted kMaxRestarts times
};

inline constexpr int kMaxRestarts = 20;
inline constexpr std::chrono::minutes kProvenAfter{
    10};  // of running: the restart count is forgotten

// min(10 s * 2^n, 300 s).
std::chrono::seconds back_off(int n);
// The first restart comes at once, so that one crash costs nobody ten seconds; the n-th after it
// waits.
std::chrono::seconds restart_delay(int restart_count);

Plan decide(const World& world, Timestamp now);

// Forgets the failures of earlier compositions: a new one deserves a fresh try at once.
void reset_failures(std::map<std::string, ModuleRecord>& records);
void note_failure(ModuleRecord& record, std::string error, Timestamp now);
void note_success(ModuleRecord& record);
// Clears the restart count of modules that have run for kProvenAfter, and forgets modules that are
// neither desired nor there. True when something changed.
bool tidy_records(World& world, Timestamp now);

}  // namespace ferry::agent
