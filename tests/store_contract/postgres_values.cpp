#include "store_contract/postgres_store.h"

#include <random>

// What goes in comes out, or is refused with a reason. Never anything in between.
namespace dtmd::store::test {
namespace {

using testing::ElementsAre, testing::HasSubstr;
using txn::Status;

class PostgresValues : public PostgresStore {
protected:
    const std::unique_ptr<Backend> backend = open_backend(options);
};

const std::string nasty_texts[] = {"'",
                                   "\"",
                                   "\\",
                                   "\\'",
                                   "'' OR 1=1 --",
                                   "$$; DROP TABLE kv; $$",
                                   "$1",
                                   "%_",
                                   "\n\r\t\x1a",
                                   "{a,\"b\",NULL}",
                                   "NULL",
                                   "\xF0\x9F\x98\x80",
                                   "\xC3\xA4\xE2\x82\xAC",
                                   "\xE2\x80\xA8",
                                   "E'\\x00'",
                                   "{\"a\":\"\\u0000\\\\\"}"};

txn::Transaction saga_of(const std::string& gid, const std::string& text, const std::string& body) {
    auto record = saga(gid);
    record.custom_data = record.query_prepared = record.result = record.rollback_reason = record.owner = text;
    record.options.branch_headers = {{"name", text}};
    record.branches[0].url = text;
    record.branches[1].last_error = text;
    record.branches[1].attempts = 2;
    record.branches[2].body = body;
    return as_rows_keep(record);
}

TEST_F(PostgresValues, KeepsTextsThatLookLikeSql) {
    int number = 0;
    for (const auto& text : nasty_texts) {
        auto expected = saga_of(text.substr(0, 60) + std::to_string(++number), text, text + std::string(1, '\0') + "'");
        ASSERT_EQ(apply(*backend, insert(expected)), Outcome::ok) << text;
        EXPECT_EQ(load(*backend, expected.gid), expected) << text;

        Patch patch;
        patch.rollback_reason = patch.result = patch.custom_data = text + text;
        expected.rollback_reason = expected.result = expected.custom_data = text + text;
        ASSERT_EQ(apply(*backend, update(expected.gid, Status::submitted, patch)), Outcome::ok);
        EXPECT_EQ(load(*backend, expected.gid), expected) << text;

        const KeyValue item{
            .category = "topics", .key = text, .value = text, .version = 1, .create_time = at(0), .update_time = at(0)};
        EXPECT_EQ(*backend->kv_create(item), Outcome::ok) << text;
        EXPECT_EQ((*backend->kv_find("topics", text))->value, text);
        EXPECT_EQ(*backend->kv_delete("topics", text), Outcome::ok);
    }
    EXPECT_THAT(refusals, ElementsAre());
}

TEST_F(PostgresValues, KeepsAnyBytesInBodies) {
    std::mt19937 dice(7);
    std::vector<std::string> bodies{"",         std::string(1, '\0'),       "\xFF\xFE",
                                    "\\x4142",  std::string(1 << 20, '\0'), std::string(1 << 20, '\''),
                                    "\xE2\x82'"};
    for (int i = 0; i < 50; ++i) {
        std::string body(dice() % 2000, ' ');
        for (char& c : body) c = static_cast<char>(dice());
        bodies.push_back(std::move(body));
    }
    std::vector<Mutation> batch;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        auto record = saga("g" + std::to_string(i));
        for (auto& row : record.branches) row.body = bodies[i];
        batch.push_back(insert(std::move(record)));
    }
    EXPECT_EQ(apply(*backend, batch), std::vector(batch.size(), Outcome::ok));
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        const auto stored = load(*backend, "g" + std::to_string(i));
        ASSERT_TRUE(stored);
        for (const auto& row : stored->branches) EXPECT_EQ(row.body, bodies[i]);
    }
}

TEST_F(PostgresValues, RefusesWhatTextCanNotHoldAndHarmsNoNeighbour) {
    using Change = void (*)(txn::Transaction&);
    const std::pair<std::string, Change> wrong[] = {
        {"custom_data", [](txn::Transaction& record) { record.custom_data = std::string("a\0b", 3); }},
        {"query_prepared", [](txn::Transaction& record) { record.query_prepared = "\xFF"; }},
        {"url", [](txn::Transaction& record) { record.branches[1].url = std::string(1, '\0'); }},
        {"branch_id", [](txn::Transaction& record) { record.branches[1].branch_id = "\xED\xA0\x80"; }},
        {"branch_id", [](txn::Transaction& record) { record.branches[1].branch_id = std::string(129, 'b'); }},
        {"op", [](txn::Transaction& record) { record.branches[1].op = std::string(46, 'o'); }},
        {"gid", [](txn::Transaction& record) { record.gid = std::string(129, 'g'); }},
        {"same branch_id and op", [](txn::Transaction& record) { record.branches[1] = record.branches[0]; }},
    };
    int number = 0;
    for (const auto& [what, change] : wrong) {
        const auto name = std::to_string(++number);
        auto record = saga("wrong" + name);
        change(record);
        const auto gid = record.gid;
        std::vector<Mutation> batch;
        batch.push_back(insert(saga("before" + name)));
        batch.push_back(insert(std::move(record)));
        batch.push_back(insert(saga("xafter" + name)));
        EXPECT_THAT(apply(*backend, batch), ElementsAre(Outcome::ok, Outcome::unavailable, Outcome::ok)) << what;
        EXPECT_FALSE(load(*backend, gid)) << what;
        EXPECT_TRUE(load(*backend, "before" + name) && load(*backend, "xafter" + name));
        ASSERT_EQ(refusals.size(), static_cast<std::size_t>(number)) << what;
        EXPECT_THAT(refusals.back(), HasSubstr(what));
        EXPECT_THAT(refusals.back(), HasSubstr(gid));
    }
}

TEST_F(PostgresValues, RefusesSuchUpdatesAndAppendsAsWell) {
    apply(*backend, insert(saga("g")));
    Patch patch;
    patch.result = std::string("a\0b", 3);
    EXPECT_EQ(apply(*backend, update("g", Status::submitted, patch)), Outcome::unavailable);
    EXPECT_EQ(apply(*backend, append("g", Status::submitted, {branch(std::string(129, 'b'), "action")})),
              Outcome::unavailable);
    EXPECT_EQ(refusals.size(), 2u);
    EXPECT_EQ(load(*backend, "g"), as_rows_keep(saga("g")));
    EXPECT_EQ(apply(*backend, turn(std::string("a\0b", 3), Status::submitted, Status::succeed)), Outcome::not_found);
    EXPECT_FALSE(load(*backend, "\xFF"));
}

TEST_F(PostgresValues, CleansTextsThatAreOnlyEvidence) {
    apply(*backend, insert(saga("g")));
    Patch patch;
    patch.rollback_reason = std::string("no\0money\xFF", 9);
    patch.rows.push_back({.row = 0, .attempts = 2, .last_error = std::string("HTTP 500: \0\xC3", 12)});
    EXPECT_EQ(apply(*backend, update("g", Status::submitted, patch)), Outcome::ok);
    EXPECT_EQ(load(*backend, "g")->rollback_reason, "no?money?");
    EXPECT_EQ(load(*backend, "g")->branches[0].last_error, "HTTP 500: ??");
}

TEST_F(PostgresValues, KeepsAResultWhenThereIsOnlyEvidenceToAdd) {
    apply(*backend, insert(saga("g")));
    Patch result, evidence;
    result.rows.push_back({.row = 1, .status = txn::BranchStatus::succeed, .finish_time = at(3), .attempts = 1});
    evidence.rows.push_back({.row = 1, .update_time = at(4), .attempts = 2, .last_error = "HTTP 500"});
    EXPECT_EQ(apply(*backend, update("g", Status::submitted, result)), Outcome::ok);
    EXPECT_EQ(apply(*backend, update("g", Status::submitted, evidence)), Outcome::ok);
    const auto row = load(*backend, "g")->branches[1];
    EXPECT_EQ(row.status, txn::BranchStatus::succeed);
    EXPECT_EQ(row.finish_time, at(3));
    EXPECT_EQ(row.update_time, at(4));
    EXPECT_EQ(row.last_error, "HTTP 500");
}

TEST_F(PostgresValues, RefusesKeyValuesThatTextCanNotHold) {
    const KeyValue item{.category = "topics",
                        .key = "k",
                        .value = std::string(1, '\0'),
                        .version = 1,
                        .create_time = at(0),
                        .update_time = at(0)};
    EXPECT_EQ(backend->kv_create(item).error().code, Errc::invalid);
    EXPECT_FALSE(*backend->kv_find("topics", "\xFF"));
    EXPECT_EQ(*backend->kv_delete("topics", "\xFF"), Outcome::not_found);
}

TEST_F(PostgresValues, TakesTimesAndIntervalsBeyondAllReason) {
    auto record = saga("g");
    record.next_cron_interval = INT64_MAX;
    record.next_cron_time = Time::max() - std::chrono::hours(24);
    EXPECT_EQ(apply(*backend, insert(record)), Outcome::ok);
    const auto stored = load(*backend, "g");
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->next_cron_interval, INT32_MAX);
    EXPECT_GT(stored->next_cron_time, at(1'000'000'000));
    EXPECT_EQ(*backend->reset_due(Time::max(), at(5), 10), std::pair(std::size_t{0}, false));
    EXPECT_EQ(*backend->reset_due(at(0), at(5), 10), std::pair(std::size_t{1}, false));
    EXPECT_EQ(load(*backend, "g")->next_cron_time, at(5));
}

TEST_F(PostgresValues, DoesNotDependOnTheServersTimeZone) {
    apply(*backend, insert(saga("g", at(3))));
    schema.run("ALTER DATABASE dtm SET timezone='Asia/Kathmandu'");
    const auto other = open_backend(options);
    EXPECT_EQ(load(*other, "g"), as_rows_keep(saga("g", at(3))));
    EXPECT_EQ(apply(*other, insert(saga("h", at(4)))), Outcome::ok);
    EXPECT_EQ(schema.run("SELECT extract(epoch FROM create_time)::bigint FROM trans_global WHERE gid='h'").front(),
              std::to_string(at(4).time_since_epoch().count() / 1000));
    schema.run("ALTER DATABASE dtm RESET timezone");
}

TEST_F(PostgresValues, KnowsTheServersClock) {
    const auto before = std::chrono::system_clock::now() - std::chrono::milliseconds(2);
    const auto clock = backend->clock();
    ASSERT_TRUE(clock && *clock);
    EXPECT_GE(**clock, before);
    EXPECT_LE(**clock, std::chrono::system_clock::now());
}

}  // namespace
}  // namespace dtmd::store::test
