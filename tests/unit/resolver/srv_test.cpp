#include "participant/resolver/lookup.h"
#include "unit/resolver/dns_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dtmd::participant {
namespace {

using test::DnsServer;
constexpr const char* name = "_http._tcp.order.example";

TEST(Srv, InstancesComeByPriority) {
    DnsServer dns;
    dns.set({{20, 1, 8001, "spare.example"}, {10, 5, 8002, "one.example"}, {10, 5, 8003, "127.0.0.1"}});
    const auto found = query_srv(name, dns.address());
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_THAT(*found,
                testing::UnorderedElementsAre(Instance{"127.0.0.1:8003", "", 10}, Instance{"one.example:8002", "", 10},
                                              Instance{"spare.example:8001", "", 20}));
}

TEST(Srv, WhatDoesNotExistHasNoInstances) {
    DnsServer dns;
    dns.set_code(3);
    EXPECT_TRUE(query_srv(name, dns.address())->empty());
    dns.set({});
    EXPECT_TRUE(query_srv(name, dns.address())->empty());
    dns.set({{0, 0, 80, "."}});
    EXPECT_TRUE(query_srv(name, dns.address())->empty()) << "a dot says that the service is not offered";
}

TEST(Srv, AServerThatFailsOrIsSilentIsAnError) {
    DnsServer dns;
    dns.set_code(2);
    EXPECT_EQ(query_srv(name, dns.address()).error().code, Errc::unavailable);
    dns.set_silent(true);
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(query_srv(name, dns.address()).error().code, Errc::unavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30));
    EXPECT_GE(dns.questions(), 2);
}

TEST(Srv, AServerIsANumericAddress) {
    for (const char* server : {"localhost:53", "127.0.0.1", "127.0.0.1:x", ":53"}) {
        EXPECT_EQ(query_srv(name, server).error().code, Errc::invalid) << server;
    }
}

}  // namespace
}  // namespace dtmd::participant
