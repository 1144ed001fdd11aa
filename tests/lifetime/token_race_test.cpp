// SPDX-License-Identifier: Apache-2.0
// Many processes over one database, as replicas of the control plane would be, and one token: one
// device gets a certificate.
#include <sys/wait.h>

#include <thread>

#include "tests/control/scripted_cloud.hpp"
#include "x509/request.hpp"

namespace ferry::control {
namespace {

constexpr int kProcesses = 8;
constexpr int kRounds = 6;

class TokenRace : public ControlTest {
 protected:
  TokenRace() { make_group("line-1"); }

  // A child that has a control plane of its own runs `attempt` once a byte comes through `gate`,
  // and answers with its exit code.
  template <class Attempt>
  pid_t start_child(int gate, Attempt attempt) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    ManualClock clock(clock_.now());
    net::EventLoop loop;
    auto store = store::Store::open(directory_);
    if (!store) ::_exit(99);
    auto control = Control::over(std::make_unique<Context>(
        loop, clock, *std::move(store),
        [](const std::string&) -> Result<azure::Transport> {
          return fail(Code::unavailable, "no cloud here");
        },
        EngineOptions{}));
    char byte = 0;
    [[maybe_unused]] const auto count = ::read(gate, &byte, 1);
    ::_exit(attempt(loop, *control));
  }

  template <class Attempt>
  std::map<int, int> race(Attempt attempt) {
    control_.reset();  // nothing of this process is in the children's database
    loop_.reset();
    int gate[2];
    EXPECT_EQ(::pipe(gate), 0);
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) children.push_back(start_child(gate[0], attempt));
    const std::string bytes(kProcesses, 'g');
    EXPECT_EQ(::write(gate[1], bytes.data(), bytes.size()), kProcesses);
    std::map<int, int> outcomes;
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      ++outcomes[WIFEXITED(status) ? WEXITSTATUS(status) : 100];
    }
    ::close(gate[0]);
    ::close(gate[1]);
    open();
    return outcomes;
  }

  static int registers(net::EventLoop& loop, Control& control, const LoginRequest& login) {
    const auto session = control.registration.login_node(login);
    if (!session) return session.error().code == Code::unauthenticated ? 1 : 2;
    if (!std::holds_alternative<NodeSession>(*session)) return 3;
    const auto key = x509::PrivateKey::generate();
    const auto issued = loop.run_until_done(
        control.registration.get_certificate(std::get<NodeSession>(*session).access_token,
                                             x509::CertificateRequest::create(key, "x")->to_pem()));
    if (issued) return 0;
    return issued.error().code == Code::unauthenticated ? 1 : 4;
  }
};

TEST_F(TokenRace, OneDeviceGetsACertificateWithOneToken) {
  for (int round = 0; round < kRounds; ++round) {
    const auto name = fmt::format("pump-{}", round);
    const auto ticket = control_->nodes.create(organization_, "plant-a", name, "line-1");
    ASSERT_TRUE(ticket) << ticket.error().describe();
    const auto outcomes = race([&](net::EventLoop& loop, Control& control) {
      return registers(loop, control, {.token = ticket->token});
    });
    EXPECT_EQ(outcomes, (std::map<int, int>{{0, 1}, {1, kProcesses - 1}})) << "round " << round;
    EXPECT_EQ(context_->store.certificates.list_of(ticket->id.str())->size(), 1U);
  }
}

TEST_F(TokenRace, AnEnrollmentNeverMakesMoreNodesThanItsQuota) {
  const auto ticket = control_->enrollments.create(
      organization_, "plant-a",
      {.name = "factory", .group = "line-1", .pattern = "press-*", .automatic = true, .quota = 3},
      "owner");
  ASSERT_TRUE(ticket);
  const auto outcomes = race([&](net::EventLoop& loop, Control& control) {
    const auto serial = fmt::format("{}", ::getpid());
    return registers(loop, control,
                     {.token = ticket->token, .name = "press-" + serial, .hardware_id = serial});
  });
  EXPECT_EQ(outcomes.at(0), 3);
  EXPECT_EQ(context_->store.nodes.list(workspace_.id)->size(), 3U);
}

}  // namespace
}  // namespace ferry::control
