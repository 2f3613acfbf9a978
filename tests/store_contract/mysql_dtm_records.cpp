#include "store/mysql/mysql_backend.h"
#include "store_contract/dtm_tables.h"
#include "store_contract/mysql_rig.h"
#include "store_contract/samples.h"
#include "store_contract/servers/mariadb.h"
#include "txn/branches.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

// A database that dtm has been working on, and goes on working on. dtm writes times on its own clock's face: here, that
// of a zone eight hours east.
namespace dtmd::store::test {
namespace {

using namespace std::chrono_literals;
using txn::BranchStatus, txn::Mode, txn::Status;

// 2026-11-21 04:49:14 UTC is 12:49:14 for dtm.
constexpr Time written{Millis(1'795'236'554'000)};

class MySqlDtmRecords : public testing::Test {
protected:
    MySqlDtmRecords() : options(server.options(MariaDb::fresh_name())) {
        options.zone_offset = 8h;
        make_dtm_tables(server, options.database);
        backend = open_backend(options);
    }
    ~MySqlDtmRecords() override { server.run("DROP DATABASE IF EXISTS " + options.database); }

    std::string run(const std::string& statements) {
        const auto values = server.run(statements, options.database);
        return values.empty() ? "" : values[0];
    }

    // As dtm's SaveNew: all columns, empty texts, no finish or rollback time.
    void global(const std::string& gid, const std::string& mode, const std::string& status,
                const std::string& query = "", const std::string& custom = "",
                const std::string& option = R"({"concurrent":false})") {
        run("INSERT INTO trans_global "
            "(create_time,update_time,gid,trans_type,status,query_prepared,protocol,finish_time,"
            "rollback_time,options,custom_data,next_cron_interval,next_cron_time,owner,ext_data,result,rollback_reason)"
            " "
            "VALUES ('2026-11-21 12:49:14','2026-11-21 12:49:15','" +
            gid + "','" + mode + "','" + status + "','" + query + "','http',NULL,NULL,'" + option + "','" + custom +
            "',10,'2026-11-21 12:49:24','','','','')");
    }

    void row(const std::string& gid, const std::string& id, const std::string& op, const std::string& url,
             const std::string& status = "prepared") {
        const std::string finished = status == "prepared" ? "NULL" : "'2026-11-21 12:49:15'";
        run("INSERT INTO trans_branch_op (create_time,update_time,gid,url,bin_data,branch_id,op,status,finish_time,"
            "rollback_time) VALUES ('2026-11-21 12:49:14','2026-11-21 12:49:14','" +
            gid + "','" + url + "','{\"n\":1}','" + id + "','" + op + "','" + status + "'," + finished + ",NULL)");
    }

    txn::Transaction load(const std::string& gid) {
        auto found = backend->load(gid);
        if (!found || !*found) throw std::runtime_error(found ? "there is no " + gid : found.error().what);
        auto transaction = **std::move(found);
        const auto complaint = txn::parse_custom_data(transaction);
        EXPECT_TRUE(complaint.empty()) << complaint;
        return transaction;
    }

    Outcome apply(Mutation mutation) {
        std::vector<Outcome> outcomes(1, Outcome::unknown);
        const auto done = backend->apply(std::vector{std::move(mutation)}, outcomes);
        EXPECT_TRUE(done) << done.error().what;
        return outcomes[0];
    }

    MariaDb& server = MariaDb::shared();
    MySqlOptions options;
    std::unique_ptr<Backend> backend;
};

TEST_F(MySqlDtmRecords, IncludeSagas) {
    global("s", "saga", "submitted", "", R"({"concurrent":true,"orders":{"1":[0]}})",
           R"({"wait_result":true,"timeout_to_fail":60,"branch_headers":{"h":"v"},"concurrent":false})");
    for (const std::string id : {"01", "02"}) {
        row("s", id, "compensate", "http://a/undo" + id);
        row("s", id, "action", "http://a/do" + id, id == "01" ? "succeed" : "prepared");
    }
    const auto saga = load("s");
    EXPECT_EQ(saga.mode, Mode::saga);
    EXPECT_EQ(saga.status, Status::submitted);
    EXPECT_EQ(saga.create_time, written) << "12:49:14 eight hours east";
    EXPECT_EQ(saga.update_time, written + 1s);
    EXPECT_EQ(saga.finish_time, no_time);
    EXPECT_EQ(saga.next_cron_time, written + 10s);
    EXPECT_EQ(saga.next_cron_interval, 10);
    EXPECT_TRUE(saga.options.wait_result);
    EXPECT_EQ(saga.options.timeout_to_fail, 60);
    EXPECT_EQ(saga.options.branch_headers, (std::vector<std::pair<std::string, std::string>>{{"h", "v"}}));
    EXPECT_TRUE(saga.saga_concurrent);
    ASSERT_EQ(saga.orders.size(), 2u);
    EXPECT_EQ(saga.orders[1], std::vector<std::uint32_t>{0});
    ASSERT_EQ(saga.branches.size(), 4u);
    EXPECT_EQ(saga.branches[1].status, BranchStatus::succeed);
    EXPECT_EQ(saga.branches[1].finish_time, written + 1s);
    EXPECT_EQ(saga.branches[1].attempts, 1u);
    EXPECT_EQ(saga.branches[3].url, "http://a/do02");
    ASSERT_EQ(saga.steps.size(), 2u);
    EXPECT_EQ(saga.steps[1].get("action"), "http://a/do02");
    EXPECT_EQ(saga.steps[1].get("compensate"), "http://a/undo02");
    EXPECT_EQ(saga.payloads, (std::vector<std::string>{"{\"n\":1}", "{\"n\":1}"}));
}

TEST_F(MySqlDtmRecords, IncludeEveryOtherMode) {
    global("m", "msg", "prepared", "http://a/query", R"({"delay":10})");
    row("m", "01-01", "action", "http://a/subscriber1");
    row("m", "01-02", "action", "http://a/subscriber2");
    EXPECT_EQ(load("m").query_prepared, "http://a/query");
    EXPECT_EQ(load("m").steps.size(), 2u);

    global("t", "tcc", "aborting");
    row("t", "01", "confirm", "http://a/confirm");
    row("t", "01", "cancel", "http://a/cancel");
    row("t", "0101", "confirm", "http://a/confirm");
    EXPECT_EQ(load("t").branches[2].branch_id, "0101");
    EXPECT_TRUE(load("t").steps.empty());

    global("x", "xa", "submitted");
    row("x", "01", "commit", "http://a/xa", "succeed");
    row("x", "01", "rollback", "http://a/xa");
    EXPECT_EQ(load("x").branches[0].status, BranchStatus::succeed);

    global("w", "workflow", "prepared", "http://a/callback", R"({"data":"eyJhIjoxfQ==","name":"pay"})");
    row("w", "01", "action", "", "succeed");
    row("w", "02", "action", "", "doing");
    EXPECT_EQ(load("w").workflow_name, "pay");
    EXPECT_EQ(load("w").workflow_data, "{\"a\":1}");
    EXPECT_EQ(load("w").branches[1].status, BranchStatus::prepared);
    EXPECT_EQ(load("w").branches[0].attempts, 0u) << "a result that the client reported";

    const auto claims = backend->claim_due(written + 10s, written + 40s, 10);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->transactions.size(), 4u);
    EXPECT_EQ(claims->oldest_due, written + 10s);
    EXPECT_EQ(run("SELECT GROUP_CONCAT(DISTINCT next_cron_time) FROM trans_global"), "2026-11-21 12:49:54");
}

TEST_F(MySqlDtmRecords, AreReadWhereColumnsAreNull) {
    run("INSERT INTO trans_global (gid,trans_type,status,query_prepared,protocol,options,custom_data,result,"
        "rollback_reason) VALUES ('g','saga','submitted','','',NULL,NULL,NULL,NULL)");
    run("INSERT INTO trans_branch_op (gid,url,branch_id,op,status) VALUES ('g','','01','action','prepared')");
    const auto transaction = load("g");
    EXPECT_EQ(transaction.create_time, no_time);
    EXPECT_EQ(transaction.options, txn::Options{});
    EXPECT_EQ(transaction.branches.at(0).body, "");
    EXPECT_TRUE(backend->list({}, "", 10)->transactions.size() == 1);
}

TEST_F(MySqlDtmRecords, AreContinuedTheWayDtmWould) {
    global("s", "saga", "submitted");
    row("s", "01", "compensate", "http://a/undo");
    row("s", "01", "action", "http://a/do");
    Patch patch;
    patch.status = Status::succeed;
    patch.update_time = patch.finish_time.emplace(written + 5'999ms);
    patch.rows.push_back({.row = 1,
                          .status = BranchStatus::succeed,
                          .update_time = written + 5s,
                          .finish_time = written + 5s,
                          .attempts = 1,
                          .last_error = "",
                          .first_call = written + 4s,
                          .last_call = written + 4s});
    ASSERT_EQ(apply(update("s", Status::submitted, patch)), Outcome::ok);
    EXPECT_EQ(
        run("SELECT CONCAT_WS('|',status,update_time,finish_time,IFNULL(rollback_time,'-'),options,ext_data,owner)"
            " FROM trans_global"),
        "succeed|2026-11-21 12:49:19|2026-11-21 12:49:19|-|{\"concurrent\":false}||");
    EXPECT_EQ(
        run("SELECT GROUP_CONCAT(CONCAT_WS('|',op,status,IFNULL(finish_time,'-'),IFNULL(rollback_time,'-')) ORDER BY "
            "id) FROM trans_branch_op"),
        "compensate|prepared|-|-,action|succeed|2026-11-21 12:49:19|-");
}

TEST_F(MySqlDtmRecords, AreWrittenByUsAsDtmReadsThem) {
    auto record = saga("g", written + 250ms);
    record.options.timeout_to_fail = 30;
    record.options.branch_headers = {{"h", "v"}};
    record.next_cron_interval = 10;
    record.next_cron_time = written + 10'250ms;
    record.branches[1].create_time = written;
    ASSERT_EQ(apply(insert(record)), Outcome::ok);
    EXPECT_EQ(
        run("SELECT CONCAT_WS('|',gid,trans_type,status,query_prepared,protocol,create_time,update_time,"
            "IFNULL(finish_time,'-'),IFNULL(rollback_time,'-'),options,custom_data,next_cron_interval,next_cron_time,"
            "owner,result,rollback_reason) FROM trans_global"),
        "g|saga|submitted||http|2026-11-21 12:49:14|2026-11-21 12:49:14|-|-|"
        R"({"timeout_to_fail":30,"branch_headers":{"h":"v"},"concurrent":false}||10|2026-11-21 12:49:25|||)");
    EXPECT_EQ(run("SELECT ext_data FROM trans_global"), R"({"dtmd":{"created":1795236554250}})");
    EXPECT_EQ(run("SELECT CONCAT_WS('|',gid,url,bin_data,branch_id,op,status,create_time,IFNULL(data,'-')) FROM "
                  "trans_branch_op WHERE op='action' LIMIT 1"),
              "g|http://bank/do|{\"amount\":30}|01|action|prepared|2026-11-21 12:49:14|-");
    EXPECT_EQ(load("g").create_time, written + 250ms);
}

// dtm's own statements, on rows of ours.
TEST_F(MySqlDtmRecords, AreSharedWithADtmThatStillRuns) {
    ASSERT_EQ(apply(insert(tcc("g", written))), Outcome::ok);
    run("SET sql_mode='STRICT_TRANS_TABLES'; INSERT IGNORE INTO trans_branch_op "
        "(create_time,update_time,gid,url,bin_data,"
        "branch_id,op,status) VALUES (NOW(),NOW(),'g','http://a','{}','01','confirm','prepared')");
    EXPECT_EQ(apply(append("g", Status::prepared, {branch("01", "confirm")})), Outcome::conflict);
    EXPECT_EQ(apply(append("g", Status::prepared, {branch("01", "cancel")})), Outcome::ok);
    run("UPDATE trans_global SET next_cron_time='2026-11-21 12:59:00',owner='lock',update_time='2026-11-21 12:50:00' "
        "WHERE status IN ('prepared','submitted','aborting') AND next_cron_time < '2026-11-21 12:50:00' AND gid='g'");
    EXPECT_TRUE(backend->claim_due(written + 60s, written + 90s, 10)->transactions.empty()) << "dtm has it";
    EXPECT_EQ(load("g").owner, "lock");
    run("UPDATE trans_global SET status='aborting',rollback_reason='no' WHERE status='prepared' AND gid='g'");
    EXPECT_EQ(apply(turn("g", Status::prepared, Status::submitted)), Outcome::not_found) << "dtm was first";
    run("INSERT INTO trans_branch_op (id,gid,url,branch_id,op,status,finish_time) SELECT "
        "id,gid,url,branch_id,op,'succeed',"
        "'2026-11-21 12:51:00' FROM trans_branch_op WHERE op='cancel' ON DUPLICATE KEY UPDATE status=VALUES(status),"
        "finish_time=VALUES(finish_time)");
    const auto transaction = load("g");
    EXPECT_EQ(transaction.status, Status::aborting);
    EXPECT_EQ(transaction.rollback_reason, "no");
    EXPECT_EQ(transaction.branches.at(1).status, BranchStatus::succeed);
}

TEST_F(MySqlDtmRecords, IncludeTopics) {
    run("INSERT INTO kv (cat,k,v,version,create_time,update_time) VALUES "
        "('topics','t','[{\"url\":\"http://a\",\"remark\":\"\"}]',3,'2026-11-21 12:49:14','2026-11-21 12:49:14')");
    auto found = backend->kv_find("topics", "t");
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->version, 3u);
    EXPECT_EQ((*found)->update_time, written);
    (*found)->version = 4;
    (*found)->value = "[]";
    EXPECT_EQ(*backend->kv_update(**found), Outcome::ok);
    EXPECT_EQ(run("SELECT CONCAT(v,version,create_time) FROM kv"), "[]42026-11-21 12:49:14");
}

// dtm's tables take "a" and "A" for the same name.
TEST_F(MySqlDtmRecords, NeverTakeOneGidForAnother) {
    ASSERT_EQ(apply(insert(saga("a", written))), Outcome::ok);
    EXPECT_FALSE(backend->load("A")->has_value());
    EXPECT_EQ(apply(turn("A", Status::submitted, Status::succeed)), Outcome::not_found);
    std::vector<Outcome> outcomes(1);
    const auto refused = backend->apply(std::vector{insert(saga("A", written))}, outcomes);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_NE(refused.error().what.find("Duplicate entry 'A'"), std::string::npos) << refused.error().what;
    EXPECT_EQ(load("a").status, Status::submitted);
    EXPECT_EQ(load("a").branches.size(), 4u);
}

// Without an offset the process's own zone counts, as in dtm. In a thread of its own: what a thread has read of the
// clock it remembers, and other tests live in another zone.
TEST_F(MySqlDtmRecords, AreReadOnTheClockOfTheProcessUnlessToldOtherwise) {
    const char* const before = std::getenv("TZ");
    const std::string kept = before == nullptr ? "" : before;
    ::setenv("TZ", "Asia/Shanghai", 1);
    ::tzset();
    options.zone_offset.reset();
    global("g", "saga", "submitted");
    std::jthread([&] {
        const auto local = open_backend(options);
        EXPECT_EQ((*local->load("g"))->create_time, written);
        EXPECT_EQ(gids(local->list({.created_from = written, .created_to = written}, "", 10)->transactions),
                  std::vector<std::string>{"g"});
        std::vector<Outcome> outcomes(1);
        ASSERT_TRUE(local->apply(std::vector{insert(saga("h", written))}, outcomes));
    }).join();
    EXPECT_EQ(run("SELECT create_time FROM trans_global WHERE gid='h'"), "2026-11-21 12:49:14");
    before == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", kept.c_str(), 1);
    ::tzset();
}

}  // namespace
}  // namespace dtmd::store::test
