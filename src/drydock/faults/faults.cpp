// SPDX-License-Identifier: Apache-2.0
#include "drydock/faults/faults.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"

namespace drydock {

using namespace ferry;

Result<std::string> Faults::add(Fault fault) {
  auto valid = check(fault);
  if (!valid) return fail(std::move(valid).error());
  Armed armed;
  armed.random.seed(fault.seed);
  armed.entry.id = fmt::format("f{}", ++added_);
  armed.entry.fault = std::move(fault);
  armed_.push_back(std::move(armed));
  return armed_.back().entry.id;
}

bool Faults::remove(std::string_view id) {
  return std::erase_if(armed_, [&](const Armed& armed) { return armed.entry.id == id; }) > 0;
}

std::vector<Faults::Entry> Faults::list() const {
  std::vector<Entry> entries;
  for (const Armed& armed : armed_) entries.push_back(armed.entry);
  return entries;
}

bool Faults::strikes(Armed& armed, Service service, std::string_view method,
                     std::string_view target) {
  const Fault& fault = armed.entry.fault;
  if (fault.service && *fault.service != service) return false;
  if (!fault.method.empty() && !equals_ignore_case(fault.method, method)) return false;
  const bool with_query = fault.path.find('?') != std::string::npos;
  const std::string_view text = with_query ? target : target.substr(0, target.find('?'));
  if (!fault.path.empty() && !matches_pattern(fault.path, text)) return false;
  if (fault.count != 0 && armed.entry.struck >= fault.count) return false;
  if (armed.entry.matched++ < fault.skip) return false;
  if (fault.probability < 1.0) {
    // 53 bits of the generator's word make a double in [0, 1) on every platform alike.
    const double drawn = static_cast<double>(armed.random() >> 11U) * 0x1.0p-53;
    if (drawn >= fault.probability) return false;
  }
  ++armed.entry.struck;
  return true;
}

Faults::Verdict Faults::judge(Service service, std::string_view method, std::string_view target) {
  Verdict verdict;
  for (Armed& armed : armed_) {
    if (armed.entry.fault.kind == Fault::Kind::operation) continue;
    if (!strikes(armed, service, method, target)) continue;
    log::info("faults", "{} strikes {} {} {}", armed.entry.id, to_string(service), method,
              target.substr(0, target.find('?')));
    const Fault& fault = armed.entry.fault;
    if (fault.kind != Fault::Kind::delay) {
      verdict.fault = fault;
      return verdict;
    }
    verdict.delay += fault.delay;
  }
  return verdict;
}

std::optional<Fault> Faults::judge_operation(std::string_view method, std::string_view target) {
  for (Armed& armed : armed_) {
    if (armed.entry.fault.kind != Fault::Kind::operation) continue;
    if (!strikes(armed, Service::arm, method, target)) continue;
    log::info("faults", "{} strikes the operation of {} {}", armed.entry.id, method,
              target.substr(0, target.find('?')));
    return armed.entry.fault;
  }
  return std::nullopt;
}

net::Task<net::HttpResponse> Faults::pass(Service service, net::HttpRequest request,
                                          net::HttpHandler next) {
  const Verdict verdict = judge(service, request.method, request.target);
  const auto delay = verdict.delay + (verdict.fault ? verdict.fault->delay : verdict.delay.zero());
  if (delay.count() > 0) co_await net::sleep_for(delay);
  if (!verdict.fault) {
    auto response = co_await next(std::move(request));
    co_return response;
  }
  const bool reset = verdict.fault->kind == Fault::Kind::reset;
  net::HttpResponse struck;
  struck.status = 0;
  if (!reset) struck = refusal_of(*verdict.fault, service, request);
  if (verdict.fault->after) co_await next(std::move(request));
  co_return struck;
}

}  // namespace drydock
