// SPDX-License-Identifier: Apache-2.0
#include "net/socket_stream.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/write.hpp>

#include "net/openssl.hpp"

namespace ferry::net {

template <class Socket>
Task<Result<std::size_t>> SocketStream<Socket>::read_some(std::span<char> buffer) {
  const auto [error, count] =
      co_await socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()), kAwait);
  if (error == asio::error::eof) co_return std::size_t{0};
  if (error) co_return failure("read", error);
  co_return count;
}

template <class Socket>
Task<Result<void>> SocketStream<Socket>::write(std::string_view bytes) {
  const auto [error, count] =
      co_await asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()), kAwait);
  if (error) co_return failure("write", error);
  co_return Result<void>();
}

template class SocketStream<TcpSocket>;
template class SocketStream<UnixSocket>;

TlsStream::TlsStream(TcpSocket socket, PeerInfo peer, SSL_CTX* context)
    : SocketStream(std::move(socket), std::move(peer)), ssl_(SSL_new(context)) {
  FERRY_CHECK(ssl_ != nullptr);
  boost::system::error_code ignored;
  socket_.native_non_blocking(true, ignored);
  SSL_set_fd(ssl_, static_cast<int>(socket_.native_handle()));
}

TlsStream::~TlsStream() {
  TlsStream::close();
  SSL_free(ssl_);
}

void TlsStream::close() {
  if (socket_.is_open() && established_ && !broken_) SSL_shutdown(ssl_);
  ERR_clear_error();
  SocketStream::close();
}

Task<Result<void>> TlsStream::wait_for(int ssl_error, std::string_view action) {
  if (!socket_.is_open()) {
    co_return failure(action, asio::error::make_error_code(asio::error::operation_aborted));
  }
  if (ssl_error == SSL_ERROR_WANT_READ || ssl_error == SSL_ERROR_WANT_WRITE) {
    const auto [error] = co_await socket_.async_wait(ssl_error == SSL_ERROR_WANT_READ
                                                         ? asio::socket_base::wait_read
                                                         : asio::socket_base::wait_write,
                                                     kAwait);
    if (error) co_return failure(action, error);
    co_return Result<void>();
  }
  broken_ = true;
  const int system_error = errno;
  const std::string reason =
      ssl_error == SSL_ERROR_SYSCALL && ERR_peek_error() == 0
          ? (system_error ? std::string(std::strerror(system_error)) : "connection closed")
          : openssl_failure();
  co_return fail(Code::unavailable, "{}: TLS: {}", action, reason);
}

Task<Result<void>> TlsStream::handshake() {
  while (true) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_);
    if (done == 1) break;
    const int error = SSL_get_error(ssl_, done);
    if (error == SSL_ERROR_SSL && SSL_get_verify_result(ssl_) != X509_V_OK &&
        !SSL_is_server(ssl_)) {
      broken_ = true;
      co_return fail(Error{Code::unavailable,
                           fmt::format("TLS: the server's certificate is not trusted: {}",
                                       X509_verify_cert_error_string(SSL_get_verify_result(ssl_))),
                           "give the CA that issued it"});
    }
    auto waited = co_await wait_for(error, "TLS handshake");
    if (!waited) co_return waited;
  }
  established_ = true;
  peer_.tls = true;
  if (const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name))
    peer_.server_name = name;
  note_peer_chain();
  co_return Result<void>();
}

void TlsStream::check_dates_at(Timestamp time) {
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl_), static_cast<time_t>(unix_seconds(time)));
}

Task<Result<void>> TlsStream::handshake_as_client(std::string host) {
  SSL_set_connect_state(ssl_);
  boost::system::error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (not_an_address) {
    SSL_set_tlsext_host_name(ssl_, host.c_str());
    SSL_set1_host(ssl_, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), host.c_str());
  }
  auto done = co_await handshake();
  co_return done;
}

Task<Result<void>> TlsStream::handshake_as_server() {
  SSL_set_accept_state(ssl_);
  auto done = co_await handshake();
  co_return done;
}

void TlsStream::note_peer_chain() {
  const auto add = [this](X509* certificate) {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    peer_.certificate_chain.emplace_back(text, static_cast<std::size_t>(size));
    BIO_free(bio);
  };
  // OpenSSL leaves the leaf out of the chain on the server's side only.
  if (SSL_is_server(ssl_)) {
    if (X509* leaf = SSL_get1_peer_certificate(ssl_)) {
      add(leaf);
      X509_free(leaf);
    }
    STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl_);
    for (int i = 0; i < sk_X509_num(chain); ++i) add(sk_X509_value(chain, i));
  }
}

Task<Result<std::size_t>> TlsStream::read_some(std::span<char> buffer) {
  while (true) {
    if (!socket_.is_open()) {
      co_return failure("read", asio::error::make_error_code(asio::error::operation_aborted));
    }
    ERR_clear_error();
    errno = 0;
    std::size_t count = 0;
    if (SSL_read_ex(ssl_, buffer.data(), buffer.size(), &count) == 1) co_return count;
    const int error = SSL_get_error(ssl_, 0);
    if (error == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
    const unsigned long reason = ERR_peek_error();
    const bool cut_off = (error == SSL_ERROR_SYSCALL && reason == 0 && errno == 0) ||
                         ERR_GET_REASON(reason) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    if (cut_off) {
      broken_ = true;
      co_return std::size_t{0};  // framing above tells a cut message from an end
    }
    auto waited = co_await wait_for(error, "read");
    if (!waited) co_return fail(std::move(waited).error());
  }
}

Task<Result<void>> TlsStream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!socket_.is_open()) {
      co_return failure("write", asio::error::make_error_code(asio::error::operation_aborted));
    }
    ERR_clear_error();
    errno = 0;
    std::size_t count = 0;
    if (SSL_write_ex(ssl_, bytes.data(), bytes.size(), &count) == 1) {
      bytes.remove_prefix(count);
      continue;
    }
    const int error = SSL_get_error(ssl_, 0);
    auto waited = co_await wait_for(error, "write");
    if (!waited) co_return waited;
  }
  co_return Result<void>();
}

}  // namespace ferry::net
