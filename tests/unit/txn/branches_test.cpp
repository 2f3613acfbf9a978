#include "txn/branches.h"

#include "samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dtmd::txn {
namespace {

using namespace samples;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Step step(std::string action, std::string compensate = {}, std::string data = {}) {
    Step made;
    made.members = {{"action", std::move(action)}};
    if (!compensate.empty()) made.members.emplace_back("compensate", std::move(compensate));
    if (!data.empty()) made.members.emplace_back("data", std::move(data));
    return made;
}

Transaction request(Mode mode, std::size_t steps) {
    Transaction transaction;
    transaction.mode = mode;
    transaction.create_time = t0;
    for (std::size_t i = 0; i < steps; ++i) {
        transaction.steps.push_back(step("http://s/a" + std::to_string(i), "http://s/c" + std::to_string(i)));
        transaction.payloads.push_back("p" + std::to_string(i));
    }
    return transaction;
}

// "id op url body" of each row.
std::vector<std::string> lines(const std::vector<Branch>& rows) {
    std::vector<std::string> texts;
    for (const Branch& row : rows) texts.push_back(row.branch_id + " " + row.op + " " + row.url + " " + row.body);
    return texts;
}

std::optional<std::vector<std::string>> no_topics(std::string_view) { return std::nullopt; }

std::optional<std::vector<std::string>> some_topics(std::string_view topic) {
    if (topic == "none") return std::vector<std::string>{};
    if (topic == "one") return std::vector<std::string>{"http://one/x"};
    if (topic == "three") return std::vector<std::string>{"http://t1/x", "http://t2/x", "http://t3/x"};
    if (topic == "bad") return std::vector<std::string>{"http://t1/x", "ftp://t2/x"};
    if (topic == "many") return std::vector<std::string>(120, "http://m/x");
    return std::nullopt;
}

TEST(Branches, SagaHasACompensationAndAnActionPerStep) {
    Transaction transaction = request(Mode::saga, 2);
    EXPECT_EQ(make_branches(transaction, no_topics), "");
    EXPECT_THAT(lines(transaction.branches), ElementsAre("01 compensate http://s/c0 p0", "01 action http://s/a0 p0",
                                                         "02 compensate http://s/c1 p1", "02 action http://s/a1 p1"));
    for (const Branch& row : transaction.branches) {
        EXPECT_EQ(row.status, BranchStatus::prepared);
        EXPECT_EQ(row.create_time, t0);
        EXPECT_EQ(row.attempts, 0u);
    }
}

TEST(Branches, AreNumberedWithAtLeastTwoDigits) {
    for (const Mode mode : {Mode::saga, Mode::message}) {
        Transaction transaction = request(mode, 101);
        ASSERT_EQ(make_branches(transaction, no_topics), "");
        const std::size_t rows = mode == Mode::saga ? 2 : 1;
        EXPECT_EQ(transaction.branches[0].branch_id, "01");
        EXPECT_EQ(transaction.branches[8 * rows].branch_id, "09");
        EXPECT_EQ(transaction.branches[9 * rows].branch_id, "10");
        EXPECT_EQ(transaction.branches[98 * rows].branch_id, "99");
        EXPECT_EQ(transaction.branches[99 * rows].branch_id, "100");
        EXPECT_EQ(transaction.branches[100 * rows].branch_id, "101");
    }
}

TEST(Branches, EmptyUrlIsAStepWithNothingToDo) {
    Transaction transaction = request(Mode::saga, 1);
    transaction.steps[0] = step("http://s/a");
    EXPECT_EQ(make_branches(transaction, no_topics), "");
    EXPECT_THAT(lines(transaction.branches), ElementsAre("01 compensate  p0", "01 action http://s/a p0"));
}

TEST(Branches, MessageTopicsBecomeOneBranchPerSubscriber) {
    Transaction transaction = request(Mode::message, 4);
    transaction.steps[1] = step("topic://three");
    transaction.steps[2] = step("topic://one");
    transaction.steps[3] = step("topic://none");
    EXPECT_EQ(make_branches(transaction, some_topics), "");
    EXPECT_THAT(lines(transaction.branches),
                ElementsAre("01 action http://s/a0 p0", "02-01 action http://t1/x p1", "02-02 action http://t2/x p1",
                            "02-03 action http://t3/x p1", "03 action http://one/x p2"));
}

TEST(Branches, ManySubscribersAreNumberedOn) {
    Transaction transaction = request(Mode::message, 1);
    transaction.steps[0] = step("topic://many");
    EXPECT_EQ(make_branches(transaction, some_topics), "");
    ASSERT_EQ(transaction.branches.size(), 120u);
    EXPECT_EQ(transaction.branches[98].branch_id, "01-99");
    EXPECT_EQ(transaction.branches[99].branch_id, "01-100");
}

TEST(Branches, BadTopicsAreComplainedOf) {
    Transaction transaction = request(Mode::message, 1);
    for (const char* topic : {"topic://unknown", "topic://"}) {
        transaction.steps[0] = step(topic);
        EXPECT_EQ(make_branches(transaction, some_topics), "topic not found");
    }
    transaction.steps[0] = step("topic://bad");
    EXPECT_THAT(make_branches(transaction, some_topics), StartsWith("steps[0].action: 'ftp://t2/x' is not a URL"));
    transaction.mode = Mode::saga;
    transaction.steps[0] = step("topic://one");
    EXPECT_THAT(make_branches(transaction, some_topics), StartsWith("steps[0].action: 'topic://one' is not a URL"));
}

TEST(Branches, BodiesComeFromPayloadsOrFromLegacyData) {
    const struct {
        const char* rule;
        std::vector<std::string> payloads, data;
        const char* bodies;  ///< Of the actions; or the complaint.
    } rows[] = {
        {"payloads", {"p0", "p1"}, {"", ""}, "p0 p1"},
        {"empty ones count", {"", "p1"}, {"", ""}, " p1"},
        {"legacy data", {}, {"d0", "d1"}, "d0 d1"},
        {"both, complete: the payloads", {"p0", "p1"}, {"d0", "d1"}, "p0 p1"},
        {"payloads, then data", {"p0"}, {"d0", ""}, "p0 d0"},
        {"too few", {"p0"}, {"", ""}, "payloads: expected one for each of the 2 steps, got 1"},
        {"none", {}, {"", ""}, "payloads: expected one for each of the 2 steps, got 0"},
        {"too many", {"p0", "p1", "p2"}, {"", ""}, "payloads: expected one for each of the 2 steps, got 3"},
        {"too many of both", {"p0"}, {"d0", "d1"}, "payloads: expected one for each of the 2 steps, got 3"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.rule);
        Transaction transaction = request(Mode::message, 2);
        transaction.payloads = row.payloads;
        for (std::size_t i = 0; i < 2; ++i) transaction.steps[i] = step("http://s/a", {}, row.data[i]);
        const Complaint complaint = make_branches(transaction, no_topics);
        const std::string bodies =
            complaint.empty() ? transaction.branches[0].body + " " + transaction.branches[1].body : complaint;
        EXPECT_EQ(bodies, row.bodies);
    }
}

TEST(Branches, OfOtherModesAreRegisteredLater) {
    for (const Mode mode : {Mode::tcc, Mode::xa, Mode::workflow}) {
        Transaction transaction = request(mode, 2);
        transaction.branches.resize(3);
        EXPECT_EQ(make_branches(transaction, no_topics), "");
        EXPECT_TRUE(transaction.branches.empty());
    }
    Transaction none = request(Mode::saga, 0);
    EXPECT_EQ(make_branches(none, no_topics), "");
    EXPECT_TRUE(none.branches.empty());
}

TEST(Branches, BadUrlsNameTheirStep) {
    Transaction transaction = request(Mode::saga, 2);
    transaction.steps[1] = step("http://s/a", "s/c");
    EXPECT_THAT(make_branches(transaction, no_topics), StartsWith("steps[1].compensate: 's/c' is not a URL"));
    transaction.protocol = "grpc";
    EXPECT_EQ(make_branches(transaction, no_topics), "");
}

struct UrlRow {
    const char* url;
    const char* protocol;
    const char* complaint;  ///< Part of it; empty: none.
};

const UrlRow urls[] = {
    {"", "http", ""},
    {"http://s", "http", ""},
    {"http://s/", "http", ""},
    {"https://s:443/a/b?x=1&y=%20#f", "http", ""},
    {"http://127.0.0.1:8080/a", "http", ""},
    {"http://[::1]/a", "http", ""},
    {"http://[::1]:8080/a", "http", ""},
    {"http://user:word@s:80/a", "http", ""},
    {"http://s?x=a:b", "http", ""},
    {"http://s:1", "http", ""},
    {"http://s:65535", "http", ""},
    {"http://s/rpc?method=pay", "json-rpc", ""},
    {"s:58080/busi.Busi/TransIn", "grpc", ""},
    {"etcd://registry/service/busi.Busi/TransIn", "grpc", ""},
    {"etcd://registry:2379/service/pay", "http", ""},
    {"static://a:1,b:2/pay", "http", ""},
    {"https+discovery:///service/pay", "http", ""},
    {"grpc+etcd://registry/service/busi.Busi/TransIn", "http", ""},
    {"etcd://registry", "http", "names no service"},
    {"etcd://registry/", "grpc", "names no service"},
    {"consul://registry/service/pay", "http", "not a URL"},
    {"s:58080/busi.Busi/TransIn", "http", "not a URL that can be called: expected http:// or https://"},
    {"s:58080/busi.Busi/TransIn", "json-rpc", ""},
    {"ftp://s/a", "http", "not a URL"},
    {"//s/a", "http", "not a URL"},
    {"file:///etc/passwd", "http", "not a URL"},
    {"http:/s", "http", "not a URL"},
    {"http://", "http", "names no host"},
    {"http:///a", "http", "names no host"},
    {"http://?a", "http", "names no host"},
    {"http://:80/a", "http", "names no host"},
    {"http://user@/a", "http", "names no host"},
    {"http://user@:80/a", "http", "names no host"},
    {"http://[::1/a", "http", "names no host"},
    {"http://[]/a", "http", "names no host"},
    {"http://[]:80/a", "http", "names no host"},
    {"http://[::1]x:80/a", "http", "names no host"},
    {"http://s:/a", "http", "bad port"},
    {"http://s:0/a", "http", "bad port"},
    {"http://s:65536/a", "http", "bad port"},
    {"http://s:99999999999/a", "http", "bad port"},
    {"http://s:-1/a", "http", "bad port"},
    {"http://s:80a/a", "http", "bad port"},
    {"http://s:80:80/a", "http", "bad port"},
    {"http://s/a b", "http", "spaces or control characters"},
    {" http://s", "http", "spaces or control characters"},
    {"http://s/a\r\nX: y", "http", "spaces or control characters"},
    {"s:1/a\tb", "grpc", "spaces or control characters"},
    {"http://s/\x7F", "grpc", "spaces or control characters"},
    {"http://", "grpc", "names no host"},
};

TEST(Url, IsCheckedByTheTable) {
    for (const UrlRow& row : urls) {
        SCOPED_TRACE(std::string(row.protocol) + " " + row.url);
        const Complaint complaint = why_bad_url(row.url, row.protocol);
        EXPECT_EQ(complaint.empty(), row.complaint[0] == '\0') << complaint;
        EXPECT_THAT(complaint, HasSubstr(row.complaint));
    }
    EXPECT_LT(why_bad_url(std::string(100'000, 'x'), "http").size(), 400u) << "complaints stay readable";
}

TEST(Options, AreCheckedByTheTable) {
    const struct {
        const char* rule;
        void (*given)(Transaction&);
        const char* complaint;
    } rows[] = {
        {"nothing given", [](Transaction&) {}, ""},
        {"all given", [](Transaction& t) { t.options = {true, 5, 3, 7, {{"X-a", "b c"}}, true, 9}; }, ""},
        {"negative time-out", [](Transaction& t) { t.options.timeout_to_fail = -1; },
         "timeout_to_fail: expected whole seconds from 0"},
        {"absurd time-out", [](Transaction& t) { t.options.timeout_to_fail = 1LL << 60; }, "timeout_to_fail: expected"},
        {"ten years", [](Transaction& t) { t.options.timeout_to_fail = 10LL * 366 * 86'400; }, ""},
        {"negative request time-out", [](Transaction& t) { t.options.request_timeout = -1; },
         "request_timeout: expected"},
        {"negative interval", [](Transaction& t) { t.options.retry_interval = -9; }, "retry_interval: expected"},
        {"negative limit", [](Transaction& t) { t.options.retry_limit = -1; },
         "retry_limit: must not be negative, got -1"},
        {"grpc", [](Transaction& t) { t.protocol = "grpc"; }, ""},
        {"json-rpc", [](Transaction& t) { t.protocol = "json-rpc"; }, ""},
        {"unknown protocol", [](Transaction& t) { t.protocol = "HTTP"; },
         "protocol: expected http, grpc or json-rpc, got 'HTTP'"},
        {"header without a name", [](Transaction& t) { t.options.branch_headers = {{"", "v"}}; },
         "branch_headers: '' is not a header name"},
        {"header name with a colon", [](Transaction& t) { t.options.branch_headers = {{"a:b", "v"}}; },
         "branch_headers: 'a:b' is not"},
        {"header that smuggles a line", [](Transaction& t) { t.options.branch_headers = {{"a", "v\r\nb: c"}}; },
         "branch_headers: the value of 'a'"},
        {"bad check-back", [](Transaction& t) { t.query_prepared = "s:1/q"; }, "query_prepared: 's:1/q' is not a URL"},
        {"check-back of grpc",
         [](Transaction& t) {
             t.query_prepared = "s:1/q";
             t.protocol = "grpc";
         },
         ""},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.rule);
        Transaction transaction = request(Mode::saga, 1);
        row.given(transaction);
        const Complaint complaint = check_options(transaction);
        EXPECT_EQ(complaint.empty(), row.complaint[0] == '\0') << complaint;
        EXPECT_THAT(complaint, StartsWith(row.complaint));
    }
}

}  // namespace
}  // namespace dtmd::txn
