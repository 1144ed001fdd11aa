// SPDX-License-Identifier: Apache-2.0
// Blob Batch (Storage REST): up to 256 requests in one, each authorized by itself: deletions and
// changes of tier.
#include "base/id.hpp"
#include "drydock/blob/service.hpp"

namespace drydock {

using blob::BlobRequest;
using blob::Operation;
using blob::Outcome;
using blob::refuse;
namespace net = ferry::net;

namespace {

constexpr std::size_t kMostParts = 256;

struct Part {
  std::string content_id;
  net::HttpRequest request;
};

tl::unexpected<blob::Refusal> malformed(std::string_view why) {
  return refuse(400, "InvalidInput", fmt::format("The batch is malformed: {}.", why));
}

// "multipart/mixed; boundary=..." (RFC 2046 s.5.1.1).
std::string boundary_of(const BlobRequest& request) {
  for (const std::string& field : ferry::split(request.header("Content-Type"), ';')) {
    const auto parameter = ferry::trim(field);
    if (!ferry::to_lower(parameter).starts_with("boundary=")) continue;
    auto value = parameter.substr(9);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    return std::string(value);
  }
  return {};
}

// Lines of "name: value"; others are none.
net::Headers headers_in(std::string_view text) {
  net::Headers headers;
  for (const std::string& line : ferry::split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    headers.add(std::string(ferry::trim(std::string_view(line).substr(0, colon))),
                std::string(ferry::trim(std::string_view(line).substr(colon + 1))));
  }
  return headers;
}

Outcome<Part> parse_part(std::string_view text) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return malformed("a part has no headers");
  Part part;
  part.content_id = headers_in(text.substr(0, end)).get_or("Content-ID", "");
  if (part.content_id.find_first_not_of("0123456789") != std::string::npos) {
    return malformed("a Content-ID is no number");
  }
  // Its requests have no bodies.
  const auto message = text.substr(end + 4);
  const auto line_end = std::min(message.find("\r\n"), message.size());
  const auto words = ferry::split(message.substr(0, line_end), ' ');
  if (words.size() != 3 || words[2] != "HTTP/1.1" || !words[1].starts_with('/')) {
    return malformed("a part is no HTTP request");
  }
  part.request.method = words[0];
  part.request.target = words[1];
  part.request.headers = headers_in(message.substr(line_end));
  return part;
}

Outcome<std::vector<Part>> parse_parts(const BlobRequest& request) {
  const std::string boundary = boundary_of(request);
  if (boundary.empty()) return malformed("it names no boundary");
  const std::string delimiter = "--" + boundary;
  std::vector<Part> parts;
  std::string_view body = request.http.body;
  auto at = body.find(delimiter);
  while (at != std::string_view::npos) {
    const auto begin = at + delimiter.size();
    if (body.substr(begin).starts_with("--")) return parts;
    const auto next = body.find(delimiter, begin);
    if (next == std::string_view::npos) break;
    if (parts.size() == kMostParts) return malformed("it has more than 256 parts");
    auto part = parse_part(body.substr(begin, next - begin));
    if (!part) return refuse(std::move(part).error());
    parts.push_back(*std::move(part));
    at = next;
  }
  return malformed("it has no end");
}

void append(std::string& text, std::string_view boundary, const std::string& content_id,
            const net::HttpResponse& response) {
  text += fmt::format("--{}\r\nContent-Type: application/http\r\n", boundary);
  if (!content_id.empty()) text += fmt::format("Content-ID: {}\r\n", content_id);
  text +=
      fmt::format("\r\nHTTP/1.1 {} {}\r\n", response.status, net::reason_phrase(response.status));
  for (const auto& [name, value] : response.headers.fields()) {
    text += fmt::format("{}: {}\r\n", name, value);
  }
  if (!response.body.empty()) text += fmt::format("Content-Length: {}\r\n", response.body.size());
  text += fmt::format("\r\n{}\r\n", response.body);
}

}  // namespace

net::Task<net::HttpResponse> BlobService::answer_part(const BlobRequest& request,
                                                      net::HttpRequest part) {
  part.headers.set("Host", request.http.headers.get_or("Host", ""));
  part.peer = request.http.peer;
  // A batch is asked for with one version, which counts for its parts.
  if (!part.headers.contains("x-ms-version") && part.headers.contains("Authorization")) {
    const bool signed_by_key = part.headers.get_or("Authorization", "").starts_with("SharedKey ");
    if (!signed_by_key) part.headers.set("x-ms-version", request.header("x-ms-version"));
  }
  const auto parsed = blob::parse_request(part);
  const bool fits = parsed && (parsed->operation == Operation::delete_blob ||
                               parsed->operation == Operation::set_blob_tier);
  if (parsed && !fits) {
    co_return blob::to_response({400, "InvalidInput", "A batch deletes blobs or sets their tier."},
                                ferry::random_uuid(), clock_.now());
  }
  co_return co_await handle(std::move(part));
}

BlobService::Reply BlobService::batch(const BlobRequest& request) {
  auto parts = parse_parts(request);
  if (!parts) co_return refuse(std::move(parts).error());
  const std::string boundary = "batchresponse_" + ferry::random_uuid();
  net::HttpResponse response;
  response.status = 202;
  response.headers.set("Content-Type", "multipart/mixed; boundary=" + boundary);
  for (auto& part : *parts) {
    net::HttpResponse answer = co_await answer_part(request, std::move(part.request));
    append(response.body, boundary, part.content_id, answer);
  }
  response.body += fmt::format("--{}--\r\n", boundary);
  co_return response;
}

}  // namespace drydock
