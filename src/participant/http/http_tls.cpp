#include "participant/http/http_connection.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>

namespace dtmd::participant {
namespace {

namespace asio = boost::asio;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

// Addresses are compared with the certificate's addresses, and are not sent as a server name (RFC 6066).
bool expect_host(SSL* ssl, const std::string& host) {
    boost::system::error_code not_numeric;
    asio::ip::make_address(host, not_numeric);
    if (!not_numeric) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
    return SSL_set_tlsext_host_name(ssl, host.c_str()) == 1 && SSL_set1_host(ssl, host.c_str()) == 1;
}

}  // namespace

asio::ssl::context make_tls_context(bool verify, const std::string& ca_file) {
    asio::ssl::context context(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    context.set_verify_mode(verify ? asio::ssl::verify_peer : asio::ssl::verify_none);
    boost::system::error_code error;
    if (ca_file.empty()) {
        context.set_default_verify_paths(error);
    } else {
        context.load_verify_file(ca_file, error);
    }
    if (error) {
        throw std::runtime_error("Participants.CaFile: cannot use '" + ca_file + "' (" + error.message() +
                                 "): it has to be a readable PEM file with certificates");
    }
    return context;
}

asio::awaitable<Result<void>> HttpConnection::shake_hands(std::string host) {
    SSL* const ssl = tls_->native_handle();
    if (!expect_host(ssl, host)) co_return Error{Errc::unavailable, "TLS: '" + host + "' is no possible server name"};
    const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, as_values);
    if (!error) co_return Result<void>();
    const long verdict = SSL_get_verify_result(ssl);
    if (verdict == X509_V_OK || SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE) {
        co_return Error{Errc::unavailable, "TLS: the handshake failed: " + error.message()};
    }
    co_return Error{Errc::unavailable, std::string("TLS: the certificate is not trusted: ") +
                                           X509_verify_cert_error_string(verdict) +
                                           " (Participants.CaFile names the authorities that are trusted)"};
}

}  // namespace dtmd::participant
