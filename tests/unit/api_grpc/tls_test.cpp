#include "unit/api_grpc/running_grpc.h"
#include "unit/participant/certificates.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

namespace dtmd::api {
namespace {

using participant::Certificate;
using participant::make_certificate;
using participant::TemporaryFile;

bool answers(const Running& running, const grpc::SslCredentialsOptions& trust) {
    const auto channel = grpc::CreateChannel(running.address(), grpc::SslCredentials(trust));
    return call_raw(channel, "/grpc.health.v1.Health/Check", "").ok();
}

TEST(GrpcServerTls, ServesThoseWhoSpeakIt) {
    const Certificate ours = make_certificate("localhost", "127.0.0.1");
    const TemporaryFile certificate(ours.certificate), key(ours.key);
    QuietEngine engine;
    auto options = Running::local();
    options.tls_cert_file = certificate.path();
    options.tls_key_file = key.path();
    Running running(engine, options);
    EXPECT_TRUE(answers(running, {.pem_root_certs = ours.certificate, .pem_private_key = {}, .pem_cert_chain = {}}));
    EXPECT_EQ(running.health(), -1) << "plaintext";
}

TEST(GrpcServerTls, AsksForACertificateOfTheGivenAuthority) {
    const Certificate ours = make_certificate("localhost", "127.0.0.1");
    const Certificate theirs = make_certificate("client"), stranger = make_certificate("client");
    const TemporaryFile certificate(ours.certificate), key(ours.key), authority(theirs.certificate);
    QuietEngine engine;
    auto options = Running::local();
    options.tls_cert_file = certificate.path();
    options.tls_key_file = key.path();
    options.tls_client_ca_file = authority.path();
    Running running(engine, options);
    const auto trust = [&](const Certificate& who) {
        return grpc::SslCredentialsOptions{ours.certificate, who.key, who.certificate};
    };
    EXPECT_TRUE(answers(running, trust(theirs)));
    EXPECT_FALSE(answers(running, trust(stranger)));
    EXPECT_FALSE(answers(running, trust({})));
}

TEST(GrpcServerTls, SaysWhichFileIsWrong) {
    const Certificate ours = make_certificate("localhost"), other = make_certificate("localhost");
    const TemporaryFile certificate(ours.certificate), key(ours.key), wrong_key(other.key), nonsense("nonsense");
    QuietEngine engine;
    CountingMetrics metrics;
    Loops loops;
    const auto what = [&](std::string cert_file, std::string key_file, std::string ca_file) {
        auto options = Running::local();
        options.tls_cert_file = std::move(cert_file);
        options.tls_key_file = std::move(key_file);
        options.tls_client_ca_file = std::move(ca_file);
        return listen_grpc(loops.list(), engine, metrics, options).error().what;
    };
    using testing::StartsWith;
    EXPECT_THAT(what("/nowhere", key.path(), ""), StartsWith("Grpc.TlsCertFile: cannot use '/nowhere'"));
    EXPECT_THAT(what(nonsense.path(), key.path(), ""), StartsWith("Grpc.TlsCertFile: cannot use"));
    EXPECT_THAT(what(certificate.path(), "", ""), StartsWith("Grpc.TlsKeyFile: "));
    EXPECT_THAT(what(certificate.path(), wrong_key.path(), ""), StartsWith("Grpc.TlsKeyFile: cannot use"));
    EXPECT_THAT(what(certificate.path(), key.path(), nonsense.path()), StartsWith("Grpc.TlsClientCaFile: cannot use"));
    EXPECT_THAT(what("", "", nonsense.path()), StartsWith("Grpc.TlsClientCaFile: needs"));
}

}  // namespace
}  // namespace dtmd::api
