// SPDX-License-Identifier: Apache-2.0
#include "agent/docker_stream.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "agent/docker_engine.hpp"

namespace ferry::agent {
namespace {

std::string frame(char stream, std::string_view text) {
  std::string bytes = {stream, 0, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(text.size() >> shift & 0xFF);
  }
  return bytes.append(text);
}

TEST(LogDemux, JoinsBothStreamsInTheOrderOfArrival) {
  LogDemux demux(1000);
  demux.feed(frame(1, "out 1\n") + frame(2, "err 1\n") + frame(1, "") + frame(1, "out 2\n"));
  EXPECT_EQ(demux.text(), "out 1\nerr 1\nout 2\n");
}

RC_GTEST_PROP(LogDemux, GivesTheSameForAnySlicing, (const std::vector<std::string>& lines)) {
  std::string stream;
  std::string text;
  for (const auto& line : lines) {
    stream += frame(*rc::gen::element('\1', '\2'), line);
    text += line;
  }
  LogDemux demux(1 << 20);
  std::string_view rest = stream;
  while (!rest.empty()) {
    const auto size = std::min<std::size_t>(rest.size(), *rc::gen::inRange<std::size_t>(1, 12));
    demux.feed(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  RC_ASSERT(demux.text() == text);
}

TEST(LogDemux, KeepsWhatCameOfAFrameThatWasCutShort) {
  LogDemux demux(1000);
  demux.feed(frame(1, "whole\n"));
  demux.feed(frame(1, "half of it").substr(0, 12));
  EXPECT_EQ(demux.text(), "whole\nhalf");
  LogDemux header_only(1000);
  header_only.feed(std::string("\1\0\0", 3));
  EXPECT_EQ(header_only.text(), "");
}

TEST(LogDemux, StopsAtItsLimitAndSaysSo) {
  LogDemux demux(8);
  demux.feed(frame(1, "12345678"));
  EXPECT_FALSE(demux.overflowed());
  demux.feed(frame(1, "9"));
  EXPECT_TRUE(demux.overflowed());
  EXPECT_EQ(demux.text(), "12345678");
}

TEST(LogDemux, TakesTheRawBytesOfATerminalAsTheyAre) {
  LogDemux demux(1000);
  demux.feed("plain ");
  demux.feed("text of a terminal");
  EXPECT_EQ(demux.text(), "plain text of a terminal");
}

TEST(PullProgress, AddsUpItsLayers) {
  PullProgress progress;
  progress.feed(R"({"status":"Pulling from app","id":"latest"})"
                "\r\n"
                R"({"status":"Downloading","progressDetail":{"current":5,"total":10},"id":"aa"})"
                "\r\n{\"status\":\"Downloa");
  progress.feed(R"(ding","progressDetail":{"current":3,"total":20},"id":"bb"})"
                "\r\n"
                R"({"status":"Downloading","progressDetail":{"current":10,"total":10},"id":"aa"})"
                "\r\n"
                R"({"status":"Extracting","progressDetail":{"current":1,"total":10},"id":"aa"})"
                "\r\n");
  EXPECT_EQ(progress.bytes_done(), 13u);
  EXPECT_EQ(progress.bytes_total(), 30u);
  EXPECT_TRUE(progress.finish());
}

TEST(PullProgress, FindsTheErrorInsideAStreamThatBeganWell) {
  PullProgress progress;
  progress.feed("{\"status\":\"Pulling\"}\r\n{\"errorDetail\":{\"message\":\"denied\"},");
  progress.feed("\"error\":\"denied: not yours\"}");
  const auto finished = progress.finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().message, "denied: not yours");
}

TEST(PullProgress, TakesABrokenStreamAsAFailure) {
  PullProgress half;
  half.feed("{\"status\":\"Pull");
  EXPECT_FALSE(half.finish());
  PullProgress endless;
  endless.feed(std::string(100'000, 'x'));
  EXPECT_FALSE(endless.finish());
}

TEST(PullQuery, NamesExactlyOneImage) {
  EXPECT_EQ(pull_query("r.example:5000/a/b@sha256:12"),
            "fromImage=r.example%3A5000%2Fa%2Fb%40sha256%3A12");
  EXPECT_EQ(pull_query("r.example:5000/a/b"), "fromImage=r.example%3A5000%2Fa%2Fb&tag=latest");
  EXPECT_EQ(pull_query("r.example:5000/a/b:2"), "fromImage=r.example%3A5000%2Fa%2Fb&tag=2");
  EXPECT_EQ(pull_query("busybox:1.35"), "fromImage=busybox&tag=1.35");
}

TEST(RegistryAuth, IsPaddedAsDockerInsists) {
  for (const auto* password : {"p", "pp", "ppp", "pppp"}) {
    const Secret header = registry_auth_header({"r.example", "u", Secret(password)});
    EXPECT_EQ(header.reveal().size() % 4, 0u);
  }
}

}  // namespace
}  // namespace ferry::agent
