#include "samples.h"

#include <gtest/gtest.h>

#include <span>

// Every status with every event, mode by mode: what is decided next, and what has been recorded.
namespace dtmd::txn {
namespace {

using namespace samples;

constexpr int check = -1;
constexpr Answer answers[] = {Answer::success, Answer::failure, Answer::ongoing, Answer::unknown};
constexpr Status prepared = Status::prepared, submitted = Status::submitted, aborting = Status::aborting,
                 succeed = Status::succeed, failed = Status::failed;

Transaction in_status(Mode mode, Status status) {
    Transaction transaction;
    switch (mode) {
        case Mode::saga:
            transaction = saga(2);
            if (status == aborting) set_rows(transaction, "pspp");
            if (status == succeed) set_rows(transaction, "psps");
            if (status == failed) set_rows(transaction, "sssf");
            break;
        case Mode::tcc: transaction = tcc(2); break;
        case Mode::xa: transaction = xa(2); break;
        case Mode::message: transaction = message(2); break;
        case Mode::workflow:
            transaction = workflow();
            transaction.branches.resize(1);
            transaction.branches[0].create_time = t0;
            break;
    }
    transaction.status = status;
    return transaction;
}

std::string outcome(const Transaction& transaction, const Live& live, Time now) {
    return text(decide(transaction, live, now, {})) + " | " + rows_of(transaction);
}

struct Cell {
    Status status;
    int row;                  ///< Which was open, rightly or as a leftover, or `check`.
    const char* expected[4];  ///< After success, failure, ongoing, unknown.
};

void check_cells(Mode mode, std::span<const Cell> cells) {
    for (const Cell& cell : cells) {
        for (std::size_t i = 0; i < 4; ++i) {
            SCOPED_TRACE(std::string(name(cell.status)) + ", row " + std::to_string(cell.row) + ", answer " +
                         std::to_string(i));
            Transaction transaction = in_status(mode, cell.status);
            Live live = make_live(transaction, {});
            const std::string rows = rows_of(transaction);
            if (cell.row == check) {
                live.check.open = true;
                apply_check_answer(transaction, live, answers[i], t0, {}, 0);
            } else {
                const auto row = static_cast<std::size_t>(cell.row);
                live.branches[row].open = true;
                const bool written = apply_answer(transaction, live, row, answers[i], "e", t0, {}, 0);
                EXPECT_EQ(written, rows_of(transaction) != rows);
            }
            EXPECT_EQ(outcome(transaction, live, t0), cell.expected[i]);
            EXPECT_EQ(transaction.status, cell.status) << "only a turn changes the status";
        }
    }
}

TEST(Matrix, SagaAnswers) {
    const Cell cells[] = {
        {prepared, 0, {"- | pppp", "- | pppp", "- | pppp", "- | pppp"}},
        {prepared, 1, {"- | pppp", "- | pppp", "- | pppp", "- | pppp"}},
        {prepared, 2, {"- | pppp", "- | pppp", "- | pppp", "- | pppp"}},
        {prepared, 3, {"- | pppp", "- | pppp", "- | pppp", "- | pppp"}},
        {submitted, 0, {"call 1 | pppp", "call 1 | pppp", "call 1 | pppp", "call 1 | pppp"}},
        {submitted, 1, {"call 3 | pspp", "turn aborting | pfpp", "wait 10 | pppp", "wait 10 | pppp"}},
        {submitted, 2, {"call 1 | pppp", "call 1 | pppp", "call 1 | pppp", "call 1 | pppp"}},
        {submitted, 3, {"call 1 | ppps", "turn aborting | pppf", "call 1 | pppp", "call 1 | pppp"}},
        {aborting, 0, {"call 2 | sspp", "call 2 | pspp", "call 2 | pspp", "call 2 | pspp"}},
        {aborting, 1, {"call 2 | pspp", "call 2 | pspp", "call 2 | pspp", "call 2 | pspp"}},
        {aborting, 2, {"call 0 | pssp", "wait 10 | pspp", "wait 10 | pspp", "wait 10 | pspp"}},
        {aborting, 3, {"call 2 | pspp", "call 2 | pspp", "call 2 | pspp", "call 2 | pspp"}},
        {succeed, 0, {"- | psps", "- | psps", "- | psps", "- | psps"}},
        {succeed, 1, {"- | psps", "- | psps", "- | psps", "- | psps"}},
        {succeed, 2, {"- | psps", "- | psps", "- | psps", "- | psps"}},
        {succeed, 3, {"- | psps", "- | psps", "- | psps", "- | psps"}},
        {failed, 0, {"- | sssf", "- | sssf", "- | sssf", "- | sssf"}},
        {failed, 1, {"- | sssf", "- | sssf", "- | sssf", "- | sssf"}},
        {failed, 2, {"- | sssf", "- | sssf", "- | sssf", "- | sssf"}},
        {failed, 3, {"- | sssf", "- | sssf", "- | sssf", "- | sssf"}},
        {prepared, check, {"- | pppp", "- | pppp", "- | pppp", "- | pppp"}},
        {submitted, check, {"call 1 | pppp", "call 1 | pppp", "call 1 | pppp", "call 1 | pppp"}},
        {aborting, check, {"call 2 | pspp", "call 2 | pspp", "call 2 | pspp", "call 2 | pspp"}},
    };
    check_cells(Mode::saga, cells);
}

TEST(Matrix, TccAnswers) {
    const Cell cells[] = {
        {prepared, 0, {"wait 35 | pppp", "wait 35 | pppp", "wait 35 | pppp", "wait 35 | pppp"}},
        {prepared, 1, {"wait 35 | pppp", "wait 35 | pppp", "wait 35 | pppp", "wait 35 | pppp"}},
        {prepared, check, {"wait 35 | pppp", "wait 35 | pppp", "wait 35 | pppp", "wait 35 | pppp"}},
        {submitted, 0, {"call 3 | pppp", "call 3 | pppp", "call 3 | pppp", "call 3 | pppp"}},
        {submitted, 1, {"call 3 | pspp", "call 3, wait 10 | pppp", "call 3, wait 10 | pppp", "call 3, wait 10 | pppp"}},
        {submitted, 2, {"call 3 | pppp", "call 3 | pppp", "call 3 | pppp", "call 3 | pppp"}},
        {submitted, 3, {"call 1 | ppps", "call 1, wait 10 | pppp", "call 1, wait 10 | pppp", "call 1, wait 10 | pppp"}},
        {submitted, check, {"call 3 | pppp", "call 3 | pppp", "call 3 | pppp", "call 3 | pppp"}},
        {aborting, 0, {"call 2 | sppp", "call 2, wait 10 | pppp", "call 2, wait 10 | pppp", "call 2, wait 10 | pppp"}},
        {aborting, 1, {"call 2 | pppp", "call 2 | pppp", "call 2 | pppp", "call 2 | pppp"}},
        {aborting, 2, {"call 0 | ppsp", "call 0, wait 10 | pppp", "call 0, wait 10 | pppp", "call 0, wait 10 | pppp"}},
        {aborting, 3, {"call 2 | pppp", "call 2 | pppp", "call 2 | pppp", "call 2 | pppp"}},
        {succeed, 0, {"- | pppp", "- | pppp", "- | pppp", "- | pppp"}},
        {succeed, 1, {"- | pppp", "- | pppp", "- | pppp", "- | pppp"}},
        {failed, 0, {"- | pppp", "- | pppp", "- | pppp", "- | pppp"}},
        {failed, 1, {"- | pppp", "- | pppp", "- | pppp", "- | pppp"}},
    };
    check_cells(Mode::tcc, cells);
}

TEST(Matrix, XaAnswers) {
    const Cell cells[] = {
        {prepared, 0, {"wait 35 | pppp", "wait 35 | pppp", "wait 35 | pppp", "wait 35 | pppp"}},
        {prepared, 1, {"wait 35 | pppp", "wait 35 | pppp", "wait 35 | pppp", "wait 35 | pppp"}},
        {submitted, 0, {"call 1 | pppp", "call 1 | pppp", "call 1 | pppp", "call 1 | pppp"}},
        {submitted, 1, {"call 3 | pspp", "call 3, wait 10 | pppp", "call 3, wait 10 | pppp", "call 3, wait 10 | pppp"}},
        {submitted, 3, {"call 1 | ppps", "call 1, wait 10 | pppp", "call 1, wait 10 | pppp", "call 1, wait 10 | pppp"}},
        {aborting, 0, {"call 2 | sppp", "call 2, wait 10 | pppp", "call 2, wait 10 | pppp", "call 2, wait 10 | pppp"}},
        {aborting, 1, {"call 0 | pppp", "call 0 | pppp", "call 0 | pppp", "call 0 | pppp"}},
        {aborting, 2, {"call 0 | ppsp", "call 0, wait 10 | pppp", "call 0, wait 10 | pppp", "call 0, wait 10 | pppp"}},
        {succeed, 1, {"- | pppp", "- | pppp", "- | pppp", "- | pppp"}},
        {failed, 0, {"- | pppp", "- | pppp", "- | pppp", "- | pppp"}},
    };
    check_cells(Mode::xa, cells);
}

TEST(Matrix, MessageAnswers) {
    const Cell cells[] = {
        {prepared, 0, {"wait 35 | pp", "wait 35 | pp", "wait 35 | pp", "wait 35 | pp"}},
        {prepared, check, {"turn submitted | pp", "turn failed | pp", "wait 35 | pp", "wait 35 | pp"}},
        {submitted, 0, {"call 1 | sp", "wait 10 | pp", "wait 10 | pp", "wait 10 | pp"}},
        {submitted, 1, {"call 0 | ps", "call 0 | pp", "call 0 | pp", "call 0 | pp"}},
        {submitted, check, {"call 0 | pp", "call 0 | pp", "call 0 | pp", "call 0 | pp"}},
        {aborting, 0, {"turn failed | pp", "turn failed | pp", "turn failed | pp", "turn failed | pp"}},
        {aborting, check, {"turn failed | pp", "turn failed | pp", "turn failed | pp", "turn failed | pp"}},
        {succeed, 0, {"- | pp", "- | pp", "- | pp", "- | pp"}},
        {succeed, check, {"- | pp", "- | pp", "- | pp", "- | pp"}},
        {failed, 0, {"- | pp", "- | pp", "- | pp", "- | pp"}},
        {failed, check, {"- | pp", "- | pp", "- | pp", "- | pp"}},
    };
    check_cells(Mode::message, cells);
}

TEST(Matrix, WorkflowAnswers) {
    const Cell cells[] = {
        {prepared, check, {"wait 10 | p", "wait 10 | p", "wait 10 | p", "wait 10 | p"}},
        {submitted, check, {"wait 10 | p", "wait 10 | p", "wait 10 | p", "wait 10 | p"}},
        {aborting, check, {"wait 10 | p", "wait 10 | p", "wait 10 | p", "wait 10 | p"}},
        {succeed, check, {"- | p", "- | p", "- | p", "- | p"}},
        {failed, check, {"- | p", "- | p", "- | p", "- | p"}},
    };
    check_cells(Mode::workflow, cells);
}

TEST(Matrix, TimePasses) {
    const struct {
        Mode mode;
        const char* expected[5];  ///< A day later, in prepared, submitted, aborting, succeed, failed.
    } rows[] = {
        {Mode::saga, {"-", "call 1", "call 2", "-", "-"}},
        {Mode::tcc, {"turn aborting", "call 3", "call 2", "-", "-"}},
        {Mode::xa, {"turn aborting", "call 1", "call 0", "-", "-"}},
        {Mode::message, {"check", "call 0", "turn failed", "-", "-"}},
        {Mode::workflow, {"check", "check", "check", "-", "-"}},
    };
    for (const auto& row : rows) {
        for (const Status status : {prepared, submitted, aborting, succeed, failed}) {
            SCOPED_TRACE(std::string(name(row.mode)) + " " + std::string(name(status)));
            EXPECT_EQ(decided(in_status(row.mode, status), after(86'400)), row.expected[static_cast<int>(status)]);
        }
    }
}

struct TurnRow {
    Mode mode;
    Status from, to;
    const char* expected;  ///< Right after the turn is durable, with nothing open.
};

const TurnRow turns[] = {
    {Mode::saga, prepared, submitted, "call 1"}, {Mode::saga, prepared, failed, "-"},  // Force stop.
    {Mode::saga, submitted, aborting, "call 0"}, {Mode::saga, submitted, succeed, "-"},
    {Mode::saga, submitted, failed, "-"},        {Mode::saga, aborting, failed, "-"},
    {Mode::tcc, prepared, submitted, "call 3"},  {Mode::tcc, prepared, aborting, "call 2"},
    {Mode::tcc, submitted, succeed, "-"},        {Mode::tcc, submitted, failed, "-"},
    {Mode::tcc, aborting, failed, "-"},          {Mode::xa, prepared, submitted, "call 1"},
    {Mode::xa, prepared, aborting, "call 0"},    {Mode::xa, submitted, succeed, "-"},
    {Mode::xa, aborting, failed, "-"},           {Mode::message, prepared, submitted, "call 0"},
    {Mode::message, prepared, failed, "-"},      {Mode::message, submitted, succeed, "-"},
    {Mode::message, submitted, failed, "-"},     {Mode::workflow, prepared, succeed, "-"},
    {Mode::workflow, prepared, failed, "-"},
};

// Back-off of the old direction, which must not delay the new one.
Live worn_live(const Transaction& transaction) {
    Live live = make_live(transaction, {});
    for (Attempt& attempt : live.branches) {
        attempt.retry_at = attempt.planned = after(1'000);
        attempt.failures = 7;
        attempt.soon = true;
    }
    live.check = live.branches.front();
    live.turning = transaction.status;
    return live;
}

TEST(Matrix, TurnsAreMade) {
    for (const TurnRow& row : turns) {
        SCOPED_TRACE(std::string(name(row.mode)) + " " + std::string(name(row.from)) + " to " +
                     std::string(name(row.to)));
        Transaction transaction = in_status(row.mode, row.from);
        Live live = worn_live(transaction);
        apply_turn(transaction, live, Turn{row.to, "why"}, after(5));
        EXPECT_EQ(text(decide(transaction, live, after(5), {})), row.expected);
        EXPECT_EQ(transaction.rollback_reason, "why");
        EXPECT_EQ(transaction.update_time, after(5));
        EXPECT_EQ(transaction.finish_time, row.to == succeed ? after(5) : Time{});
        EXPECT_EQ(transaction.rollback_time, row.to == failed ? after(5) : Time{});
        EXPECT_FALSE(live.turning);
        for (const Attempt& attempt : live.branches) EXPECT_EQ(attempt, Attempt{});
    }
}

TEST(Matrix, TurnWithoutAReasonKeepsTheOldOne) {
    Transaction transaction = saga(1);
    transaction.rollback_reason = "no money";
    Live live = make_live(transaction, {});
    apply_turn(transaction, live, Turn{failed, {}}, t0);
    EXPECT_EQ(transaction.rollback_reason, "no money");
}

// Calls that were open when the transaction turned answer one by one, each in every way, also while the turn is
// still being written: none of them counts, and none starts a new call but what the turn itself wants.
TEST(Matrix, LateAnswersChangeNothing) {
    for (const TurnRow& row : turns) {
        if (row.from == prepared) continue;  // Nothing was called.
        for (const bool durable : {false, true}) {
            for (const Answer answer : answers) {
                SCOPED_TRACE(std::string(name(row.mode)) + " to " + std::string(name(row.to)) + ", answer " +
                             std::to_string(static_cast<int>(answer)) + (durable ? ", durable" : ", being written"));
                Transaction transaction = in_status(row.mode, row.from);
                const std::string rows = rows_of(transaction);
                Live live = make_live(transaction, {});
                for (Attempt& attempt : live.branches) attempt.open = true;
                live.turning = row.to;
                if (durable) apply_turn(transaction, live, Turn{row.to, {}}, t0);
                for (std::size_t i = 0; i < transaction.branches.size(); ++i) {
                    const std::string_view op = transaction.branches[i].op;
                    const bool forward = op == op::action || op == op::confirm || op == op::commit;
                    if (row.to == aborting && !forward) continue;  // What the turn is for.
                    EXPECT_TRUE(live.branches[i].open) << "a turn closes no calls";
                    EXPECT_FALSE(apply_answer(transaction, live, i, answer, "e", t0, {}, 0));
                    EXPECT_FALSE(live.branches[i].open);
                }
                EXPECT_EQ(rows_of(transaction), rows);
                EXPECT_EQ(transaction.retry_count, 0);
                if (durable && is_final(row.to)) EXPECT_EQ(text(decide(transaction, live, after(86'400), {})), "-");
            }
        }
    }
}

}  // namespace
}  // namespace dtmd::txn
