#include "api/grpc/grpc_credentials.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <fstream>
#include <iterator>

namespace dtmd::api {
namespace {

Error bad_file(std::string_view key, const std::string& path, std::string_view why) {
    return {Errc::unavailable, std::string(key) + ": cannot use '" + path + "': " + std::string(why)};
}

Result<std::string> read_file(std::string_view key, const std::string& path) {
    if (path.empty()) {
        return Error{Errc::unavailable, std::string(key) + ": Grpc.TlsCertFile and Grpc.TlsKeyFile go together"};
    }
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file || text.empty()) return bad_file(key, path, "it has to be a readable PEM file");
    return text;
}

// gRPC would only say so when the first client comes.
Result<void> check_pair(const GrpcServerOptions& options) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (SSL_CTX_use_certificate_chain_file(context.get(), options.tls_cert_file.c_str()) != 1) {
        return bad_file("Grpc.TlsCertFile", options.tls_cert_file, "it holds no certificate");
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), options.tls_key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1) {
        return bad_file("Grpc.TlsKeyFile", options.tls_key_file,
                        "it does not hold the private key of Grpc.TlsCertFile");
    }
    if (!options.tls_client_ca_file.empty() &&
        SSL_CTX_load_verify_locations(context.get(), options.tls_client_ca_file.c_str(), nullptr) != 1) {
        return bad_file("Grpc.TlsClientCaFile", options.tls_client_ca_file, "it holds no certificate");
    }
    return {};
}

}  // namespace

Result<std::shared_ptr<grpc::ServerCredentials>> make_credentials(const GrpcServerOptions& options) {
    if (options.tls_cert_file.empty() && options.tls_key_file.empty()) {
        if (options.tls_client_ca_file.empty()) return grpc::InsecureServerCredentials();
        return Error{Errc::unavailable, "Grpc.TlsClientCaFile: needs Grpc.TlsCertFile and Grpc.TlsKeyFile as well"};
    }
    auto certificate = read_file("Grpc.TlsCertFile", options.tls_cert_file);
    if (!certificate) return certificate.error();
    auto key = read_file("Grpc.TlsKeyFile", options.tls_key_file);
    if (!key) return key.error();
    if (const auto checked = check_pair(options); !checked) return checked.error();

    grpc::SslServerCredentialsOptions tls;
    if (!options.tls_client_ca_file.empty()) {
        auto authorities = read_file("Grpc.TlsClientCaFile", options.tls_client_ca_file);
        if (!authorities) return authorities.error();
        tls.pem_root_certs = std::move(*authorities);
        tls.client_certificate_request = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
    }
    tls.pem_key_cert_pairs.push_back({std::move(*key), std::move(*certificate)});
    return grpc::SslServerCredentials(tls);
}

}  // namespace dtmd::api
