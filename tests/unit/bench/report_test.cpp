#include "bench/report.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace dtmd::bench {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

Report sample() {
    Report report;
    report.seconds = 2;
    report.totals.begun = report.totals.ended = 1'000;
    for (int i = 1; i <= 1'000; ++i) report.totals.latency.add(i * 10);
    report.by_second.resize(2);
    report.before = ProcessUsage{.cpu_seconds = 1};
    report.after = ProcessUsage{.cpu_seconds = 1.1, .resident_mib = 40, .peak_mib = 50};
    return report;
}

TEST(Report, TellsPeople) {
    const std::string text = as_text(sample());
    EXPECT_THAT(text, HasSubstr("transactions/s      500  (1000 ended)"));
    EXPECT_THAT(text, HasSubstr("CPU of coordinator  100.0 us per transaction, 0.05 cores"));
    EXPECT_THAT(text, HasSubstr("every transaction had exactly its effects"));
}

TEST(Report, SaysWhatIsWrong) {
    Report report = sample();
    report.complaints = {"3 transactions were lost"};
    EXPECT_THAT(as_text(report), HasSubstr("WRONG               3 transactions were lost"));
    EXPECT_THAT(as_text(report), Not(HasSubstr("exactly its effects")));
}

TEST(Report, LeavesOutWhatItDoesNotKnow) {
    Report report = sample();
    report.before.reset();
    EXPECT_THAT(as_text(report), Not(HasSubstr("CPU of coordinator")));
    EXPECT_FALSE(json::parse(as_json(report)).contains("cpu_us_per_transaction"));
}

TEST(Report, TellsPrograms) {
    const json document = json::parse(as_json(sample()));
    EXPECT_EQ(document["transactions_per_second"], 500);
    EXPECT_NEAR(document["cpu_us_per_transaction"].get<double>(), 100, 0.01);
    EXPECT_EQ(document["latency"]["max_us"], 10'000);
    EXPECT_EQ(document["by_second"].size(), 2U);
    EXPECT_EQ(document["cumulative_us_percent"].back()[1], 100);
}

TEST(Report, ThePageNeedsNothingElseAndIsNotBrokenByWhatItShows) {
    Report report = sample();
    report.totals.first_error = "</script><b>/*CHART_JS*/ \xff";
    const std::string page = as_html(report);
    EXPECT_THAT(page, Not(HasSubstr("/*REPORT*/")));
    EXPECT_THAT(page, HasSubstr("Chart.js"));
    EXPECT_THAT(page, Not(HasSubstr("</script><b>")));
    EXPECT_THAT(page, Not(HasSubstr("src=")));
    const auto begin = page.find("type=\"application/json\">") + 24;
    const json document = json::parse(page.substr(begin, page.find("</script>", begin) - begin));
    EXPECT_THAT(document["first_error"].get<std::string>(), HasSubstr("</script><b>/*CHART_JS*/"));
}

}  // namespace
}  // namespace dtmd::bench
