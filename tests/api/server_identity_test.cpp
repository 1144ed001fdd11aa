// SPDX-License-Identifier: Apache-2.0
#include "api/server_identity.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.hpp"
#include "tests/api/scratch.hpp"
#include "x509/chain.hpp"

namespace ferry::api {
namespace {

const Timestamp kStart = parse_rfc3339("2026-11-22T10:00:00Z").value();

x509::Certificate leaf(const net::TlsIdentity& identity) {
  return x509::Certificate::from_pem(identity.certificate_chain_pem).value();
}

TEST(ServerIdentity, IsMadeOnceForLoopbackAndTheNamesGiven) {
  Scratch scratch;
  ManualClock clock(kStart);
  const auto first = load_server_identity(scratch.path(), {"ferry.example", "10.0.0.1"}, clock);
  ASSERT_TRUE(first) << first.error().describe();
  const auto names = leaf(*first).dns_names();
  for (const char* name : {"localhost", "ferry.localhost", "ferry.example"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
  const auto ca = x509::Certificate::from_pem(read_file(scratch.path() / "ca.pem").value()).value();
  EXPECT_TRUE(x509::verify_chain(leaf(*first), {}, {ca}, kStart, x509::Purpose::server_auth));
  const auto again = load_server_identity(scratch.path(), {"ferry.example", "10.0.0.1"}, clock);
  ASSERT_TRUE(again);
  EXPECT_EQ(leaf(*again), leaf(*first));
}

TEST(ServerIdentity, ItsKeysAreForItsOwnerAlone) {
  Scratch scratch;
  ASSERT_TRUE(load_server_identity(scratch.path(), {}, ManualClock(kStart)));
  for (const char* name : {"ca.key", "server.key"}) {
    struct stat status{};
    ASSERT_EQ(::stat((scratch.path() / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << name;
  }
}

TEST(ServerIdentity, IsRenewedForOtherNamesAndBeforeItEndsByTheSameCa) {
  Scratch scratch;
  ManualClock clock(kStart);
  const auto first = load_server_identity(scratch.path(), {}, clock);
  ASSERT_TRUE(first);
  const auto ca = read_file(scratch.path() / "ca.pem").value();
  const auto named = load_server_identity(scratch.path(), {"other.example"}, clock);
  ASSERT_TRUE(named);
  EXPECT_FALSE(leaf(*named) == leaf(*first));
  clock.advance(std::chrono::days(800));
  const auto renewed = load_server_identity(scratch.path(), {"other.example"}, clock);
  ASSERT_TRUE(renewed);
  EXPECT_GT(leaf(*renewed).not_after(), leaf(*named).not_after());
  EXPECT_EQ(read_file(scratch.path() / "ca.pem").value(), ca);
}

TEST(ServerIdentity, ADamagedCaIsAnErrorAndNotSilentlyReplaced) {
  Scratch scratch;
  ASSERT_TRUE(load_server_identity(scratch.path(), {}, ManualClock(kStart)));
  ASSERT_TRUE(write_file_atomically(scratch.path() / "ca.pem", "damaged", 0644));
  EXPECT_FALSE(load_server_identity(scratch.path(), {}, ManualClock(kStart)));
}

}  // namespace
}  // namespace ferry::api
