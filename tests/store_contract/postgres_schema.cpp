#include "store_contract/postgres_store.h"

#include "store/sql/schema.h"

// Tables that are missing or different, servers that keep less than we promise, users who may do little.
namespace dtmd::store::test {
namespace {

using testing::Contains, testing::ElementsAre, testing::HasSubstr, testing::IsEmpty;

class PostgresTables : public PostgresStore {
protected:
    std::vector<std::string> differences() {
        const auto found = check_postgres_schema(options);
        EXPECT_TRUE(found) << found.error().what;
        std::vector<std::string> what;
        for (const auto& difference : *found) what.push_back(difference.what);
        return what;
    }

    std::vector<sql::ServerReport> reports;
};

TEST_F(PostgresTables, MakesThemWhenTheyAreMissing) {
    EXPECT_THAT(differences(), Contains(HasSubstr("the schema " + schema.name() + " is missing")));
    EXPECT_THAT(differences(), Contains("the table trans_branch_op is missing"));
    EXPECT_TRUE(open_backend(options)->ping());
    EXPECT_THAT(differences(), IsEmpty());
    EXPECT_THAT(*apply_postgres_schema(options), IsEmpty()) << "nothing was left to do";
}

TEST_F(PostgresTables, MakesThemOnceThoughManyConnectAtOnce) {
    auto factory = open_postgres(options);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            const auto backend = (*factory)();
            EXPECT_EQ(apply(*backend, insert(saga("g" + std::to_string(i)))), Outcome::ok);
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_THAT(schema.run("SELECT count(*) FROM trans_global"), ElementsAre("8"));
}

TEST_F(PostgresTables, LeavesThemToTheOperatorWhenToldTo) {
    options.create_schema = false;
    const auto error = open_backend(options)->ping().error();
    EXPECT_EQ(error.code, Errc::unavailable);
    EXPECT_THAT(error.what, HasSubstr("dtmd schema apply"));
    EXPECT_THAT(schema.run("SELECT nspname FROM pg_namespace WHERE nspname='" + schema.name() + "'"), IsEmpty());
    EXPECT_FALSE(apply_postgres_schema(options)->empty());
    EXPECT_TRUE(open_backend(options)->ping());
}

TEST_F(PostgresTables, MakesTheDatabaseAsWell) {
    options.database = "new \"database\"";
    EXPECT_THAT(check_postgres_schema(options).error().what, HasSubstr("3D000"));
    EXPECT_EQ(apply(*open_backend(options), insert(saga("g"))), Outcome::ok);
    EXPECT_TRUE(load(*open_backend(options), "g"));
    PostgresServer::shared().run("DROP DATABASE \"new \"\"database\"\"\" WITH (FORCE)");
}

TEST_F(PostgresTables, TakesAnyNameOfASchema) {
    options.schema = "My \"Schema\", public'";
    EXPECT_EQ(apply(*open_backend(options), insert(saga("g"))), Outcome::ok);
    EXPECT_TRUE(load(*open_backend(options), "g"));
    PostgresServer::shared().run("DROP SCHEMA \"My \"\"Schema\"\", public'\" CASCADE");
}

TEST_F(PostgresTables, NamesAndMendsEveryDifference) {
    EXPECT_TRUE(open_backend(options)->ping());
    const std::pair<const char*, const char*> damages[] = {
        {"ALTER TABLE trans_global DROP COLUMN ext_data", "trans_global.ext_data: is missing"},
        {"ALTER TABLE trans_global DROP CONSTRAINT gid", "unique index gid (gid) is missing"},
        {"ALTER TABLE trans_branch_op ALTER COLUMN url TYPE varchar(7)", "trans_branch_op.url: character varying(7)"},
        {"DROP INDEX status_next_cron_time", "index status_next_cron_time (status,next_cron_time) is missing"},
        {"ALTER INDEX gid_branch_uniq RENAME TO other", "is called other, expected gid_branch_uniq"},
        {"ALTER TABLE kv ALTER COLUMN id DROP DEFAULT", "kv.id: the server does not number new rows"},
        {"ALTER TABLE kv ALTER COLUMN update_time TYPE timestamp", "its moments depend on a time zone"},
        {"DROP TABLE kv", "the table kv is missing"},
    };
    for (const auto& [damage, what] : damages) {
        schema.run(damage);
        EXPECT_THAT(differences(), ElementsAre(HasSubstr(what))) << damage;
        const auto deeds = apply_postgres_schema(options);
        ASSERT_TRUE(deeds) << deeds.error().what;
        EXPECT_THAT(*deeds, ElementsAre(HasSubstr(what)));
        EXPECT_THAT(differences(), IsEmpty()) << damage;
    }
}

TEST_F(PostgresTables, RefusesTablesItCanNotWorkWith) {
    EXPECT_TRUE(open_backend(options)->ping());
    schema.run("ALTER TABLE trans_global DROP COLUMN result");
    const auto error = open_backend(options)->ping().error();
    EXPECT_EQ(error.code, Errc::unavailable);
    EXPECT_THAT(error.what, HasSubstr("trans_global.result: is missing"));
    EXPECT_THAT(error.what, HasSubstr("dtmd schema apply"));
}

TEST_F(PostgresTables, SaysWhatAUserLacksWhoMayDoLittle) {
    EXPECT_TRUE(open_backend(options)->ping());
    auto& server = PostgresServer::shared();
    server.run("CREATE ROLE " + schema.name() + " LOGIN PASSWORD 'little'");
    options.user = schema.name();
    options.password = "little";
    EXPECT_FALSE(open_backend(options)->ping());
    schema.run("GRANT USAGE ON SCHEMA " + schema.name() + " TO " + schema.name());
    const auto backend = open_backend(options);
    std::vector<Outcome> outcomes(1);
    const auto refused = backend->apply(std::vector{insert(saga("g"))}, outcomes);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_THAT(refused.error().what, HasSubstr("42501"));
    schema.run("GRANT SELECT,INSERT,UPDATE,DELETE ON ALL TABLES IN SCHEMA " + schema.name() + " TO " + schema.name() +
               "; GRANT USAGE ON ALL SEQUENCES IN SCHEMA " + schema.name() + " TO " + schema.name());
    EXPECT_EQ(apply(*backend, insert(saga("g"))), Outcome::ok);
    schema.run("DROP OWNED BY " + schema.name() + "; DROP ROLE " + schema.name());
}

TEST_F(PostgresTables, SaysWhatAServerCouldLose) {
    options.on_report = [this](const sql::ServerReport& report) { reports.push_back(report); };
    EXPECT_TRUE(open_backend(options)->ping());
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_TRUE(reports[0].is_durable());
    EXPECT_THAT(reports[0].version, HasSubstr("PostgreSQL"));
    EXPECT_EQ(reports[0].server, options.hosts[0].text());

    PostgresServer careless({"fsync=off", "full_page_writes=off", "synchronous_commit=off"});
    auto other = careless.options("public");
    other.on_report = options.on_report;
    const auto factory = open_postgres(other);
    EXPECT_TRUE((*factory)()->ping());
    EXPECT_TRUE((*factory)()->ping());
    ASSERT_EQ(reports.size(), 2u) << "the same is told once";
    EXPECT_THAT(reports[1].risks,
                ElementsAre(HasSubstr("fsync"), HasSubstr("synchronous_commit"), HasSubstr("full_page_writes")));
    other.require_durable = true;
    const auto error = open_backend(other)->ping().error();
    EXPECT_THAT(error.what, HasSubstr("Store.RequireDurable"));
    EXPECT_THAT(error.what, HasSubstr("fsync is off"));
}

}  // namespace
}  // namespace dtmd::store::test
