#include "rules.h"

// protocol.md 5.4, one row per rule.
// Rows of a sample saga: 0 compensates step 0, 1 is its action, 2 and 3 for step 1, ...
namespace dtmd::txn {
namespace {

using namespace samples;
using T = Transaction;
constexpr Status aborting = Status::aborting, prepared = Status::prepared, submitted = Status::submitted;

const Rule sequential[] = {
    {"a new saga starts with its first step", submitted, "", nullptr, 0, "call 1"},
    {"an open call is waited for", submitted, "", [](T&, Live& live) { live.branches[1].open = true; }, 0, "-"},
    {"a step in back-off is called when that is over", submitted, "",
     [](T&, Live& live) { live.branches[1].retry_at = after(10); }, 9, "wait 10"},
    {"and not a moment later", submitted, "", [](T&, Live& live) { live.branches[1].retry_at = after(10); }, 10,
     "call 1"},
    {"the second step follows the first", submitted, "ps", nullptr, 0, "call 3"},
    {"the third follows the second", submitted, "psps", nullptr, 0, "call 5"},
    {"all done: success", submitted, "pspsps", nullptr, 0, "turn succeed"},
    {"a refused action turns the saga back", submitted, "pspf",
     [](T& t, Live&) { t.branches[3].last_error = "no money"; }, 0, "turn aborting",
     "url:http://s/action02 return failed: no money FAILURE"},
    {"the reason ends in FAILURE once", submitted, "pf",
     [](T& t, Live&) { t.branches[1].last_error = "broke FAILURE"; }, 0, "turn aborting",
     "url:http://s/action01 return failed: broke FAILURE"},
    {"a refusal found in storage has a reason too", submitted, "pf", nullptr, 0, "turn aborting",
     "url:http://s/action01 return failed: FAILURE"},
    {"a saga without a time-out never times out", submitted, "", nullptr, 1'000'000, "call 1"},
    {"the way back begins with what may have run", aborting, "psps", nullptr, 0, "call 4"},
    {"what can't have run is not undone", aborting, "", nullptr, 0, "call 0"},
    {"a refused step is undone as well", aborting, "pspf", nullptr, 0, "call 2"},
    {"where successes may be missing from the record, all may have run", aborting, "pf",
     [](T&, Live& live) { live.may_have_run_ahead = true; }, 0, "call 4"},
    {"but not where each was recorded at once", aborting, "pf",
     [](T& t, Live& live) {
         live.may_have_run_ahead = true;
         t.options.retry_limit = 3;
     },
     0, "call 0"},
    {"back in reverse order", aborting, "psssss", nullptr, 0, "call 0"},
    {"a compensation waits for its action's open call", aborting, "",
     [](T&, Live& live) { live.branches[1].open = true; }, 0, "-"},
    {"an earlier compensation waits for a later one in back-off", aborting, "ps",
     [](T&, Live& live) { live.branches[2].retry_at = after(10); }, 0, "wait 10"},
    {"all undone: failed", aborting, "ssssss", nullptr, 0, "turn failed"},
    {"undone as far as it went: failed", aborting, "sssf", nullptr, 0, "turn failed"},
    {"prepared only: waits for its submit", prepared, "", nullptr, 1'000'000, "-"},
    {"no steps: success at once", submitted, "", [](T& t, Live&) { t.branches.clear(); }, 0, "turn succeed"},
    {"no steps to undo: failed at once", aborting, "", [](T& t, Live&) { t.branches.clear(); }, 0, "turn failed"},
};

TEST(Saga, SequentialDecidesByTheTable) { check_rules(saga(3), sequential); }

const Rule concurrent[] = {
    {"all steps at once", submitted, "", nullptr, 0, "call 1 3 5"},
    {"each waits for itself only", submitted, "",
     [](T&, Live& live) {
         live.branches[3].retry_at = after(7);
         live.branches[1].open = true;
     },
     0, "call 5, wait 7"},
    {"all done: success", submitted, "pspsps", nullptr, 0, "turn succeed"},
    {"one refusal turns all back, whatever is open", submitted, "pppf",
     [](T&, Live& live) { live.branches[1].open = live.branches[5].open = true; }, 0, "turn aborting",
     "url:http://s/action02 return failed: FAILURE"},
    {"every action may have run", aborting, "pppf", nullptr, 0, "call 0 2 4"},
    {"open actions hold back their own compensation only", aborting, "",
     [](T&, Live& live) { live.branches[1].open = true; }, 0, "call 2 4"},
    {"an open action holds back the end", aborting, "ssssss", [](T&, Live& live) { live.branches[1].open = true; }, 0,
     "-"},
};

TEST(Saga, ConcurrentDecidesByTheTable) {
    Transaction sample = saga(3);
    sample.saga_concurrent = true;
    check_rules(sample, concurrent);
}

// Step 2 after 0 and 1.
const Rule ordered[] = {
    {"steps that wait for none start", submitted, "", nullptr, 0, "call 1 3"},
    {"a step waits for all of its predecessors", submitted, "ps", nullptr, 0, "call 3"},
    {"and then starts", submitted, "psps", nullptr, 0, "call 5"},
    {"what waited can't have run", aborting, "pspf", nullptr, 0, "call 0 2"},
    {"what came after is undone first", aborting, "pspspf", nullptr, 0, "call 4"},
    {"what could have been sent as well", aborting, "psps", nullptr, 0, "call 4"},
    {"then the rest at once", aborting, "pspssf", nullptr, 0, "call 0 2"},
};

TEST(Saga, DeclaredOrdersHoldBothWays) {
    Transaction sample = saga(3);
    sample.saga_concurrent = true;
    sample.orders = {{}, {}, {0, 1}};
    check_rules(sample, ordered);
}

TEST(Saga, OrdersHoldToStepsWithHigherNumbersToo) {
    Transaction sample = saga(2);
    sample.saga_concurrent = true;
    sample.orders = {{1}, {}};
    EXPECT_EQ(decided(sample, t0), "call 3");
    set_rows(sample, "ppps");
    EXPECT_EQ(decided(sample, t0), "call 1");
    sample.status = Status::aborting;
    EXPECT_EQ(decided(sample, t0), "call 0");
    set_rows(sample, "spps");
    EXPECT_EQ(decided(sample, t0), "call 2");
}

const Rule orders_without_concurrent[] = {
    {"still one after the other", submitted, "", nullptr, 0, "call 1"},
    {"the declared order adds nothing to it", submitted, "ps", nullptr, 0, "call 3"},
    {"the third after the second", submitted, "psps", nullptr, 0, "call 5"},
    {"back strictly in reverse", aborting, "pspspf", nullptr, 0, "call 4"},
    {"one by one", aborting, "pspssf", nullptr, 0, "call 2"},
};

TEST(Saga, OrdersAreHonouredWithoutConcurrent) {
    Transaction sample = saga(3);
    sample.orders = {{}, {}, {0}};
    check_rules(sample, orders_without_concurrent);
}

const Rule with_timeout[] = {
    {"before the time-out", submitted, "", nullptr, 0, "call 1, wait 20"},
    {"it wakes for whichever comes first", submitted, "", [](T&, Live& live) { live.branches[1].retry_at = after(12); },
     5, "wait 12"},
    {"at the time-out the saga turns back", submitted, "", nullptr, 20, "turn aborting", "Timeout after 20 seconds"},
    {"even with a call open", submitted, "", [](T&, Live& live) { live.branches[1].open = true; }, 20, "turn aborting",
     "Timeout after 20 seconds"},
    {"all done is all done, however late", submitted, "pspsps", nullptr, 100, "turn succeed"},
    {"a refusal is the better reason", submitted, "pf", nullptr, 100, "turn aborting",
     "url:http://s/action01 return failed: FAILURE"},
    {"on the way back time no longer matters", aborting, "", nullptr, 100, "call 0"},
};

TEST(Saga, TimesOutOnlyForward) {
    Transaction sample = saga(3);
    sample.options.timeout_to_fail = 20;
    check_rules(sample, with_timeout);
}

TEST(Saga, CallsAgainSoonUntilTheRetryLimitThenTurnsBack) {
    Transaction transaction = saga(2);
    transaction.options.retry_limit = 2;
    Live live = make_live(transaction, {});
    for (const auto& [answer, wait_ms] : {std::pair{Answer::unknown, 50}, std::pair{Answer::ongoing, 100}}) {
        live.branches[1].open = true;
        EXPECT_FALSE(apply_answer(transaction, live, 1, answer, "down", t0, {}, 0));
        EXPECT_TRUE(live.branches[1].soon);
        EXPECT_EQ(live.branches[1].retry_at, t0 + Millis{wait_ms});
    }
    EXPECT_EQ(transaction.retry_count, 2);
    EXPECT_FALSE(apply_answer(transaction, live, 1, Answer::unknown, "down", t0, {}, 0));
    const Decision decision = decide(transaction, live, t0, {});
    ASSERT_TRUE(decision.turn);
    EXPECT_EQ(decision.turn->reason, "RetryCount is greater than RetryLimit, RetryLimit: 2");

    apply_turn(transaction, live, *decision.turn, t0);
    EXPECT_FALSE(apply_answer(transaction, live, 0, Answer::unknown, "down", t0, {}, 0));
    EXPECT_FALSE(live.branches[0].soon) << "the way back has no limit";
    EXPECT_EQ(text(decide(transaction, live, t0, {})), "wait 10");
}

TEST(Saga, RetryLimitIsSharedByAllBranches) {
    Transaction transaction = saga(2);
    transaction.saga_concurrent = true;
    transaction.options.retry_limit = 1;
    Live live = make_live(transaction, {});
    live.branches[1].open = live.branches[3].open = true;
    EXPECT_FALSE(apply_answer(transaction, live, 1, Answer::unknown, "", t0, {}, 0));
    EXPECT_EQ(text(decide(transaction, live, t0 + Millis{50}, {})), "call 1");
    EXPECT_FALSE(apply_answer(transaction, live, 3, Answer::unknown, "", t0, {}, 0));
    EXPECT_EQ(text(decide(transaction, live, t0, {})), "turn aborting");
}

TEST(Saga, BlockedHostUsesUpNoRetries) {
    Transaction transaction = saga(1);
    transaction.options.retry_limit = 1;
    Live live = make_live(transaction, {});
    live.branches[1].open = true;
    apply_blocked(transaction, live, 1, "s is down", t0, {}, 0);
    EXPECT_EQ(transaction.retry_count, 0);
    EXPECT_EQ(transaction.branches[1].last_error, "s is down");
    EXPECT_EQ(text(decide(transaction, live, t0, {})), "wait 10");
}

TEST(Saga, ReasonFitsTheStoreAndStillEndsInFailure) {
    Transaction transaction = saga(1);
    set_rows(transaction, "pf");
    transaction.branches[1].url += std::string(5'000, 'u');
    transaction.branches[1].last_error = std::string(max_error_text, 'e');
    const std::string reason = decide(transaction, make_live(transaction, {}), t0, {}).turn->reason;
    EXPECT_LE(reason.size(), max_error_text);
    EXPECT_TRUE(reason.ends_with("eee FAILURE")) << reason;
}

TEST(Saga, TurnsBackAThousandConcurrentStepsWithoutLookingAtEveryPair) {
    Transaction transaction = saga(1'000);
    transaction.saga_concurrent = true;
    transaction.status = Status::aborting;
    Live live = make_live(transaction, {});
    for (std::size_t step = 0; step < 1'000; ++step) {
        const Decision decision = decide(transaction, live, t0, {});
        ASSERT_EQ(decision.calls.size(), 1'000 - step);
        ASSERT_TRUE(apply_answer(transaction, live, decision.calls.front(), Answer::success, "", t0, {}, 0));
    }
    EXPECT_EQ(text(decide(transaction, live, t0, {})), "turn failed");
}

}  // namespace
}  // namespace dtmd::txn
