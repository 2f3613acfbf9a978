#include "store/sql/endpoint.h"

#include <gtest/gtest.h>

namespace dtmd::store::sql {
namespace {

using Endpoints = std::vector<Endpoint>;

TEST(SqlEndpoint, ReadsHostsInTheirOrder) {
    EXPECT_EQ(*parse_endpoints("db1", 3306), (Endpoints{{"db1", 3306}}));
    EXPECT_EQ(*parse_endpoints("db1, db2:3307 ,10.0.0.1", 3306),
              (Endpoints{{"db1", 3306}, {"db2", 3307}, {"10.0.0.1", 3306}}));
    EXPECT_EQ(*parse_endpoints("[::1]:3308,[fe80::1],::1", 3306),
              (Endpoints{{"::1", 3308}, {"fe80::1", 3306}, {"::1", 3306}}));
}

TEST(SqlEndpoint, NamesThePartThatCannotBeRead) {
    for (const char* text :
         {"", "db1,", ",db1", "db1:", "db1:0", "db1:65536", "db1:x", ":3306", "[::1", "[]:1", "[::1]x"}) {
        const auto read = parse_endpoints(text, 3306);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, Errc::invalid);
    }
    EXPECT_NE(parse_endpoints("db1,db2:x", 1).error().what.find("'db2:x'"), std::string::npos);
}

TEST(SqlEndpoint, IsShownAsItIsWritten) {
    EXPECT_EQ((Endpoint{"db1", 3306}.text()), "db1:3306");
    EXPECT_EQ((Endpoint{"::1", 3306}.text()), "[::1]:3306");
}

}  // namespace
}  // namespace dtmd::store::sql
