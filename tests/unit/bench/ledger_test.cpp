#include "bench/ledger.h"

#include <gmock/gmock.h>

namespace dtmd::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Ledger measured(Kind kind, bool watch = false) {
    Ledger ledger(kind, 2, watch, "b-");
    ledger.measure_from(Micros{0});
    return ledger;
}

TEST(Ledger, ATransactionThatIsWaitedForEndsWithItsAnswer) {
    Ledger ledger = measured(Kind::saga);
    const std::size_t number = ledger.begin(Micros{100}, false);
    EXPECT_EQ(ledger.gid(number), "b-0");
    ledger.called("b-0", "01", "action", false, Micros{200});
    ledger.called("b-0", "02", "action", false, Micros{300});
    EXPECT_EQ(ledger.open(), 1U);
    ledger.acknowledged(number, Micros{1'500'100});
    EXPECT_EQ(ledger.open(), 0U);
    EXPECT_EQ(ledger.totals.ended, 1U);
    EXPECT_EQ(ledger.totals.latency.most(), 1'500'000);
    ASSERT_EQ(ledger.seconds.size(), 2U);
    EXPECT_EQ(ledger.seconds[1].ended, 1U);
    EXPECT_THAT(ledger.complaints(), IsEmpty());
}

TEST(Ledger, AWatchedOneEndsWithItsLastEffect) {
    Ledger ledger = measured(Kind::message, true);
    const std::size_t number = ledger.begin(Micros{0}, false);
    ledger.acknowledged(number, Micros{10});
    ledger.called("b-0", "01", "action", false, Micros{20});
    EXPECT_EQ(ledger.totals.ended, 0U);
    ledger.called("b-0", "02", "action", false, Micros{30});
    EXPECT_EQ(ledger.totals.latency.most(), 30);
}

TEST(Ledger, CountsRepeats) {
    Ledger ledger = measured(Kind::tcc);
    ledger.begin(Micros{0}, false);
    for (int i = 0; i < 3; ++i) ledger.called("b-0", "01", "confirm", false, Micros{1});
    EXPECT_EQ(ledger.totals.calls, 3U);
    EXPECT_EQ(ledger.totals.repeats, 2U);
}

TEST(Ledger, KnowsWhatIsMissing) {
    Ledger ledger = measured(Kind::saga);
    ledger.acknowledged(ledger.begin(Micros{0}, false), Micros{1});
    ledger.begin(Micros{2}, false);
    ledger.called("b-0", "01", "action", false, Micros{3});
    EXPECT_THAT(ledger.complaints(), ElementsAre(HasSubstr("1 transactions were never answered"),
                                                 HasSubstr("1 acknowledged transactions have not had all")));
}

TEST(Ledger, WhatWasRefusedMustBeUndone) {
    Ledger ledger = measured(Kind::saga);
    const std::size_t number = ledger.begin(Micros{0}, true);
    ledger.called("b-0", "01", "action", false, Micros{1});
    ledger.called("b-0", "02", "action", true, Micros{2});
    ledger.acknowledged(number, Micros{3});
    EXPECT_THAT(ledger.complaints(), ElementsAre(HasSubstr("have not had all their effects")));
    ledger.called("b-0", "02", "compensate", false, Micros{4});
    ledger.called("b-0", "01", "compensate", false, Micros{5});
    EXPECT_THAT(ledger.complaints(), IsEmpty());
    EXPECT_EQ(ledger.totals.ended_undone, 1U);
}

TEST(Ledger, NothingIsUndoneWithoutARefusal) {
    Ledger ledger = measured(Kind::saga);
    const std::size_t number = ledger.begin(Micros{0}, false);
    for (const char* const branch : {"01", "02"}) ledger.called("b-0", branch, "action", false, Micros{1});
    ledger.called("b-0", "01", "compensate", false, Micros{2});
    ledger.acknowledged(number, Micros{3});
    EXPECT_THAT(ledger.complaints(), ElementsAre(HasSubstr("undone although nothing was refused")));
}

TEST(Ledger, CountsWhatEndsInTimeAndTimesWhatBeginsInTime) {
    Ledger ledger(Kind::workflow, 2, false, "b-");
    const std::size_t early = ledger.begin(Micros{0}, false);
    ledger.acknowledged(ledger.begin(Micros{0}, false), Micros{1});
    ledger.measure_from(Micros{10});
    ledger.acknowledged(early, Micros{12});
    ledger.acknowledged(ledger.begin(Micros{13}, false), Micros{15});
    const std::size_t late = ledger.begin(Micros{15}, false);
    ledger.measure_until(Micros{20});
    ledger.acknowledged(late, Micros{45});
    ledger.acknowledged(ledger.begin(Micros{21}, false), Micros{25});
    EXPECT_EQ(ledger.totals.begun, 2U);
    EXPECT_EQ(ledger.totals.ended, 2U);
    EXPECT_EQ(ledger.totals.latency.count(), 2U);
    EXPECT_EQ(ledger.totals.latency.most(), 30);
    EXPECT_EQ(ledger.seconds.front().ended, 2U);
    EXPECT_EQ(ledger.size(), 5U);
}

TEST(Ledger, LeavesStrangersAlone) {
    Ledger ledger = measured(Kind::saga);
    ledger.begin(Micros{0}, false);
    for (const char* const gid : {"other-0", "b-1", "b-x", "b-", ""}) {
        ledger.called(gid, "01", "action", false, Micros{1});
    }
    for (const char* const branch : {"", "0", "65", "x"}) ledger.called("b-0", branch, "action", false, Micros{1});
    EXPECT_EQ(ledger.totals.calls, 0U);
}

}  // namespace
}  // namespace dtmd::bench
