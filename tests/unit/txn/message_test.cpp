#include "rules.h"

// protocol.md 5.7. Row k of a sample is the action of step k.
namespace dtmd::txn {
namespace {

using namespace samples;
using T = Transaction;
constexpr Status aborting = Status::aborting, prepared = Status::prepared, submitted = Status::submitted;

const Rule rules[] = {
    {"prepared: nobody is asked before the time-out", prepared, "", nullptr, 34, "wait 35"},
    {"then the client's check-back is called", prepared, "", nullptr, 35, "check"},
    {"after its own time-out if it has one", prepared, "", [](T& t, Live&) { t.options.timeout_to_fail = 3; }, 3,
     "check"},
    {"one check-back at a time", prepared, "", [](T&, Live& live) { live.check.open = true; }, 40, "-"},
    {"a check-back in back-off", prepared, "", [](T&, Live& live) { live.check.retry_at = after(50); }, 40, "wait 50"},
    {"the client committed: forward", prepared, "", [](T&, Live& live) { live.check_answer = Answer::success; }, 36,
     "turn submitted"},
    {"the client rolled back: the end", prepared, "", [](T&, Live& live) { live.check_answer = Answer::failure; }, 36,
     "turn failed", "the check-back answered that the local transaction was rolled back"},
    {"nobody to ask: as dtm does, forward", prepared, "", [](T& t, Live&) { t.query_prepared.clear(); }, 35,
     "turn submitted"},
    {"but not before the time-out", prepared, "", [](T& t, Live&) { t.query_prepared.clear(); }, 34, "wait 35"},
    {"submitted: one after the other", submitted, "", nullptr, 0, "call 0"},
    {"an open call is waited for", submitted, "", [](T&, Live& live) { live.branches[0].open = true; }, 0, "-"},
    {"one in back-off holds back the next", submitted, "",
     [](T&, Live& live) { live.branches[0].retry_at = after(10); }, 0, "wait 10"},
    {"the second follows the first", submitted, "s", nullptr, 0, "call 1"},
    {"all done: success", submitted, "ss", nullptr, 0, "turn succeed"},
    {"no time-out once submitted", submitted, "", nullptr, 1'000'000, "call 0"},
    {"no subscribers: success at once", submitted, "", [](T& t, Live&) { t.branches.clear(); }, 0, "turn succeed"},
    {"concurrent: all at once", submitted, "", [](T& t, Live&) { t.options.concurrent = true; }, 0, "call 0 1"},
    {"concurrent: each waits for itself only", submitted, "",
     [](T& t, Live& live) {
         t.options.concurrent = true;
         live.branches[0].retry_at = after(10);
     },
     0, "call 1, wait 10"},
    {"concurrent: all must be done", submitted, "ps", [](T& t, Live&) { t.options.concurrent = true; }, 0, "call 0"},
    {"delayed: not before its moment", submitted, "", [](T& t, Live&) { t.not_before = after(60); }, 59, "wait 60"},
    {"delayed: then at once (W22: the delay doesn't start again)", submitted, "",
     [](T& t, Live&) { t.not_before = after(60); }, 60, "call 0"},
    {"a delay doesn't delay the check-back", prepared, "", [](T& t, Live&) { t.not_before = after(600); }, 35, "check"},
    {"set aborting by another program: the end", aborting, "", nullptr, 0, "turn failed"},
    {"a row marked failed is called, not skipped", submitted, "fs", nullptr, 0, "call 0"},
};

TEST(Message, DecidesByTheTable) { check_rules(message(2), rules); }

TEST(Message, NobodyToAskDropsItWhereTheSwitchSaysSo) {
    const Rule strict[] = {
        {"dropped", prepared, "", [](T& t, Live&) { t.query_prepared.clear(); }, 35, "turn failed",
         "Timeout after 35 seconds, and there is no query_prepared to ask"},
        {"not where there is somebody to ask", prepared, "", nullptr, 35, "check"},
    };
    check_rules(message(2), strict, Policy{.submit_without_check_back = false});
}

TEST(Message, CheckBackBacksOffOnUnknownAndKeepsItsIntervalOnOngoing) {
    Transaction transaction = message(1);
    Live live = make_live(transaction, {});
    const Time due = after(35);
    for (const int wait : {10, 20, 40}) {
        live.check.open = true;
        apply_check_answer(transaction, live, Answer::unknown, due, {}, 0);
        EXPECT_FALSE(live.check.open);
        EXPECT_EQ(text(decide(transaction, live, due, {})), "wait " + std::to_string(35 + wait));
        EXPECT_EQ(transaction.next_cron_interval, wait);
    }
    apply_check_answer(transaction, live, Answer::ongoing, due, {}, 0);
    EXPECT_EQ(text(decide(transaction, live, due, {})), "wait 45");
}

TEST(Message, CheckBackThatAnswersAfterTheSubmitChangesNothing) {
    for (const Answer answer : {Answer::success, Answer::failure, Answer::ongoing, Answer::unknown}) {
        Transaction transaction = message(1);
        Live live = make_live(transaction, {});
        live.check.open = true;
        apply_turn(transaction, live, Turn{Status::submitted, {}}, after(36));
        const Transaction before = transaction;
        apply_check_answer(transaction, live, answer, after(37), {}, 0);
        EXPECT_EQ(transaction, before);
        EXPECT_EQ(text(decide(transaction, live, after(37), {})), "call 0");
    }
}

TEST(Message, NeverRollsBack) {
    Transaction transaction = message(1);
    transaction.status = Status::submitted;
    Live live = make_live(transaction, {});
    for (int i = 0; i < 50; ++i) {
        EXPECT_FALSE(apply_answer(transaction, live, 0, Answer::failure, "no", t0, {}, 0));
        EXPECT_FALSE(decide(transaction, live, t0, {}).turn);
    }
}

// Its client prepared it with a delay, and its submit was lost.
TEST(Message, IsDelayedAlsoWhenItsCheckBackReleasesIt) {
    Transaction delayed = message(2);
    delayed.custom_data = R"({"delay":60})";
    Live live = make_live(delayed, {});
    apply_turn(delayed, live, Turn{submitted, {}}, after(35));
    EXPECT_EQ(text(decide(delayed, live, after(36), {})), "wait 60");
    EXPECT_EQ(text(decide(delayed, live, after(60), {})), "call 0");
}

}  // namespace
}  // namespace dtmd::txn
