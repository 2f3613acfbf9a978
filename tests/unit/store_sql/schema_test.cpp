#include "store/sql/schema.h"

#include <gtest/gtest.h>

namespace dtmd::store::sql {
namespace {

TEST(SqlSchema, IsInTheBinary) {
    for (const char* name : {"mysql", "postgres", "barrier.mysql", "barrier.postgres", "barrier.sqlite"}) {
        EXPECT_NE(schema_text(name).find("CREATE TABLE"), std::string_view::npos) << name;
        EXPECT_FALSE(statements(schema_text(name)).empty()) << name;
    }
    EXPECT_EQ(schema_text("oracle"), "");
    EXPECT_EQ(statements(schema_text("mysql")).size(), 3u);
}

TEST(SqlSchema, IsTakenApartIntoStatements) {
    EXPECT_EQ(statements("-- a comment; with a semicolon;\nCREATE TABLE a (\n  b int\n);\n\nDROP TABLE c;\nSELECT 1"),
              (std::vector<std::string>{"CREATE TABLE a (\n  b int\n)", "DROP TABLE c", "SELECT 1"}));
    EXPECT_TRUE(statements("").empty());
    EXPECT_TRUE(statements("-- nothing\n").empty());
}

}  // namespace
}  // namespace dtmd::store::sql
