#include "participant/resolver/layout.h"

#include <gtest/gtest.h>

namespace dtmd::participant {
namespace {

const Instances nothing;

TEST(Layout, KeysOfAServiceAreThoseOfNoOther) {
    EXPECT_EQ(key_prefix(Layout::plain, "order"), "/services/order/");
    EXPECT_EQ(key_prefix(Layout::go_zero, "order.rpc"), "order.rpc/");
    EXPECT_EQ(key_prefix(Layout::kratos, "order"), "/microservices/order/");
}

TEST(Layout, PlainEntriesAreTheAddressInKeyOrValue) {
    EXPECT_EQ(read_entry(Layout::plain, "/services/o/h:80", ""), (Instances{{"h:80", "", 0}}));
    EXPECT_EQ(read_entry(Layout::plain, "/services/o/1", "h:80"), (Instances{{"h:80", "", 0}}));
    EXPECT_EQ(read_entry(Layout::plain, "/services/o/1", "http://h:80"), (Instances{{"h:80", "http", 0}}));
    EXPECT_EQ(read_entry(Layout::plain, "/services/o/1", ""), nothing);
}

TEST(Layout, GoZeroEntriesAreTheAddress) {
    EXPECT_EQ(read_entry(Layout::go_zero, "o/7587862094", "h:80"), (Instances{{"h:80", "", 0}}));
    EXPECT_EQ(read_entry(Layout::go_zero, "o/h:80", ""), nothing);
}

TEST(Layout, KratosEntriesAreEndpoints) {
    const char* const value = R"({"id":"a1","name":"o","version":"v1","metadata":{"m":"x"},)"
                              R"("endpoints":["grpc://10.0.0.1:9000?isSecure=false","http://10.0.0.1:8000"]})";
    EXPECT_EQ(read_entry(Layout::kratos, "/microservices/o/a1", value),
              (Instances{{"10.0.0.1:9000", "grpc", 0}, {"10.0.0.1:8000", "http", 0}}));
}

TEST(Layout, KratosEntriesThatMakeNoSenseAreNone) {
    for (const char* value : {"", "{", "[]", "5", "null", "{}", R"({"endpoints":null})", R"({"endpoints":{"a":"b:1"}})",
                              R"({"endpoints":[5,null,[],"nonsense"]})"}) {
        EXPECT_EQ(read_entry(Layout::kratos, "/microservices/o/1", value), nothing) << value;
    }
    EXPECT_EQ(read_entry(Layout::kratos, "k", std::string(1 << 20, '[')), nothing);
}

TEST(Layout, WhatIsWrittenCanBeRead) {
    const Instance grpc{"h:36790", "grpc", 0};
    for (const Layout layout : {Layout::plain, Layout::go_zero, Layout::kratos}) {
        const RegistryEntry entry = make_entry(layout, "dtm", grpc, 7587, "node-1");
        EXPECT_TRUE(entry.key.starts_with(key_prefix(layout, "dtm")));
        const Instances read = read_entry(layout, entry.key, entry.value);
        ASSERT_EQ(read.size(), 1u);
        EXPECT_EQ(read.front().address, "h:36790");
        EXPECT_TRUE(read.front().speaks(Wire::grpc));
    }
    EXPECT_EQ(make_entry(Layout::go_zero, "dtm", grpc, 7587, "i").key, "dtm/7587");
    EXPECT_EQ(make_entry(Layout::plain, "dtm", grpc, 7587, "i").key, "/services/dtm/h:36790");
    EXPECT_EQ(make_entry(Layout::kratos, "dtm", grpc, 7587, "i").key, "/microservices/dtm/i");
}

}  // namespace
}  // namespace dtmd::participant
