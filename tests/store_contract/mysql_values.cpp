#include "store/mysql/mysql_backend.h"
#include "store_contract/mysql_rig.h"
#include "store_contract/samples.h"
#include "store_contract/servers/mariadb.h"

#include <gtest/gtest.h>

#include <random>

// What goes in comes out, or is refused with a reason. Never anything in between.
namespace dtmd::store::test {
namespace {

using txn::Status;

class MySqlValues : public testing::Test {
protected:
    MySqlValues() : options(MariaDb::shared().options(MariaDb::fresh_name())) {
        set_tick(std::chrono::seconds(1));
        options.on_refusal = [this](const std::string& why) { refusals.push_back(why); };
    }
    ~MySqlValues() override { MariaDb::shared().run("DROP DATABASE IF EXISTS " + options.database); }

    std::vector<Outcome> apply(Backend& backend, std::vector<Mutation> batch) { return write(backend, batch); }

    txn::Transaction load(Backend& backend, const std::string& gid) {
        const auto found = backend.load(gid);
        if (!found || !*found) throw std::runtime_error("there is no " + gid);
        return **found;
    }

    MySqlOptions options;
    std::vector<std::string> refusals;
};

const std::string nasty_texts[] = {"'",
                                   "\"",
                                   "\\",
                                   "\\'",
                                   "'' OR 1=1 --",
                                   "`",
                                   ";DROP TABLE kv;",
                                   "%_",
                                   "\n\r\t\x1a",
                                   "\xF0\x9F\x98\x80",
                                   "\xC3\xA4\xE2\x82\xAC",
                                   "\xE2\x80\xA8",
                                   "a\\",
                                   "/*!00000 x */",
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

void keeps_nasty_values(Backend& backend) {
    int number = 0;
    for (const auto& text : nasty_texts) {
        auto expected = saga_of(text.substr(0, 60) + std::to_string(++number), text, text + std::string(1, '\0') + "'");
        std::vector<Outcome> outcomes(1);
        ASSERT_TRUE(backend.apply(std::vector{insert(expected)}, outcomes));
        ASSERT_EQ(outcomes[0], Outcome::ok) << text;
        auto stored = backend.load(expected.gid);
        ASSERT_TRUE(stored && *stored) << text;
        EXPECT_EQ(**stored, expected) << text;

        Patch patch;
        patch.rollback_reason = patch.result = patch.custom_data = text + text;
        expected.rollback_reason = expected.result = expected.custom_data = text + text;
        ASSERT_TRUE(backend.apply(std::vector{update(expected.gid, Status::submitted, patch)}, outcomes));
        stored = backend.load(expected.gid);
        EXPECT_EQ(**stored, expected) << text;

        const KeyValue item{
            .category = "topics", .key = text, .value = text, .version = 1, .create_time = at(0), .update_time = at(0)};
        EXPECT_EQ(*backend.kv_create(item), Outcome::ok) << text;
        EXPECT_EQ((*backend.kv_find("topics", text))->value, text);
        EXPECT_EQ(*backend.kv_delete("topics", text), Outcome::ok);
    }
}

TEST_F(MySqlValues, KeepsTextsThatLookLikeSql) { keeps_nasty_values(*open_backend(options)); }

TEST_F(MySqlValues, KeepsThemWhateverTheServersSqlMode) {
    MariaDb server({"--sql-mode=ANSI,NO_BACKSLASH_ESCAPES"});
    keeps_nasty_values(*open_backend(server.options("dtm")));
}

TEST_F(MySqlValues, KeepsAnyBytes) {
    const auto backend = open_backend(options);
    std::mt19937 dice(7);
    std::vector<std::string> bodies{"",
                                    std::string(1, '\0'),
                                    "\xFF\xFE",
                                    "\xE2\x82'",
                                    "\xF0\x9F\\",
                                    "\xC3\\'",
                                    std::string(1 << 20, '\0'),
                                    std::string(1 << 20, '\'')};
    for (int i = 0; i < 50; ++i) {
        std::string body(dice() % 2000, ' ');
        for (char& c : body) c = static_cast<char>(dice() % 4 == 0 ? "\\'\"\xE2\xF0"[dice() % 5] : dice());
        bodies.push_back(std::move(body));
    }
    std::vector<Mutation> batch;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        auto record = saga("g" + std::to_string(i));
        for (auto& row : record.branches) row.body = bodies[i];
        batch.push_back(insert(record));
    }
    EXPECT_EQ(apply(*backend, batch), std::vector<Outcome>(bodies.size(), Outcome::ok));
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        const auto stored = load(*backend, "g" + std::to_string(i));
        for (const auto& row : stored.branches) EXPECT_EQ(row.body, bodies[i]) << i;
    }
}

TEST_F(MySqlValues, WritesABatchThatIsLongerThanAPacket) {
    MariaDb server({"--max-allowed-packet=2M"});
    const auto backend = open_backend(server.options("dtm"));
    std::vector<Mutation> batch;
    for (int i = 0; i < 8; ++i) {
        auto record = saga("g" + std::to_string(i));
        record.branches[1].body = std::string(1 << 20, static_cast<char>('a' + i));
        batch.push_back(insert(record));
    }
    EXPECT_EQ(apply(*backend, batch), std::vector<Outcome>(8, Outcome::ok));
    for (int i = 0; i < 8; ++i) {
        EXPECT_EQ(load(*backend, "g" + std::to_string(i)).branches[1].body,
                  batch[static_cast<std::size_t>(i)].record.branches[1].body);
    }
}

TEST_F(MySqlValues, RefusesWhatNoPacketTakesAndWritesTheRest) {
    MariaDb server({"--max-allowed-packet=1M"});
    auto small = server.options("dtm");
    small.on_refusal = options.on_refusal;
    const auto backend = open_backend(small);
    auto large = saga("large");
    large.branches[1].body = std::string(2 << 20, 'x');
    EXPECT_EQ(apply(*backend, {insert(saga("a")), insert(large), insert(saga("b"))}),
              (std::vector<Outcome>{Outcome::ok, Outcome::unavailable, Outcome::ok}));
    ASSERT_EQ(refusals.size(), 1u);
    EXPECT_NE(refusals[0].find("large"), std::string::npos) << refusals[0];
    EXPECT_NE(refusals[0].find("max_allowed_packet"), std::string::npos) << refusals[0];
    EXPECT_FALSE(backend->load("large")->has_value());
    EXPECT_TRUE(backend->load("b")->has_value());
}

TEST_F(MySqlValues, RefusesWhatIsNotText) {
    const auto backend = open_backend(options);
    auto record = saga("bad");
    record.custom_data = "{\"a\":\"\xff\"}";
    auto nul = saga("nul");
    nul.branches[0].url = std::string("http://a\0b", 10);
    EXPECT_EQ(apply(*backend, {insert(record), insert(nul), insert(saga("\xff")), insert(saga("good"))}),
              (std::vector<Outcome>{Outcome::unavailable, Outcome::unavailable, Outcome::unavailable, Outcome::ok}));
    EXPECT_EQ(refusals.size(), 3u);
    EXPECT_FALSE(backend->load("\xff")->has_value());
    EXPECT_EQ(apply(*backend, {turn("\xff", Status::submitted, Status::succeed)}),
              std::vector<Outcome>{Outcome::not_found});
}

// dtm's own tables: texts of 1,024 characters, bodies of 64 KB.
class MySqlNarrow : public MySqlValues {
protected:
    MySqlNarrow() {
        MariaDb::shared().run("CREATE DATABASE " + options.database);
        open_backend(options)->ping().value();
        MariaDb::shared().run(
            "ALTER TABLE trans_global MODIFY custom_data varchar(1024) DEFAULT '', MODIFY result varchar(1024) DEFAULT "
            "'',"
            "MODIFY rollback_reason varchar(1024) DEFAULT '', MODIFY options varchar(1024) DEFAULT '',"
            "MODIFY ext_data text; ALTER TABLE trans_branch_op MODIFY bin_data blob, MODIFY url varchar(1024) NOT NULL",
            options.database);
    }
};

TEST_F(MySqlNarrow, RefusesWhatIsTooLongAndWritesTheRest) {
    const auto backend = open_backend(options);
    std::vector<Mutation> batch;
    for (const char* gid : {"ok", "custom", "body", "url", "most"}) batch.push_back(insert(saga(gid)));
    batch[1].record.custom_data = std::string(1025, 'x');
    batch[2].record.branches[1].body = std::string(65'536, 'x');
    batch[3].record.branches[1].url = std::string(1025, 'x');
    batch[4].record.branches[1].body = std::string(65'535, 'x');
    for (int i = 0; i < 1024; ++i) batch[4].record.custom_data += "\xE2\x82\xAC";
    EXPECT_EQ(apply(*backend, batch), (std::vector<Outcome>{Outcome::ok, Outcome::unavailable, Outcome::unavailable,
                                                            Outcome::unavailable, Outcome::ok}));
    ASSERT_EQ(refusals.size(), 3u);
    EXPECT_EQ(refusals[0],
              "transaction custom: trans_global.custom_data holds 1024 characters, and this value has 1025: widen the "
              "column (`dtmd schema check` says how), or send less");
    EXPECT_NE(refusals[1].find("trans_branch_op.bin_data holds 65535 bytes"), std::string::npos) << refusals[1];
    EXPECT_NE(refusals[2].find("trans_branch_op.url"), std::string::npos) << refusals[2];
    EXPECT_EQ(load(*backend, "most"), as_rows_keep(batch[4].record));

    Patch patch;
    patch.result = std::string(2000, 'r');
    EXPECT_EQ(apply(*backend, {update("ok", Status::submitted, patch)}), std::vector<Outcome>{Outcome::unavailable});
    EXPECT_EQ(load(*backend, "ok"), as_rows_keep(saga("ok")));
}

TEST_F(MySqlNarrow, ShortensReasonsAtAWholeCharacter) {
    const auto backend = open_backend(options);
    std::string reason;
    for (int i = 0; i < 1000; ++i) reason += "\xE2\x82\xAC";
    auto record = saga("inserted");
    record.rollback_reason = reason;
    Patch patch;
    patch.rollback_reason = "\xff" + reason + reason;
    EXPECT_EQ(apply(*backend, {insert(record), insert(saga("updated"))}), std::vector<Outcome>(2, Outcome::ok));
    EXPECT_EQ(apply(*backend, {update("updated", Status::submitted, patch)}), std::vector<Outcome>{Outcome::ok});
    EXPECT_TRUE(load(*backend, "inserted").rollback_reason == reason) << "1,000 characters are fewer than 1,024";
    EXPECT_TRUE(load(*backend, "updated").rollback_reason == "?" + (reason + reason).substr(0, 3 * 1023));
    EXPECT_TRUE(refusals.empty());
}

TEST_F(MySqlNarrow, KeepsWhatMattersOfTooMuchEvidence) {
    const auto backend = open_backend(options);
    auto record = tcc("g");
    record.not_before = at(77);
    for (int i = 0; i < 200; ++i) {
        record.branches.push_back(branch(std::to_string(i), "confirm"));
        record.branches.back().attempts = 3;
        record.branches.back().last_error = std::string(1000, 'e');
    }
    EXPECT_EQ(apply(*backend, {insert(record)}), std::vector<Outcome>{Outcome::ok});
    const auto stored = load(*backend, "g");
    EXPECT_EQ(stored.not_before, at(77));
    EXPECT_EQ(stored.branches[199].attempts, 3u);
    EXPECT_EQ(stored.branches[199].last_error.size(), 100u);
}

}  // namespace
}  // namespace dtmd::store::test
