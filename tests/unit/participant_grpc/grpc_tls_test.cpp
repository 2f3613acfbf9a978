#include "unit/participant/certificates.h"
#include "unit/participant_grpc/grpc_branch_server.h"
#include "unit/participant_grpc/running_caller.h"

#include <gtest/gtest.h>

namespace dtmd::participant {
namespace {

using txn::Answer;

std::shared_ptr<grpc::ServerCredentials> credentials_of(const Certificate& certificate) {
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({certificate.key, certificate.certificate});
    return grpc::SslServerCredentials(options);
}

TEST(GrpcTls, CallsByTheSchemeOrByTheOption) {
    const Certificate certificate = make_certificate("localhost", "127.0.0.1");
    const TemporaryFile authority(certificate.certificate);
    GrpcBranchServer server({}, 0, credentials_of(certificate));
    RunningCaller said({.ca_file = authority.path()});
    EXPECT_EQ(said.call("grpcs://" + server.url()).answer, Answer::success);
    EXPECT_EQ(said.call(server.url()).answer, Answer::unknown);
    RunningCaller always({.tls = true, .ca_file = authority.path()});
    EXPECT_EQ(always.call(server.url()).answer, Answer::success);
    EXPECT_EQ(always.call("grpc://" + server.url()).answer, Answer::unknown);
}

TEST(GrpcTls, TrustsOnlyWhomItIsToldToTrust) {
    const Certificate certificate = make_certificate("localhost", "127.0.0.1");
    const TemporaryFile other(make_certificate("localhost", "127.0.0.1").certificate);
    GrpcBranchServer server({}, 0, credentials_of(certificate));
    RunningCaller wary({.ca_file = other.path()});
    const Reply refused = wary.call("grpcs://" + server.url());
    EXPECT_EQ(refused.answer, Answer::unknown);
    EXPECT_FALSE(refused.reached);
    RunningCaller careless({.verify_tls = false});
    EXPECT_EQ(careless.call("grpcs://" + server.url()).answer, Answer::success);
}

TEST(GrpcTls, TheNameHasToFit) {
    const Certificate certificate = make_certificate("elsewhere");
    const TemporaryFile authority(certificate.certificate);
    GrpcBranchServer server({}, 0, credentials_of(certificate));
    RunningCaller caller({.ca_file = authority.path()});
    EXPECT_EQ(caller.call("grpcs://" + server.url()).answer, Answer::unknown);
}

}  // namespace
}  // namespace dtmd::participant
