#include "store/redis/socket.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace dtmd::store::redis {
namespace {

Error bad_file(std::string_view what, const std::string& path) {
    char text[256] = "";
    ::ERR_error_string_n(::ERR_get_error(), text, sizeof text);
    return {Errc::invalid, "Redis TLS: " + std::string(what) + " can't be read from \"" + path + "\": " + text +
                               ". It must be a readable PEM file."};
}

}  // namespace

void TlsContext::Free::operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }

Result<std::shared_ptr<TlsContext>> TlsContext::make(const RedisTls& options) {
    std::shared_ptr<TlsContext> tls(new TlsContext(options));
    tls->context_.reset(::SSL_CTX_new(::TLS_client_method()));
    SSL_CTX* const context = tls->get();
    ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    ::SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    ::SSL_CTX_set_verify(context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    ::ERR_clear_error();
    if (options.ca_file.empty()) {
        ::SSL_CTX_set_default_verify_paths(context);
    } else if (::SSL_CTX_load_verify_locations(context, options.ca_file.c_str(), nullptr) != 1) {
        return bad_file("the CA certificates", options.ca_file);
    }
    if (options.cert_file.empty() != options.key_file.empty()) {
        return Error{Errc::invalid, "Redis TLS: a certificate and its key belong together: give both files or none."};
    }
    if (options.cert_file.empty()) return tls;
    if (::SSL_CTX_use_certificate_chain_file(context, options.cert_file.c_str()) != 1) {
        return bad_file("our certificate", options.cert_file);
    }
    if (::SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        ::SSL_CTX_check_private_key(context) != 1) {
        return bad_file("our certificate's key", options.key_file);
    }
    return tls;
}

}  // namespace dtmd::store::redis
