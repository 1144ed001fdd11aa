// SPDX-License-Identifier: Apache-2.0
// What the kernel says of the machine. Each reading is absent where the machine does not offer it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

struct Load {
  double one, five, fifteen;  // runnable tasks, averaged over so many minutes
};

struct Memory {
  std::uint64_t total, available;  // bytes
};

struct Temperature {
  std::string zone;
  double celsius;
};

std::optional<Load> read_load();                // /proc/loadavg
std::optional<Memory> read_memory();            // /proc/meminfo
std::optional<Temperature> read_temperature();  // the hottest of /sys/class/thermal
