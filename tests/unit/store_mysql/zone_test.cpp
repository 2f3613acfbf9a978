#include "store/mysql/zone.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace dtmd::store::mysql {
namespace {

using namespace std::chrono_literals;

constexpr Time moment{Millis(1'795'236'554'999)};  // 2026-11-21 04:49:14.999 UTC

TEST(Zone, WritesTheFaceOfItsClock) {
    EXPECT_EQ(Zone(0s).to_text(moment), "2026-11-21 04:49:14");
    EXPECT_EQ(Zone(8h).to_text(moment), "2026-11-21 12:49:14");
    EXPECT_EQ(Zone(-5h).to_text(moment), "2026-11-20 23:49:14");
    EXPECT_EQ(Zone(5h + 30min).to_text(moment), "2026-11-21 10:19:14");
}

TEST(Zone, ReadsWhatItWrote) {
    for (const auto offset : {0s, 28'800s, -18'000s, 20'700s}) {
        const Zone zone(offset);
        for (const Time when : {moment, Time(Millis(1'709'208'000'000)), Time(Millis(951'782'400'000))}) {
            EXPECT_EQ(zone.from_text(zone.to_text(when)), std::chrono::floor<std::chrono::seconds>(when));
        }
    }
    EXPECT_EQ(Zone(8h).from_text("2026-11-21 12:49:14.500000"), Time(Millis(1'795'236'554'000)));
}

TEST(Zone, TakesNoTimeForWhatIsNone) {
    for (const char* text : {"", "0000-00-00 00:00:00", "2026-11-21"}) EXPECT_EQ(Zone(0s).from_text(text), no_time);
}

TEST(Zone, IsTheProcessesOwnUnlessSet) {
    const char* const before = std::getenv("TZ");
    const std::string kept = before == nullptr ? "" : before;
    ::setenv("TZ", "UTC-8", 1);  // POSIX counts westwards.
    ::tzset();
    const Zone local(std::nullopt);
    EXPECT_EQ(local.to_text(moment), "2026-11-21 12:49:14");
    EXPECT_EQ(local.from_text("2026-11-21 12:49:14"), Time(Millis(1'795'236'554'000)));
    before == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", kept.c_str(), 1);
    ::tzset();
}

}  // namespace
}  // namespace dtmd::store::mysql
