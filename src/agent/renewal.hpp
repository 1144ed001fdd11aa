// SPDX-License-Identifier: Apache-2.0
// When the device's certificate is renewed, and what comes next at every point of it. No I/O: the
// caller does what next() says, reports how it went, and keeps memory() on disk after each report.
//
//   wait until renew_after -> Request -> Try at provisioning service and hub -> Adopt -> wait ...
//
// The certificate in use stays in use until the new one has been adopted, and that happens only
// when the provisioning service and the hub have taken it. There is no state from which it does not
// go on: an expired certificate, a refusal, a year without network and a wrong clock all end in
// waiting and trying again, never in giving up or throwing away.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace ferry::agent {

struct CertificateLife {
  std::string id;  // tells certificates apart: the thumbprint
  Timestamp not_before;
  Timestamp not_after;
  Timestamp renew_after;
};

// `renew_after` is what the server asked for, if anything. What is missing or makes no sense
// becomes two thirds of the life, up to a twentieth earlier by `random` (0 to 65535), so that a
// fleet that was made in one day does not come back in one day. Never within the first hundredth of
// the life after `now`, whatever the server says: a mistake there must not make a loop.
CertificateLife plan_life(std::string id, Timestamp not_before, Timestamp not_after,
                          std::optional<Timestamp> renew_after, Timestamp now,
                          std::uint16_t random);

// What is remembered between runs.
struct RenewalMemory {
  std::string accepted;               // id of the candidate that cloud and hub have taken
  std::optional<Timestamp> retry_at;  // nothing is done before
  int failures = 0;                   // in a row
  int refusals = 0;                   // of this candidate, in a row
  bool asked = false;                 // renew now, whatever the dates say
  bool awaits_approval = false;
  std::string problem;  // the last failure, for people

  json::object to_json() const;
  static RenewalMemory from_json(const json::object& object);  // what is damaged is as if absent
  friend bool operator==(const RenewalMemory&, const RenewalMemory&) = default;
};

struct RenewalPolicy {
  std::chrono::seconds longest_pause{6 * 3600};     // while the certificate is valid
  std::chrono::seconds longest_urgent_pause{3600};  // when it is not
  std::chrono::seconds refused_pause{24 * 3600};    // after a no to a Request
  std::chrono::seconds shortest_approval_poll{60};  // whatever the server asks for
  std::chrono::seconds longest_approval_poll{3600};
};

class Renewal {
 public:
  struct Wait {
    Timestamp until;
  };
  // The clock is before the certificate was made: ask somebody trustworthy for the time, then
  // on_unreachable() if nobody answers. Nothing else is attempted before the clock is right.
  struct FindTime {};
  // Ask the server for a certificate. The key that it is for is on disk before the request leaves
  // and stays the same until on_issued(), so that a lost answer can be asked for again.
  struct Request {
    bool expired = false;  // the certificate in use is past its end: the server's grace decides
  };
  struct Try {};    // register the candidate with the provisioning service, show it to the hub
  struct Adopt {};  // put the candidate in the place of the certificate in use
  using Step = std::variant<Wait, FindTime, Request, Try, Adopt>;

  // `candidate`: one that was issued but not adopted when the program ended last time.
  Renewal(CertificateLife current, std::optional<CertificateLife> candidate, RenewalMemory memory,
          RenewalPolicy policy = {});

  Step next(Timestamp now);

  // Of Request. `random` is 0 to 65535.
  void on_issued(CertificateLife candidate);
  void on_pending(Timestamp now, std::optional<std::chrono::seconds> retry_after,
                  std::uint16_t random);
  // Of Try.
  void on_accepted();
  // Of Adopt, once it is on disk.
  void on_adopted();
  // Of Request and Try: the other side said no / could not be reached or was not able to.
  // A candidate that is refused again and again is given up for another one: candidate() is empty
  // then, as after next() when it has expired, and the caller removes what it kept of it.
  void on_refused(Timestamp now, std::uint16_t random, std::string problem);
  void on_unreachable(Timestamp now, std::uint16_t random, std::string problem);

  // Somebody wants a new certificate now.
  void ask();
  // The server has changed its mind about when; only an earlier time counts, and never one within
  // the first hundredth of the life.
  void on_told(Timestamp renew_after);

  const CertificateLife& current() const { return current_; }
  const std::optional<CertificateLife>& candidate() const { return candidate_; }
  const RenewalMemory& memory() const { return memory_; }

 private:
  void settle();
  void pause(Timestamp now, std::chrono::milliseconds duration);
  std::chrono::milliseconds backoff(Timestamp now, std::uint16_t random) const;
  std::chrono::milliseconds longest_pause(Timestamp now) const;

  CertificateLife current_;
  std::optional<CertificateLife> candidate_;
  RenewalMemory memory_;
  RenewalPolicy policy_;
};

}  // namespace ferry::agent
