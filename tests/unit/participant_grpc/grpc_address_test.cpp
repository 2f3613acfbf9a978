#include "participant/grpc/grpc_address.h"

#include <gtest/gtest.h>

namespace dtmd::participant {
namespace {

using Security = GrpcAddress::Security;

TEST(GrpcAddress, IsSplitAtTheFirstSlash) {
    struct Row {
        const char* url;
        const char* target;
        const char* method;
        Security security;
    };
    const Row rows[] = {
        {"localhost:58081/busi.Busi/TransIn", "localhost:58081", "/busi.Busi/TransIn", Security::unsaid},
        {"[::1]:1/a.B/C", "[::1]:1", "/a.B/C", Security::unsaid},
        {"grpc://h:1/a.B/C", "h:1", "/a.B/C", Security::plain},
        {"grpcs://h:1/a.B/C", "h:1", "/a.B/C", Security::tls},
        {"ipv4:127.0.0.1:1,127.0.0.1:2/a.B/C", "ipv4:127.0.0.1:1,127.0.0.1:2", "/a.B/C", Security::unsaid},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.url);
        const auto address = parse_grpc_address(row.url, false);
        ASSERT_TRUE(address);
        EXPECT_EQ(address->target, row.target);
        EXPECT_EQ(address->method, row.method);
        EXPECT_EQ(address->security, row.security);
    }
}

TEST(GrpcAddress, SaysWhatIsWrongInTheWordsOfDtm) {
    const std::pair<const char*, const char*> rows[] = {
        {"localhost:58081", "bad url: 'localhost:58081'. no '/' found"},
        {"etcd://h/svc/a.B/C", "call dtmdriver.Use() before you use custom scheme for 'etcd://h/svc/a.B/C'"},
        {"/a.B/C", "bad url: '/a.B/C'. expected host:port before the first '/'"},
        {"h:1/C", "bad url: 'h:1/C'. expected host:port/package.Service/Method"},
        {"h:1/a.B/", "bad url: 'h:1/a.B/'. expected host:port/package.Service/Method"},
        {"h:1/", "bad url: 'h:1/'. expected host:port/package.Service/Method"},
    };
    for (const auto& [url, what] : rows) {
        const auto address = parse_grpc_address(url, false);
        ASSERT_FALSE(address) << url;
        EXPECT_EQ(address.error().what, what);
    }
}

TEST(GrpcAddress, LocalhostMeansTheHostInAContainer) {
    EXPECT_EQ(parse_grpc_address("localhost:1/a.B/C", true)->target, "host.docker.internal:1");
    EXPECT_EQ(parse_grpc_address("127.0.0.1:1/a.B/C", true)->target, "host.docker.internal:1");
    EXPECT_EQ(parse_grpc_address("other:1/a.B/C", true)->target, "other:1");
}

}  // namespace
}  // namespace dtmd::participant
