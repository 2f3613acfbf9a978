#include "rules.h"

// protocol.md 5.8 with W17 mended: the client's first execution is left in peace while it shows signs of life.
namespace dtmd::txn {
namespace {

using namespace samples;
using T = Transaction;
constexpr Status prepared = Status::prepared, submitted = Status::submitted;

void add_progress(T& workflow, std::int64_t at) {
    Branch row;
    row.create_time = after(at);
    workflow.branches.push_back(row);
}

const Rule rules[] = {
    {"the first execution is left alone", prepared, "", nullptr, 9, "wait 10"},
    {"quiet for an interval: called back", prepared, "", nullptr, 10, "check"},
    {"its own interval", prepared, "", [](T& t, Live&) { t.options.retry_interval = 3; }, 3, "check"},
    {"progress is a sign of life", prepared, "", [](T& t, Live&) { add_progress(t, 8); }, 17, "wait 18"},
    {"the last one counts", prepared, "",
     [](T& t, Live&) {
         add_progress(t, 8);
         add_progress(t, 3);
     },
     18, "check"},
    {"one callback at a time", prepared, "", [](T&, Live& live) { live.check.open = true; }, 100, "-"},
    {"a callback in back-off", prepared, "",
     [](T&, Live& live) { live.check.retry_at = live.check.planned = after(50); }, 40, "wait 50"},
    {"back-off over", prepared, "", [](T&, Live& live) { live.check.retry_at = live.check.planned = after(50); }, 50,
     "check"},
    {"back-off over, but progress came in", prepared, "",
     [](T& t, Live& live) {
         add_progress(t, 49);
         live.check.retry_at = live.check.planned = after(50);
     },
     50, "wait 59"},
    {"an order comes before both", prepared, "",
     [](T& t, Live& live) {
         add_progress(t, 49);
         live.check.planned = after(80);
         live.check.retry_at = after(50);
     },
     50, "check"},
    {"an order before the first callback", prepared, "", [](T&, Live& live) { live.check.retry_at = after(2); }, 2,
     "check"},
    {"nobody to call: waits for its client", prepared, "", [](T& t, Live&) { t.query_prepared.clear(); }, 1'000, "-"},
    {"no time-out", prepared, "",
     [](T& t, Live&) {
         t.options.timeout_to_fail = 1;
         add_progress(t, 100);
     },
     100, "wait 101"},
    {"its rows are the client's to call", prepared, "", [](T& t, Live&) { add_progress(t, 0); }, 10, "check"},
    {"left in an odd status by another program: still asked", submitted, "", nullptr, 10, "check"},
};

TEST(Workflow, DecidesByTheTable) { check_rules(workflow(), rules); }

TEST(Workflow, CallbackThatAnswersIsRepeatedAtAFixedIntervalAndBacksOffOtherwise) {
    Transaction transaction = workflow();
    Live live = make_live(transaction, {});
    const Time now = after(10);
    for (const Answer answer : {Answer::success, Answer::failure, Answer::ongoing, Answer::success}) {
        apply_check_answer(transaction, live, answer, now, {}, 0);
        EXPECT_EQ(text(decide(transaction, live, now, {})), "wait 20");
    }
    for (const char* expected : {"wait 20", "wait 30", "wait 50", "wait 90"}) {
        apply_check_answer(transaction, live, Answer::unknown, now, {}, 0);
        EXPECT_EQ(text(decide(transaction, live, now, {})), expected);
    }
}

TEST(Workflow, OnlyItsClientEndsIt) {
    Transaction transaction = workflow();
    Live live = make_live(transaction, {});
    for (const Answer answer : {Answer::success, Answer::failure, Answer::ongoing, Answer::unknown}) {
        apply_check_answer(transaction, live, answer, after(10), {}, 0);
        EXPECT_FALSE(decide(transaction, live, after(1'000'000), {}).turn);
    }
}

}  // namespace
}  // namespace dtmd::txn
