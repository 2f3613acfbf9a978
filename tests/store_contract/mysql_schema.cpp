#include "store/mysql/mysql_backend.h"
#include "store_contract/dtm_tables.h"
#include "store_contract/mysql_rig.h"
#include "store_contract/samples.h"
#include "store_contract/servers/mariadb.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dtmd::store::test {
namespace {

using Texts = std::vector<std::string>;

class MySqlSchema : public testing::Test {
protected:
    MySqlSchema() : options(server.options(MariaDb::fresh_name())) { options.create_schema = false; }
    ~MySqlSchema() override { server.run("DROP DATABASE IF EXISTS " + options.database); }

    Texts differences() {
        const auto found = check_mysql_schema(options);
        EXPECT_TRUE(found) << found.error().what;
        Texts all;
        for (const auto& difference : *found) all.push_back((difference.is_fatal ? "! " : "") + difference.what);
        return all;
    }

    std::string why_down() {
        const auto ping = open_backend(options)->ping();
        return ping ? "" : ping.error().what;
    }

    MariaDb& server = MariaDb::shared();
    MySqlOptions options;
};

TEST_F(MySqlSchema, IsMadeAndThenIsAsExpected) {
    EXPECT_EQ(differences(),
              (Texts{"! the database " + options.database + " is missing", "! the table trans_global is missing",
                     "! the table trans_branch_op is missing", "! the table kv is missing"}));
    EXPECT_NE(why_down().find("dtmd schema apply"), std::string::npos) << why_down();
    const auto applied = apply_mysql_schema(options);
    ASSERT_TRUE(applied) << applied.error().what;
    EXPECT_EQ(applied->size(), 3u);
    EXPECT_EQ(differences(), Texts{});
    EXPECT_TRUE(apply_mysql_schema(options)->empty()) << "nothing is left to do";
    EXPECT_EQ(why_down(), "");
}

TEST_F(MySqlSchema, IsMadeAtTheStartIfThatIsAllowed) {
    options.create_schema = true;
    EXPECT_EQ(why_down(), "");
    EXPECT_EQ(differences(), Texts{});
}

TEST_F(MySqlSchema, NamesEveryWayInWhichDtmsTablesAreNarrower) {
    make_dtm_tables(server, options.database);
    const auto narrow = differences();
    for (const std::string part :
         {"trans_global.query_prepared: varchar(1024), expected varchar(4096): longer values are refused",
          "trans_global.options: varchar(1024), expected mediumtext: longer values are refused",
          "trans_global.custom_data: varchar(1024), expected longtext: longer values are refused",
          "trans_global.ext_data: text, expected longtext: longer values are refused",
          "trans_branch_op.bin_data: blob, expected longblob: longer values are refused",
          "trans_branch_op.url: varchar(1024), expected varchar(4096): longer values are refused"}) {
        EXPECT_NE(std::ranges::find(narrow, part), narrow.end()) << part;
    }
    const auto is_collation = [](const std::string& text) { return text.find("trans_global.gid: collation") == 0; };
    EXPECT_TRUE(std::ranges::any_of(narrow, is_collation));
    EXPECT_EQ(why_down(), "") << "dtmd works with them";

    std::vector<sql::ServerReport> reports;
    options.on_report = [&](const sql::ServerReport& report) { reports.push_back(report); };
    open_backend(options)->ping().value();
    EXPECT_EQ(reports.at(0).notes, narrow);

    server.run(
        "INSERT INTO trans_global (gid,trans_type,status,query_prepared,protocol,custom_data) "
        "VALUES ('kept','saga','succeed','','http','{}')",
        options.database);
    const auto applied = apply_mysql_schema(options);
    ASSERT_TRUE(applied) << applied.error().what;
    EXPECT_EQ(applied->size(), narrow.size());
    EXPECT_EQ(differences(), Texts{});
    EXPECT_TRUE((*open_backend(options)->load("kept")).has_value());
}

TEST_F(MySqlSchema, RefusesTablesItCannotWorkWith) {
    apply_mysql_schema(options).value();
    server.run(
        "ALTER TABLE trans_global DROP COLUMN ext_data, DROP KEY gid, DROP KEY status_next_cron_time;"
        "ALTER TABLE trans_branch_op MODIFY finish_time bigint; DROP TABLE kv",
        options.database);
    EXPECT_EQ(differences(),
              (Texts{"! trans_global.ext_data: is missing", "! trans_global: the unique index gid (gid) is missing",
                     "trans_global: the index status_next_cron_time (status,next_cron_time) is missing: what looks for "
                     "it is slow",
                     "! trans_branch_op.finish_time: bigint(20), expected datetime", "! the table kv is missing"}));
    EXPECT_NE(why_down().find("trans_global.ext_data: is missing; "), std::string::npos) << why_down();
    EXPECT_EQ(apply_mysql_schema(options)->size(), 5u);
    EXPECT_EQ(differences(), Texts{});
}

TEST_F(MySqlSchema, WorksWithoutTheDueIndex) {
    apply_mysql_schema(options).value();
    server.run("ALTER TABLE trans_global DROP KEY status_next_cron_time", options.database);
    set_tick(std::chrono::seconds(1));
    const auto backend = open_backend(options);
    std::vector<Outcome> outcomes(1);
    ASSERT_TRUE(backend->apply(std::vector{insert(saga("g", at(1)))}, outcomes));
    EXPECT_EQ(backend->claim_due(at(5), at(50), 10)->transactions.size(), 1u);
    EXPECT_EQ(*backend->expire(at(5), 10), 0u);
}

TEST_F(MySqlSchema, AcceptsMoreRoomAndOtherNamesOfIndexes) {
    apply_mysql_schema(options).value();
    server.run(
        "ALTER TABLE trans_global MODIFY query_prepared longtext NOT NULL, DROP KEY owner, ADD KEY by_owner (owner),"
        "ADD COLUMN note text; ALTER TABLE trans_branch_op MODIFY url varchar(8000) NOT NULL",
        options.database);
    EXPECT_EQ(differences(), Texts{});
}

TEST_F(MySqlSchema, MayBeInADatabaseWithAnyName) {
    options.database = "dt`m-1 " + options.database;
    options.create_schema = true;
    EXPECT_EQ(why_down(), "");
    EXPECT_EQ(differences(), Texts{});
    std::string quoted = options.database;
    quoted.insert(quoted.find('`'), "`");
    options.database = "`" + quoted + "`";
}

TEST_F(MySqlSchema, HasABarrierForBusinesses) {
    for (const auto& statement : sql::statements(sql::schema_text("barrier.mysql"))) server.run(statement);
    const std::string enter =
        "INSERT IGNORE INTO dtm_barrier.barrier (trans_type,gid,branch_id,op,barrier_id,reason) "
        "VALUES ('saga','g','01','action','01','action');SELECT ROW_COUNT()";
    EXPECT_EQ(server.run(enter), Texts{"1"});
    EXPECT_EQ(server.run(enter), Texts{"0"}) << "the second time changes nothing";
    server.run("DROP DATABASE dtm_barrier");
}

}  // namespace
}  // namespace dtmd::store::test
