// SPDX-License-Identifier: Apache-2.0
#include "agent/systemd_units.hpp"

#include <fmt/format.h>

namespace ferry::agent {
namespace {

// systemd.syntax(7): quoted, with backslash escapes; systemd.unit(5): a percent sign is doubled;
// systemd.service(5): and so is a dollar sign in a command line.
std::string quoted(std::string_view text, bool command_line) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '%' || (command_line && c == '$')) out += c;
    out += c;
  }
  return out + "\"";
}

std::string environment_lines(const UnitOptions& options) {
  std::string text;
  for (const auto& [name, value] : options.environment) {
    text += fmt::format("Environment={}\n", quoted(name + "=" + value, false));
  }
  return text;
}

constexpr std::string_view kConfinement = R"(UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
)";

}  // namespace

std::string agent_unit(const UnitOptions& options) {
  return fmt::format(R"([Unit]
Description=Ferry agent: keeps the modules of this device as its IoT Hub wants them
Wants=network-online.target
After=network-online.target docker.service

[Service]
ExecStart={} run --data {} --docker {} --network {}
{}ExecReload=kill -HUP $MAINPID
Restart=always
RestartSec=5
TimeoutStopSec=30
ReadWritePaths={}
CapabilityBoundingSet=
{}
[Install]
WantedBy=multi-user.target
)",
                     quoted(options.program.string(), true), quoted(options.data.string(), true),
                     quoted(options.docker, true), quoted(options.network, true),
                     environment_lines(options), quoted(options.data.string(), false),
                     kConfinement);
}

std::string renew_unit(const UnitOptions& options) {
  return fmt::format(R"([Unit]
Description=Renew this device's certificate when it is due
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={} renew --data {}
{}ReadWritePaths={} -/etc/aziot -/var/aziot
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER
{})",
                     quoted(options.program.string(), true), quoted(options.data.string(), true),
                     environment_lines(options), quoted(options.data.string(), false),
                     kConfinement);
}

std::string renew_timer() {
  return R"([Unit]
Description=Look twice a day whether this device's certificate is due

[Timer]
OnBootSec=5min
OnUnitActiveSec=12h
RandomizedDelaySec=1h
Persistent=true

[Install]
WantedBy=timers.target
)";
}

}  // namespace ferry::agent
