#include "observe/metrics.h"

#include "observe/process_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <thread>
#include <vector>

namespace dtmd::observe {
namespace {

using testing::HasSubstr;
using testing::Not;

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != text.npos;
}

#define EXPECT_LINE(text, line) EXPECT_TRUE(has_line(text, line)) << "no line " << (line) << " in\n" << (text)

// The value of the sample that begins with `start`, or -1.
double value_of(const std::string& text, const std::string& start) {
    const auto found = ("\n" + text).find("\n" + start + " ");
    return found == text.npos ? -1 : std::stod(text.substr(found + start.size() + 1));
}

std::size_t count_of(const std::string& text, const std::string& word) {
    std::size_t count = 0;
    for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++count;
    return count;
}

// protocol.md section 9: dtm's dashboards ask for exactly these.
TEST(Metrics, HaveTheNamesAndLabelsOfDtm) {
    const auto metrics = make_metrics("1.2.3");
    metrics->request_answered("http", "submit", true, 0.003);
    metrics->request_answered("http", "submit", false, 0.03);
    metrics->transaction_processed("saga", true, 0.2);
    metrics->branch_answered("saga", "01", "action", "success", 0.01);
    metrics->branch_answered("saga", "01", "action", "unknown", 3);
    const std::string text = metrics->expose();
    EXPECT_LINE(text, R"(dtm_server_info{gin_version="dtmd 1.2.3",grpc_version=""} 1)");
    EXPECT_LINE(text, R"(dtmd_build_info{version="1.2.3"} 1)");
    EXPECT_LINE(text, R"(dtm_server_process_total{type="http",api="submit",status="ok"} 1)");
    EXPECT_LINE(text, R"(dtm_server_process_total{type="http",api="submit",status="fail"} 1)");
    EXPECT_LINE(text, R"(dtm_server_response_duration_bucket{type="http",api="submit",le="0.005"} 1)");
    EXPECT_LINE(text, R"(dtm_server_response_duration_bucket{type="http",api="submit",le="0.05"} 2)");
    EXPECT_LINE(text, R"(dtm_server_response_duration_bucket{type="http",api="submit",le="+Inf"} 2)");
    EXPECT_LINE(text, R"(dtm_server_response_duration_count{type="http",api="submit"} 2)");
    EXPECT_LINE(text, R"(dtm_transaction_process_total{model="saga",status="ok"} 1)");
    EXPECT_LINE(text, R"(dtm_transaction_handled_duration_bucket{model="saga",le="0.25"} 1)");
    EXPECT_LINE(text, R"(dtm_branch_process_total{model="saga",branchid="01",branchtype="action",status="ok"} 1)");
    EXPECT_LINE(text, R"(dtm_branch_process_total{model="saga",branchid="01",branchtype="action",status="fail"} 1)");
    EXPECT_LINE(text, "# TYPE dtm_server_process_total counter");
    EXPECT_LINE(text, "# TYPE dtm_server_response_duration histogram");
    EXPECT_LINE(text, "# TYPE dtm_server_info gauge");
}

TEST(Metrics, CountOurOwnThings) {
    const auto metrics = make_metrics("1");
    metrics->batch_written(3, 0.0004);
    metrics->batch_failed();
    metrics->read_done(0.002);
    metrics->queue_length(7);
    metrics->transaction_status("msg", "submitted");
    metrics->branch_answered("tcc", "02", "confirm", "ongoing", 0.01);
    metrics->retried("tcc");
    metrics->in_flight(5);
    metrics->in_flight(-2);
    metrics->waiting(4);
    metrics->claimed(10, 0.3);
    metrics->unfinished(12, 34.5);
    metrics->breaker_open(1);
    metrics->alert(true);
    const std::string text = metrics->expose();
    for (const char* const line :
         {R"(dtmd_store_batch_size_bucket{le="2"} 0)", R"(dtmd_store_batch_size_bucket{le="4"} 1)",
          R"(dtmd_store_commit_seconds_bucket{le="0.0005"} 1)", "dtmd_store_failures_total 1",
          "dtmd_store_read_seconds_count 1", "dtmd_store_queue 7",
          R"(dtmd_transactions_total{mode="msg",status="submitted"} 1)",
          R"(dtmd_branch_duration_seconds_count{op="confirm",result="ongoing"} 1)",
          R"(dtmd_branch_retries_total{mode="tcc"} 1)", "dtmd_transactions_in_flight 3", "dtmd_transactions_waiting 4",
          "dtmd_claims_total 10", "dtmd_claim_lag_seconds_count 1", "dtmd_transactions_unfinished 12",
          "dtmd_oldest_unfinished_age_seconds 34.5", "dtmd_circuit_breakers_open 1",
          R"(dtmd_alerts_total{result="sent"} 1)"}) {
        EXPECT_LINE(text, line);
    }
}

TEST(Metrics, ShowAZeroBeforeTheFirstEvent) {
    const std::string text = make_metrics("1")->expose();
    EXPECT_LINE(text, R"(dtmd_alerts_total{result="failed"} 0)");
    EXPECT_LINE(text, R"(dtmd_transactions_total{mode="workflow",status="failed"} 0)");
    EXPECT_LINE(text, R"(dtmd_branch_retries_total{mode="xa"} 0)");
    EXPECT_LINE(text, "dtmd_store_failures_total 0");
    EXPECT_GE(value_of(text, "dtmd_log_lines_dropped_total"), 0);  // Of this process: other tests may have lost some.
}

TEST(Metrics, FoldWhatClientsName) {
    const auto metrics = make_metrics("1");
    for (int i = 0; i < 1'000; ++i) {
        const std::string name = "made-up-" + std::to_string(i);
        metrics->branch_answered("workflow", name, name, "success", 0.01);
        metrics->branch_answered(name, "01", "action", name, 0.01);
        metrics->transaction_status(name, name);
        metrics->transaction_processed(name, true, 0.1);
        metrics->retried(name);
    }
    const std::string text = metrics->expose();
    EXPECT_THAT(text, Not(HasSubstr("made-up")));
    EXPECT_LINE(text,
                R"(dtm_branch_process_total{model="workflow",branchid="other",branchtype="other",status="ok"} 1000)");
    EXPECT_LINE(text, R"(dtmd_branch_duration_seconds_count{op="action",result="other"} 1000)");
    EXPECT_LINE(text, R"(dtmd_transactions_total{mode="other",status="other"} 1000)");
}

TEST(Metrics, TellNineBranchesApart) {
    const struct {
        const char *branch_id, *label;
    } cases[] = {{"01", "01"},    {"09", "09"},       {"10", "other"},   {"0", "other"}, {"", "other"},
                 {"0a", "other"}, {"01-02", "other"}, {"0101", "other"}, {"99", "other"}};
    for (const auto& [branch_id, label] : cases) {
        SCOPED_TRACE(branch_id);
        const auto metrics = make_metrics("1");
        metrics->branch_answered("saga", branch_id, "action", "success", 0.01);
        EXPECT_LINE(metrics->expose(), R"(dtm_branch_process_total{model="saga",branchid=")" + std::string(label) +
                                           R"(",branchtype="action",status="ok"} 1)");
    }
}

// dtm made one series per gid of its query strings (protocol.md W21).
TEST(Metrics, KeepRoutesWithoutTheirQueries) {
    const auto metrics = make_metrics("1");
    for (int i = 0; i < 1'000; ++i) metrics->request_answered("http", "query?gid=g" + std::to_string(i), true, 0.001);
    for (int i = 0; i < 1'000; ++i) metrics->request_answered("http", "route" + std::to_string(i), true, 0.001);
    const std::string text = metrics->expose();
    EXPECT_LINE(text, R"(dtm_server_process_total{type="http",api="query",status="ok"} 1000)");
    EXPECT_LE(count_of(text, "dtm_server_process_total{"), 201u);
    EXPECT_THAT(text, HasSubstr(R"(dtm_server_process_total{type="other",api="other",status="other"})"));
}

TEST(Metrics, EscapeLabelValues) {
    const auto metrics = make_metrics("1\"\n\\");
    EXPECT_LINE(metrics->expose(), R"(dtmd_build_info{version="1\"\n\\"} 1)");
}

TEST(Metrics, TellOfTheProcess) {
    const auto metrics = make_metrics("1");
    const std::string text = metrics->expose();
    EXPECT_GT(value_of(text, "process_resident_memory_bytes"), 1e6);
    EXPECT_GT(value_of(text, "process_virtual_memory_bytes"), value_of(text, "process_resident_memory_bytes") / 2);
    EXPECT_GE(value_of(text, "process_open_fds"), 3);
    EXPECT_GE(value_of(text, "process_max_fds"), value_of(text, "process_open_fds"));
    EXPECT_GE(value_of(text, "process_cpu_seconds_total"), 0);
    const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_LT(value_of(text, "process_start_time_seconds"), now + 2);
    EXPECT_GT(value_of(text, "process_start_time_seconds"), now - 3'600);
}

TEST(Metrics, CountFilesThatAreOpen) {
    const std::uint64_t before = read_process_figures().open_files;
    std::FILE* const file = std::fopen("/dev/null", "r");
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(read_process_figures().open_files, before + 1);
    std::fclose(file);
}

// Each line is a comment or a sample, each family is announced once, and there is nothing twice.
TEST(Metrics, AreValidExposition) {
    const auto metrics = make_metrics("1");
    metrics->branch_answered("saga", "01", "action", "success", 0.01);
    const std::string text = metrics->expose();
    std::istringstream stream(text);
    std::vector<std::string> seen;
    for (std::string line; std::getline(stream, line);) {
        const std::string name = line.starts_with("#") ? line : line.substr(0, line.rfind(' '));
        EXPECT_THAT(seen, Not(testing::Contains(name)));
        seen.push_back(name);
    }
    EXPECT_TRUE(text.ends_with('\n'));
}

TEST(Metrics, CountFromManyThreadsWhileTheyAreRead) {
    const auto metrics = make_metrics("1");
    constexpr int rounds = 20'000;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < rounds; ++i) {
                metrics->branch_answered("saga", i % 2 ? "01" : "02", "action", "success", 0.001);
                metrics->request_answered("http", "submit", true, 0.001);
                metrics->in_flight(i % 2 ? -1 : 1);
            }
        });
    }
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(metrics->expose().empty());
    for (std::thread& thread : threads) thread.join();
    const std::string text = metrics->expose();
    EXPECT_LINE(text, R"(dtm_branch_process_total{model="saga",branchid="01",branchtype="action",status="ok"} 40000)");
    EXPECT_LINE(text, R"(dtm_server_response_duration_count{type="http",api="submit"} 80000)");
    EXPECT_LINE(text, "dtmd_transactions_in_flight 0");
}

}  // namespace
}  // namespace dtmd::observe
