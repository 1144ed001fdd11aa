// SPDX-License-Identifier: Apache-2.0
#include "readings.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace {

// Kernels report unconnected sensors as nonsense far outside of what a machine survives.
constexpr double kColdest = -60, kHottest = 150;

}  // namespace

std::optional<Load> read_load() {
  std::ifstream file("/proc/loadavg");
  Load load{};
  if (!(file >> load.one >> load.five >> load.fifteen)) return std::nullopt;
  return load;
}

std::optional<Memory> read_memory() {
  std::ifstream file("/proc/meminfo");
  Memory memory{};
  std::string line;
  while (std::getline(file, line)) {
    unsigned long long kilobytes = 0;
    if (std::sscanf(line.c_str(), "MemTotal: %llu kB", &kilobytes) == 1) {
      memory.total = kilobytes * 1024;
    } else if (std::sscanf(line.c_str(), "MemAvailable: %llu kB", &kilobytes) == 1) {
      memory.available = kilobytes * 1024;
    }
  }
  if (memory.total == 0) return std::nullopt;
  return memory;
}

std::optional<Temperature> read_temperature() {
  std::optional<Temperature> hottest;
  std::error_code error;
  for (const auto& zone : std::filesystem::directory_iterator("/sys/class/thermal", error)) {
    std::ifstream value(zone.path() / "temp");
    std::ifstream name(zone.path() / "type");
    double millidegrees = 0;
    if (!(value >> millidegrees)) continue;
    const double celsius = millidegrees / 1000;
    if (celsius < kColdest || celsius > kHottest) continue;
    if (hottest && hottest->celsius >= celsius) continue;
    Temperature reading{zone.path().filename().string(), celsius};
    std::string type;
    if (name >> type) reading.zone = type;
    hottest = reading;
  }
  return hottest;
}
