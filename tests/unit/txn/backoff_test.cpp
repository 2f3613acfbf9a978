#include "txn/backoff.h"

#include "samples.h"

#include <gtest/gtest.h>

#include <limits>

namespace dtmd::txn {
namespace {

using namespace samples;

TEST(BackOff, Doubles) {
    const RetryPolicy policy{Millis{10'000}, Millis{3'600'000}};
    std::int64_t wait = 10'000;
    for (std::uint32_t attempt = 1; attempt <= 9; ++attempt, wait *= 2) {
        EXPECT_EQ(delay_after(attempt, policy, 0).count(), wait) << attempt;
    }
    EXPECT_EQ(delay_after(10, policy, 0).count(), 3'600'000);
    EXPECT_EQ(delay_after(0, policy, 0).count(), 10'000) << "nothing failed yet";
}

TEST(BackOff, DoesNotOverflowAtAnyAttempt) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    for (const std::int64_t ceiling : {std::int64_t{3'600'000}, most, most / 2, most / 2 + 1}) {
        const RetryPolicy policy{Millis{10'000}, Millis{ceiling}};
        for (const std::uint32_t attempt : {63u, 64u, 65u, 1'000u, 4'000'000'000u}) {
            EXPECT_EQ(delay_after(attempt, policy, 0).count(), ceiling) << attempt;
        }
    }
}

TEST(BackOff, IsNeverZeroNorAboveTheCeiling) {
    for (const std::int64_t first : {-5, 0, 1, 2, 10'000}) {
        for (const std::int64_t ceiling : {-5, 0, 1, 3, 10'000}) {
            for (const double jitter : {0.0, 0.5, 0.999'999}) {
                const std::int64_t wait = delay_after(3, {Millis{first}, Millis{ceiling}}, jitter).count();
                EXPECT_GE(wait, 1) << first << " " << ceiling;
                EXPECT_LE(wait, std::max<std::int64_t>(ceiling, 1)) << first << " " << ceiling;
            }
        }
    }
}

TEST(BackOff, JitterSpreadsOverTheLastQuarter) {
    const RetryPolicy policy{Millis{1'000}, Millis{3'600'000}};
    for (std::uint32_t attempt = 1; attempt < 15; ++attempt) {
        const std::int64_t whole = delay_after(attempt, policy, 0).count();
        std::int64_t before = whole;
        for (double jitter = 0; jitter < 1; jitter += 0.01) {
            const std::int64_t wait = delay_after(attempt, policy, jitter).count();
            EXPECT_LE(wait, before);
            EXPECT_GE(wait, whole * 3 / 4);
            before = wait;
        }
        EXPECT_LT(before, whole * 76 / 100);
    }
}

TEST(Interval, IsTheClientsOrTheServers) {
    const struct {
        std::int64_t retry_interval, timeout_to_fail, expected;
    } rows[] = {
        {0, 0, 10},  {3, 0, 3}, {60, 0, 60}, {0, 5, 5},   {0, 10, 10},
        {0, 35, 10}, {3, 5, 3}, {20, 5, 20}, {0, -1, 10}, {-1, 0, 10},
    };
    for (const auto& row : rows) {
        Transaction transaction = saga(1);
        transaction.options.retry_interval = row.retry_interval;
        transaction.options.timeout_to_fail = row.timeout_to_fail;
        EXPECT_EQ(base_interval(transaction, {}), row.expected) << row.retry_interval << " " << row.timeout_to_fail;
    }
}

TEST(Interval, FirstLookIsAtTheTimeoutOfWhatIsOnlyPrepared) {
    Transaction transaction = tcc(1);
    EXPECT_EQ(first_look(transaction, t0, {}), after(35));
    transaction.options.timeout_to_fail = 7;
    EXPECT_EQ(first_look(transaction, t0, {}), after(7));
    EXPECT_EQ(first_look(message(1), t0, {}), after(35));
    EXPECT_EQ(first_look(workflow(), t0, {}), after(10));
    EXPECT_EQ(first_look(saga(1), t0, {}), after(10));
    transaction.status = Status::submitted;
    EXPECT_EQ(first_look(transaction, t0, {}), after(7));
}

TEST(Interval, HonoursALongerOneThanTheServersLongest) {
    Transaction transaction = saga(1);
    transaction.options.retry_interval = 7'200;
    Live live = make_live(transaction, {});
    for (int i = 0; i < 3; ++i) {
        apply_answer(transaction, live, 1, Answer::unknown, "", t0, {}, 0);
        EXPECT_EQ(live.branches[1].retry_at, after(7'200));
    }
}

TEST(Interval, OngoingKeepsItAndSuccessResetsIt) {
    Transaction transaction = saga(2);
    Live live = make_live(transaction, {});
    for (int i = 0; i < 5; ++i) {
        apply_answer(transaction, live, 1, Answer::ongoing, "", t0, {}, 0.9);
        EXPECT_EQ(live.branches[1].retry_at, after(10)) << "whatever the jitter";
    }
    for (int i = 0; i < 3; ++i) apply_answer(transaction, live, 1, Answer::unknown, "", t0, {}, 0);
    EXPECT_EQ(live.branches[1].retry_at, after(40));
    EXPECT_EQ(transaction.next_cron_interval, 40);
    apply_answer(transaction, live, 1, Answer::ongoing, "", t0, {}, 0);
    EXPECT_EQ(live.branches[1].retry_at, after(10)) << "it is alive again";
    apply_answer(transaction, live, 1, Answer::unknown, "", t0, {}, 0);
    apply_answer(transaction, live, 1, Answer::unknown, "", t0, {}, 0);
    apply_answer(transaction, live, 1, Answer::success, "", t0, {}, 0);
    EXPECT_EQ(transaction.next_cron_interval, 10);
    EXPECT_EQ(live.branches[1], Attempt{});
}

TEST(Live, BackOffGoesOnWhereTheStoredIntervalSaysItWas) {
    for (const int failures : {2, 3, 5, 9, 12}) {
        Transaction transaction = saga(2);
        Live live = make_live(transaction, {});
        transaction.branches[1].attempts = 1;
        for (int i = 0; i < failures; ++i) apply_answer(transaction, live, 1, Answer::unknown, "", t0, {}, 0);
        Transaction continued = transaction;
        Live restored = make_live(continued, {});
        EXPECT_EQ(restored.branches[3].failures, 0u) << "was never called";
        apply_answer(transaction, live, 1, Answer::unknown, "", t0, {}, 0);
        apply_answer(continued, restored, 1, Answer::unknown, "", t0, {}, 0);
        EXPECT_EQ(restored.branches[1].retry_at, live.branches[1].retry_at) << failures;
        EXPECT_EQ(continued.next_cron_interval, transaction.next_cron_interval);
    }
}

TEST(Live, StartsAfreshAndDueAtOnce) {
    const Live live = make_live(saga(2), {});
    ASSERT_EQ(live.branches.size(), 4u);
    for (const Attempt& attempt : live.branches) EXPECT_EQ(attempt, Attempt{});
    EXPECT_EQ(live.check, Attempt{});
    EXPECT_FALSE(live.check_answer || live.turning || live.retry_limit_exceeded);
}

TEST(Live, TakesAnyStoredInterval) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    for (const std::int64_t stored :
         {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{0}, most / 2 + 1, most}) {
        for (const std::int64_t base : {std::int64_t{0}, std::int64_t{10}, most}) {
            Transaction transaction = saga(1);
            transaction.branches[1].attempts = 5;
            transaction.next_cron_interval = stored;
            transaction.options.retry_interval = base;
            for (const std::int64_t server : {0, 10}) {
                const Policy policy{.retry_interval = server};
                Live live = make_live(transaction, policy);
                EXPECT_LE(live.branches[1].failures, 65u);
                Transaction copy = transaction;
                apply_answer(copy, live, 1, Answer::unknown, "", t0, policy, 0);
                EXPECT_GT(live.branches[1].retry_at, t0);
            }
        }
    }
}

TEST(Lazy, OnlyWhereARepeatedCallIsAllThatCanCome) {
    const struct {
        const char* rule;
        Transaction sample;
        void (*given)(Transaction&);
        bool expected;
    } rows[] = {
        {"a success of a sequential saga", saga(2), [](Transaction&) {}, true},
        {"not a refusal", saga(2), [](Transaction& t) { set_rows(t, "pf"); }, false},
        {"not what has no answer", saga(2), [](Transaction& t) { set_rows(t, "pp"); }, false},
        {"not with a time-out", saga(2), [](Transaction& t) { t.options.timeout_to_fail = 5; }, false},
        {"not with a retry limit", saga(2), [](Transaction& t) { t.options.retry_limit = 5; }, false},
        {"not with concurrent steps", saga(2), [](Transaction& t) { t.saga_concurrent = true; }, false},
        {"not with orders", saga(2), [](Transaction& t) { t.orders = {{}, {0}}; }, false},
        {"a success of a sequential message", message(2), [](Transaction& t) { set_rows(t, "ps"); }, true},
        {"not of a concurrent one", message(2),
         [](Transaction& t) {
             t.options.concurrent = true;
             set_rows(t, "ps");
         },
         false},
        {"no confirm", tcc(1), [](Transaction&) {}, false},
        {"no commit", xa(1), [](Transaction&) {}, false},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.rule);
        Transaction transaction = row.sample;
        set_rows(transaction, "ps");
        row.given(transaction);
        EXPECT_EQ(may_be_lazy(transaction, 1), row.expected);
    }
    Transaction back = saga(1);
    set_rows(back, "ss");
    EXPECT_FALSE(may_be_lazy(back, 0)) << "no compensation";
}

}  // namespace
}  // namespace dtmd::txn
