#include "config/internal.h"
#include "unit/config/loading.h"

#include <gmock/gmock.h>

namespace dtmd::config {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Dsn, FillsTheFieldsItNames) {
    const struct {
        const char *dsn, *user, *password, *host;
        std::int64_t port;
        const char* db;
    } cases[] = {
        {"root:pw@tcp(db.example:3307)/bank", "root", "pw", "db.example", 3307, "bank"},
        {"root:pw@tcp(db:3307)/bank?charset=utf8mb4&parseTime=true", "root", "pw", "db", 3307, "bank"},
        {"root:pw@tcp(db)/bank", "root", "pw", "db", 3306, "bank"},
        {"root@tcp(db:1)/", "root", "", "db", 1, "dtm"},
        {"root:@tcp(db:1)/?a=b", "root", "", "db", 1, "dtm"},
        {"root:a:b@tcp(c)/d@tcp(db:1)/x", "root", "a:b@tcp(c)/d", "db", 1, "x"},
        {"root:pw@tcp([::1]:3307)/bank", "root", "pw", "::1", 3307, "bank"},
        {"root:pw@tcp([::1])/bank", "root", "pw", "::1", 3306, "bank"},
    };
    for (const auto& [dsn, user, password, host, port, db] : cases) {
        SCOPED_TRACE(dsn);
        Store store;
        EXPECT_EQ(read_dsn(dsn, store), "");
        EXPECT_EQ(store.user, user);
        EXPECT_EQ(store.password, password);
        EXPECT_EQ(store.host, host);
        EXPECT_EQ(store.port, port);
        EXPECT_EQ(store.db, db);
    }
}

TEST(Dsn, SaysWhatItExpectsWithoutShowingWhatItGot) {
    for (const char* const dsn :
         {"", "hush", "u:hush", "u:hush@unix(/s)/d", "u:hush@tcp(h:1)", "u:hush@tcp(h:1", "u:hush@tcp()/d",
          "u:hush@tcp(:1)/d", "u:hush@tcp(h:0)/d", "u:hush@tcp(h:65536)/d", "u:hush@tcp(h:hush)/d", "u:hush@tcp(h:)/d",
          "u:hush@tcp([::1)/d", "u:hush@tcp([::1]1)/d", "u:hush@tcp([]:1)/d"}) {
        SCOPED_TRACE(dsn);
        Store store;
        const std::string complaint = read_dsn(dsn, store);
        EXPECT_THAT(complaint, HasSubstr("expected user:password@tcp(host:port)/database"));
        EXPECT_THAT(complaint, Not(HasSubstr("hush")));
        EXPECT_EQ(store.host, "") << "a malformed one changes nothing";
        EXPECT_EQ(store.user, "");
    }
}

TEST(Dsn, IsReadFromFileAndEnvironment) {
    EXPECT_EQ(loaded("Store:\n  Dsn: me:pw@tcp(h:1)/d\n").config.store.host, "h");
    EXPECT_EQ(loaded("", {{"STORE_DSN", "me:pw@tcp(h:1)/d"}}).config.store.user, "me");
    EXPECT_EQ(problems("Store:\n  Dsn: 'me:pw'\n"),
              "dtmd.yml:2:8: Store.Dsn: expected user:password@tcp(host:port)/database");
    EXPECT_EQ(problems("", {{"STORE_DSN", "me:pw@tcp(h:x)/d"}}),
              "environment STORE_DSN: expected user:password@tcp(host:port)/database; the port must be a number from 1 "
              "to 65535");
}

TEST(Dsn, LeavesTheLastWordToTheKeys) {
    const Store store = loaded("Store:\n  Host: other\n  Dsn: me:pw@tcp(h:1)/d\n  Port: 2\n").config.store;
    EXPECT_EQ(store.host, "other");
    EXPECT_EQ(store.port, 2);
    EXPECT_EQ(store.user, "me");
}

TEST(Dsn, OfTheFileCountsMoreThanTheEnvironmentsKeys) {
    const Store store =
        loaded("Store:\n  Dsn: me:pw@tcp(h:1)/d\n", {{"STORE_HOST", "env"}, {"STORE_SCHEMA", "s"}}).config.store;
    EXPECT_EQ(store.host, "h");
    EXPECT_EQ(store.schema, "s");
}

TEST(Type, IsAnotherNameOfDriver) {
    EXPECT_EQ(loaded("Store: {Type: boltdb}").config.store.driver, "rocksdb");
    EXPECT_EQ(loaded("Store: {Driver: rocksdb}", {{"STORE_TYPE", "mysql"}}).config.store.driver, "rocksdb");
    EXPECT_EQ(loaded("Store: {type: rocksdb}").warnings.size(), 1u) << "its case is remarked on as any key's is";
}

}  // namespace
}  // namespace dtmd::config
