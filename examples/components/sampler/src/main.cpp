// SPDX-License-Identifier: Apache-2.0
// Prints one line of JSON per interval until it is asked to stop:
//   {"time":"2026-11-22T10:00:00Z","load1":0.42,"memoryAvailableBytes":...,"temperatureCelsius":...}
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "readings.hpp"

namespace {

constexpr long kDefaultInterval = 2, kLongestInterval = 24 * 3600;

long interval_seconds() {
  const char* text = std::getenv("INTERVAL_SECONDS");
  if (!text || !*text) return kDefaultInterval;
  char* end = nullptr;
  const long seconds = std::strtol(text, &end, 10);
  if (*end != '\0' || seconds < 1 || seconds > kLongestInterval) {
    std::fprintf(stderr, "sampler: INTERVAL_SECONDS must be 1 to %ld, not '%s'\n", kLongestInterval,
                 text);
    std::exit(2);
  }
  return seconds;
}

// Zone names come from firmware: nothing is taken for granted about their characters.
std::string json_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + "\"";
}

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

void print_sample() {
  std::string line = "{\"time\":\"" + now() + "\"";
  char number[96];
  if (const auto load = read_load()) {
    std::snprintf(number, sizeof number, ",\"load1\":%.2f,\"load5\":%.2f,\"load15\":%.2f",
                  load->one, load->five, load->fifteen);
    line += number;
  }
  if (const auto memory = read_memory()) {
    line += ",\"memoryTotalBytes\":" + std::to_string(memory->total) +
            ",\"memoryAvailableBytes\":" + std::to_string(memory->available);
  }
  if (const auto temperature = read_temperature()) {
    std::snprintf(number, sizeof number, ",\"temperatureCelsius\":%.1f", temperature->celsius);
    line += number;
    line += ",\"temperatureZone\":" + json_text(temperature->zone);
  }
  std::printf("%s}\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace

int main() {
  const timespec interval{interval_seconds(), 0};
  // As the first process of a container it gets no default action for signals. Blocked and waited
  // for, they end the pause at once.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  do {
    print_sample();
  } while (sigtimedwait(&signals, nullptr, &interval) < 0);
  std::fprintf(stderr, "sampler: asked to stop\n");
}
