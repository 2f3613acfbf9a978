#include "store/sql/row.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dtmd::store::sql {
namespace {

using txn::BranchStatus, txn::Mode, txn::Status;

constexpr std::size_t room = 65'535;

Time at(std::int64_t ms) { return Time(Millis(1'700'000'000'000 + ms)); }

txn::Branch branch(std::string id, std::string_view op, std::string url, std::string body) {
    txn::Branch row;
    row.branch_id = std::move(id);
    row.op = op;
    row.url = std::move(url);
    row.body = std::move(body);
    row.create_time = at(0);
    return row;
}

txn::Transaction saga() {
    txn::Transaction out;
    out.gid = "g";
    out.mode = Mode::saga;
    out.status = Status::submitted;
    out.create_time = out.update_time = at(0);
    out.next_cron_time = at(10'000);
    out.next_cron_interval = 10;
    for (const std::string id : {"01", "02"}) {
        out.branches.push_back(branch(id, "compensate", "http://bank/undo" + id, "{\"n\":" + id + "}"));
        out.branches.push_back(branch(id, "action", "http://bank/do" + id, "{\"n\":" + id + "}"));
        out.steps.push_back({{{"action", "http://bank/do" + id}, {"compensate", "http://bank/undo" + id}}});
        out.payloads.push_back("{\"n\":" + id + "}");
    }
    return out;
}

Result<txn::Transaction> through_the_rows(const txn::Transaction& transaction) {
    std::vector<BranchRow> rows;
    for (const auto& row : transaction.branches) rows.push_back(branch_row(transaction.gid, row));
    return read_rows(global_row(transaction, room), std::move(rows));
}

const Assignment* find(const std::vector<Assignment>& all, std::string_view column) {
    const auto found = std::ranges::find(all, column, &Assignment::column);
    return found == all.end() ? nullptr : &*found;
}

TEST(SqlRow, GivesBackASagaWithItsSteps) {
    const auto read = through_the_rows(saga());
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, saga());
}

TEST(SqlRow, GivesBackEveryFieldThatIsAColumn) {
    auto full = saga();
    full.protocol = "grpc";
    full.query_prepared = "http://bank/check";
    full.custom_data = R"({"concurrent":true})";
    full.options.timeout_to_fail = 5;
    full.options.branch_headers = {{"a", "1"}};
    full.retry_count = 3;
    full.result = "cmVz";
    full.rollback_reason = "no money";
    full.finish_time = at(3000);
    full.rollback_time = at(4000);
    full.owner = "node-1";
    full.ext_data = R"({"headers":{"a":"b"}})";
    full.create_time = at(123);
    full.not_before = at(456);
    full.branches[1].status = BranchStatus::succeed;
    full.branches[1].update_time = full.branches[1].finish_time = at(5000);
    full.branches[1].attempts = 4;
    full.branches[1].last_error = "HTTP 500: \xF0\x9F\x94\xA5";
    full.branches[1].first_call = at(1);
    full.branches[1].last_call = at(2);
    const auto read = through_the_rows(full);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, full);
}

TEST(SqlRow, CutsEventsAndRoundsLeasesUp) {
    auto transaction = saga();
    transaction.create_time = transaction.update_time = at(999);
    transaction.next_cron_time = at(10'001);
    const auto row = global_row(transaction, room);
    EXPECT_EQ(row.create_time, at(0));
    EXPECT_EQ(row.update_time, at(0));
    EXPECT_EQ(row.next_cron_time, at(11'000));
    EXPECT_EQ(row.ext_data, "") << "nothing hangs on the millisecond";
    EXPECT_EQ(second_of(Time{}), Time{});
    EXPECT_EQ(second_after(Time{}), Time{});
}

TEST(SqlRow, SaysNothingOfCallsThatSucceededAtOnce) {
    auto transaction = saga();
    auto& row = transaction.branches[1];
    row.status = BranchStatus::succeed;
    row.attempts = 1;
    row.first_call = row.last_call = at(7);
    EXPECT_EQ(global_row(transaction, room).ext_data, "");
    EXPECT_EQ(through_the_rows(transaction)->branches[1].attempts, 1u);
}

TEST(SqlRow, RefusesWhatNobodyWrites) {
    auto row = global_row(saga(), room);
    row.trans_type = "plugin";
    auto read = read_rows(row, {});
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Errc::invalid);
    EXPECT_NE(read.error().what.find("trans_type says 'plugin'"), std::string::npos) << read.error().what;
    row = global_row(saga(), room);
    row.status = "";
    EXPECT_FALSE(read_rows(row, {}));
    row = global_row(saga(), room);
    row.options = "{";
    EXPECT_FALSE(read_rows(row, {}));
}

TEST(SqlRow, RebuildsTheStepsOfAMessageAndOfNoOther) {
    auto message = saga();
    message.mode = Mode::message;
    message.branches = {branch("01", "action", "http://a", "1"), branch("02-01", "action", "http://b", "2")};
    rebuild_steps(message);
    ASSERT_EQ(message.steps.size(), 2u);
    EXPECT_EQ(message.steps[1], (txn::Step{{{"action", "http://b"}}}));
    EXPECT_EQ(message.payloads, (std::vector<std::string>{"1", "2"}));
    for (const auto mode : {Mode::tcc, Mode::xa, Mode::workflow}) {
        auto other = saga();
        other.mode = mode;
        rebuild_steps(other);
        EXPECT_TRUE(other.steps.empty());
        EXPECT_TRUE(other.payloads.empty());
    }
}

TEST(SqlRow, UpdatesWhatThePatchNames) {
    Patch patch;
    EXPECT_TRUE(assignments(patch, "{}", "", room).empty());
    patch.status = Status::succeed;
    patch.finish_time = at(1500);
    patch.next_cron_time = at(1500);
    patch.update_time = at(1500);
    EXPECT_EQ(assignments(patch, "{}", "", room), (std::vector<Assignment>{{"status", "succeed"},
                                                                           {"finish_time", at(1000)},
                                                                           {"next_cron_time", at(2000)},
                                                                           {"update_time", at(1000)}}));
}

TEST(SqlRow, ChangesOptionsWithoutLosingTheRest) {
    Patch patch;
    patch.retry_count = 2;
    const std::string present = R"({"timeout_to_fail":9,"branch_headers":{"a":"b"},"concurrent":true})";
    auto changed = assignments(patch, present, "", room);
    ASSERT_EQ(changed.size(), 1u);
    EXPECT_EQ(changed[0],
              (Assignment{"options",
                          R"({"timeout_to_fail":9,"branch_headers":{"a":"b"},"concurrent":true,"retry_count":2})"}));
    patch.retry_count = 0;
    EXPECT_TRUE(assignments(patch, present, "", room).empty()) << "it says so already";

    Patch other;
    other.options = txn::Options{};
    changed = assignments(other, R"({"concurrent":true,"retry_count":4})", "", room);
    EXPECT_EQ(changed.at(0), (Assignment{"options", R"({"concurrent":false,"retry_count":4})"}));
}

// The commonest case is told without parsing; whatever only looks like it is parsed.
TEST(SqlRow, LeavesOptionsAloneThatSayTheRetryCountAlready) {
    Patch patch;
    patch.retry_count = 12;
    for (const char* present :
         {R"({"concurrent":false,"retry_count":12})", R"({"retry_count":12,"concurrent":true})"}) {
        EXPECT_TRUE(assignments(patch, present, "", room).empty()) << present;
    }
    for (const char* present : {"", "{}", R"({"retry_count":1,"concurrent":false})", R"({"retry_count":120})",
                                R"({"branch_headers":{"retry_count":"12"}})", R"({"retry_count" : 1})"}) {
        const auto changed = assignments(patch, present, "", room);
        ASSERT_EQ(changed.size(), 1u) << present;
        EXPECT_TRUE(std::get<std::string>(changed[0].value).ends_with(R"("retry_count":12})")) << present;
    }
    patch.retry_count = 0;
    EXPECT_TRUE(assignments(patch, R"({"concurrent":false})", "", room).empty());
    EXPECT_EQ(assignments(patch, "", "", room).size(), 1u) << "an empty text says nothing";
}

TEST(SqlRow, LeavesTheEvidenceAloneIfThereIsNone) {
    const auto changes = [](const Patch& patch, const std::string& ext_data) {
        return std::ranges::any_of(assignments(patch, "{}", ext_data, room),
                                   [](const Assignment& one) { return one.column == "ext_data"; });
    };
    RowPatch result;
    result.row = 1;
    result.status = BranchStatus::succeed;
    result.attempts = 1;
    Patch patch;
    patch.rows.push_back(result);
    EXPECT_FALSE(changes(patch, "")) << "one call that succeeded leaves no note";
    EXPECT_FALSE(changes(patch, R"({"dtmd":{"rows":{"0":{"attempts":2}}}})"));
    EXPECT_TRUE(changes(patch, R"({"dtmd":{"rows":{"1":{"attempts":2}}}})")) << "its old note goes";
    patch.rows[0].attempts = 2;
    EXPECT_TRUE(changes(patch, ""));

    Patch delayed;
    delayed.not_before = at(1);
    EXPECT_TRUE(changes(delayed, ""));
}

TEST(SqlRow, CollectsTheEvidenceOfSeveralUpdates) {
    Patch first;
    first.rows.push_back({.row = 1,
                          .status = BranchStatus::prepared,
                          .update_time = {},
                          .finish_time = {},
                          .attempts = 1,
                          .last_error = "HTTP 500",
                          .first_call = at(1),
                          .last_call = at(2)});
    const auto once = assignments(first, "{}", R"({"headers":{}})", room);
    ASSERT_NE(find(once, "ext_data"), nullptr);
    const auto text = std::get<std::string>(find(once, "ext_data")->value);

    Patch second;
    second.rows.push_back(first.rows[0]);
    second.rows[0].row = 3;
    const auto both = assignments(second, "{}", text, room);
    auto row = global_row(saga(), room);
    row.ext_data = std::get<std::string>(find(both, "ext_data")->value);
    std::vector<BranchRow> rows;
    for (const auto& branch : saga().branches) rows.push_back(branch_row("g", branch));
    const auto read = read_rows(row, rows);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->ext_data, R"({"headers":{}})");
    EXPECT_EQ(read->branches[1].last_error, "HTTP 500");
    EXPECT_EQ(read->branches[3].attempts, 1u);
    EXPECT_EQ(read->branches[0].attempts, 0u);
}

TEST(SqlRow, WritesNoEvidenceForAFirstSuccess) {
    Patch patch;
    patch.rows.push_back({.row = 0,
                          .status = BranchStatus::succeed,
                          .update_time = at(1),
                          .finish_time = at(1),
                          .attempts = 1,
                          .last_error = "",
                          .first_call = at(1),
                          .last_call = at(1)});
    EXPECT_EQ(find(assignments(patch, "{}", "", room), "ext_data"), nullptr);
    EXPECT_EQ(assignments(patch.rows[0]),
              (std::vector<Assignment>{{"status", "succeed"}, {"update_time", at(0)}, {"finish_time", at(0)}}));
}

TEST(SqlRow, TakesAnyBranchStatusThatDtmLetClientsWrite) {
    auto row = branch_row("g", saga().branches[0]);
    row.status = "doing";
    const auto read = read_rows(global_row(saga(), room), {row});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->branches[0].status, BranchStatus::prepared);
}

TEST(BranchAssignments, LeaveAResultAloneWhenThereIsNoneToTell) {
    const RowPatch evidence{.row = 0,
                            .status = txn::BranchStatus::prepared,
                            .update_time = Time(Millis(1'700'000'000'500)),
                            .finish_time = {},
                            .attempts = 3,
                            .last_error = "HTTP 500",
                            .first_call = {},
                            .last_call = {}};
    EXPECT_EQ(assignments(evidence), (std::vector<Assignment>{{"update_time", Time(Millis(1'700'000'000'000))}}));
}

}  // namespace
}  // namespace dtmd::store::sql
