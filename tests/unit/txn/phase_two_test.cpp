#include "rules.h"

// protocol.md 5.5 and 5.6 with W22 and W26 mended.
// Rows of a sample: 0 cancel, 1 confirm of branch 0; 2 and 3 of branch 1.
namespace dtmd::txn {
namespace {

using namespace samples;
using T = Transaction;
constexpr Status aborting = Status::aborting, prepared = Status::prepared, submitted = Status::submitted;

const Rule tcc_rules[] = {
    {"prepared: waits for its client, up to the server's time-out", prepared, "", nullptr, 0, "wait 35"},
    {"then turns back and says after how long", prepared, "", nullptr, 35, "turn aborting", "Timeout after 35 seconds"},
    {"or up to its own time-out", prepared, "", [](T& t, Live&) { t.options.timeout_to_fail = 5; }, 4, "wait 5"},
    {"which may be shorter", prepared, "", [](T& t, Live&) { t.options.timeout_to_fail = 5; }, 5, "turn aborting",
     "Timeout after 5 seconds"},
    {"submitted: confirms, the last registered first", submitted, "", nullptr, 0, "call 3"},
    {"one at a time", submitted, "", [](T&, Live& live) { live.branches[3].open = true; }, 0, "-"},
    {"then the one before", submitted, "ppps", nullptr, 0, "call 1"},
    {"one in back-off doesn't hold back the next", submitted, "",
     [](T&, Live& live) { live.branches[3].retry_at = after(10); }, 0, "call 1, wait 10"},
    {"which is still alone", submitted, "",
     [](T&, Live& live) {
         live.branches[3].retry_at = after(10);
         live.branches[1].open = true;
     },
     0, "wait 10"},
    {"not even when the wait is over meanwhile", submitted, "",
     [](T&, Live& live) {
         live.branches[3].retry_at = after(10);
         live.branches[1].open = true;
     },
     10, "-"},
    {"no time-out once decided", submitted, "", nullptr, 1'000, "call 3"},
    {"all confirmed: success, the cancels stay as they were", submitted, "psps", nullptr, 0, "turn succeed"},
    {"cancels don't stand for confirms", submitted, "spsp", nullptr, 0, "call 3"},
    {"aborting: cancels, the last registered first", aborting, "", nullptr, 0, "call 2"},
    {"all cancelled: failed", aborting, "spsp", nullptr, 0, "turn failed"},
    {"a row marked failed is called, not skipped", aborting, "fpsp", nullptr, 0, "call 0"},
    {"no branches: success at once", submitted, "", [](T& t, Live&) { t.branches.clear(); }, 0, "turn succeed"},
    {"no branches: failed at once", aborting, "", [](T& t, Live&) { t.branches.clear(); }, 0, "turn failed"},
};

TEST(PhaseTwo, TccDecidesByTheTable) { check_rules(tcc(2), tcc_rules); }

const Rule xa_rules[] = {
    {"prepared: waits for its client", prepared, "", nullptr, 34, "wait 35"},
    {"then turns back", prepared, "", nullptr, 35, "turn aborting", "Timeout after 35 seconds"},
    {"submitted: commits in order of registration", submitted, "", nullptr, 0, "call 1"},
    {"then the next", submitted, "ps", nullptr, 0, "call 3"},
    {"one in back-off doesn't hold back the next", submitted, "",
     [](T&, Live& live) { live.branches[1].retry_at = after(10); }, 0, "call 3, wait 10"},
    {"aborting: rolls back in order of registration", aborting, "", nullptr, 0, "call 0"},
    {"all committed: success", submitted, "psps", nullptr, 0, "turn succeed"},
    {"all rolled back: failed", aborting, "spsp", nullptr, 0, "turn failed"},
};

TEST(PhaseTwo, XaDecidesByTheTable) { check_rules(xa(2), xa_rules); }

// W1: whatever a repeated submit does, it can't find a branch confirmed that was not.
TEST(PhaseTwo, NeverEndsWithAnUnansweredConfirm) {
    for (const char* rows : {"pppp", "ppps", "pspp"}) {
        Transaction transaction = tcc(2);
        transaction.status = Status::submitted;
        set_rows(transaction, rows);
        EXPECT_FALSE(decide(transaction, make_live(transaction, {}), t0, {}).turn) << rows;
    }
}

TEST(PhaseTwo, RefusalIsNoResult) {
    Transaction transaction = tcc(1);
    transaction.status = Status::submitted;
    Live live = make_live(transaction, {});
    EXPECT_FALSE(apply_answer(transaction, live, 1, Answer::failure, "no", t0, {}, 0));
    EXPECT_EQ(rows_of(transaction), "pp");
    EXPECT_EQ(text(decide(transaction, live, t0, {})), "wait 10");
}

TEST(PhaseTwo, SuccessOfARowMarkedFailedCounts) {
    Transaction transaction = tcc(1);
    transaction.status = Status::aborting;
    set_rows(transaction, "fp");
    Live live = make_live(transaction, {});
    EXPECT_TRUE(apply_answer(transaction, live, 0, Answer::success, "", t0, {}, 0));
    EXPECT_EQ(text(decide(transaction, live, t0, {})), "turn failed");
}

}  // namespace
}  // namespace dtmd::txn
