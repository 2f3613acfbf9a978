#include "txn/branches.h"

#include "samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dtmd::txn {
namespace {

using namespace samples;
using testing::StartsWith;
using Orders = std::vector<std::vector<std::uint32_t>>;

struct SagaRow {
    const char* custom_data;
    bool concurrent;
    Orders orders;
    const char* complaint;
};

const SagaRow saga_rows[] = {
    {"", false, {}, ""},
    {"null", false, {}, ""},
    {"{}", false, {}, ""},
    {R"({"concurrent":false})", false, {}, ""},
    {R"({"concurrent":true})", true, {}, ""},
    {R"({"concurrent":true,"orders":null})", true, {}, ""},
    {R"({"concurrent":true,"orders":{}})", true, {}, ""},
    {R"({"concurrent":true,"orders":{"1":[]}})", true, {}, ""},
    {R"({"concurrent":true,"orders":{"1":null}})", true, {}, ""},
    {R"({"concurrent":true,"orders":{"1":[0],"2":[0,1]}})", true, {{}, {0}, {0, 1}}, ""},
    {R"({"concurrent":true,"orders":{"0":[2]}})", true, {{2}, {}, {}}, ""},
    {R"({"orders":{"2":[0]}})", false, {{}, {}, {0}}, ""},
    {R"({"concurrent":true,"orders":{"3":[0]}})",
     false,
     {},
     "custom_data: orders: '3' is not a step: steps are numbered 0 to 2"},
    {R"({"concurrent":true,"orders":{"1":[3]}})", false, {}, "custom_data: orders: 3 is not a step"},
    {R"({"concurrent":true,"orders":{"1":[-1]}})", false, {}, "custom_data: orders: -1 is not a step"},
    {R"({"concurrent":true,"orders":{"1":[18446744073709551615]}})",
     false,
     {},
     "custom_data: orders: 18446744073709551615 is not"},
    {R"({"concurrent":true,"orders":{"1":[4294967296]}})", false, {}, "custom_data: orders: 4294967296 is not"},
    {R"({"concurrent":true,"orders":{"1":[0.5]}})", false, {}, "custom_data: orders: 0.5 is not a step"},
    {R"({"concurrent":true,"orders":{"1":["0"]}})", false, {}, "custom_data: orders: \"0\" is not a step"},
    {R"({"concurrent":true,"orders":{"x":[0]}})", false, {}, "custom_data: orders: 'x' is not a step"},
    {R"({"concurrent":true,"orders":{"-1":[0]}})", false, {}, "custom_data: orders: '-1' is not a step"},
    {R"({"concurrent":true,"orders":{"":[0]}})", false, {}, "custom_data: orders: '' is not a step"},
    {R"({"concurrent":true,"orders":{"1":0}})", false, {}, "custom_data: orders: '1': expected a list"},
    {R"({"concurrent":true,"orders":[1]})", false, {}, "custom_data: orders: expected an object"},
    {R"({"concurrent":true,"orders":{"1":[1]}})", false, {}, "custom_data: orders: the steps wait for each other"},
    {R"({"concurrent":true,"orders":{"0":[1],"1":[0]}})",
     false,
     {},
     "custom_data: orders: the steps wait for each other"},
    {R"({"concurrent":true,"orders":{"0":[2],"1":[0],"2":[1]}})",
     false,
     {},
     "custom_data: orders: the steps wait for each other"},
    {R"({"orders":{"0":[1]}})", false, {}, "custom_data: orders: the steps wait for each other"},
    {"{", false, {}, "custom_data: expected the text of a JSON object"},
    {"[]", false, {}, "custom_data: expected the text of a JSON object"},
    {"1", false, {}, "custom_data: expected the text of a JSON object"},
    {"{} {}", false, {}, "custom_data: expected the text of a JSON object"},
};

TEST(CustomData, OfSagasIsReadByTheTable) {
    for (const SagaRow& row : saga_rows) {
        SCOPED_TRACE(row.custom_data);
        Transaction transaction = saga(3);
        transaction.custom_data = row.custom_data;
        const Complaint complaint = parse_custom_data(transaction);
        EXPECT_EQ(complaint.empty(), row.complaint[0] == '\0') << complaint;
        EXPECT_THAT(complaint, StartsWith(row.complaint));
        EXPECT_EQ(transaction.saga_concurrent, row.concurrent);
        EXPECT_EQ(transaction.orders, row.orders);
        EXPECT_EQ(parse_custom_data(transaction), complaint) << "reading it again changes nothing";
        EXPECT_EQ(transaction.orders, row.orders);
    }
}

TEST(CustomData, OrdersAreCheckedBeforeTheBranchesAreMade) {
    Transaction transaction;
    transaction.steps.resize(2);
    transaction.custom_data = R"({"concurrent":true,"orders":{"1":[0]}})";
    EXPECT_EQ(parse_custom_data(transaction), "");
    EXPECT_EQ(transaction.orders, (Orders{{}, {0}}));
    transaction.steps.clear();
    EXPECT_THAT(parse_custom_data(transaction), StartsWith("custom_data: orders: '1' is not a step"));
}

TEST(CustomData, LongOrdersAreCheckedWithoutDeepRecursion) {
    constexpr std::size_t steps = 20'000;
    Transaction transaction;
    transaction.steps.resize(steps);
    std::string orders;
    for (std::size_t i = 1; i < steps; ++i) {
        orders += (orders.empty() ? "" : ",") + ("\"" + std::to_string(i - 1) + "\":[" + std::to_string(i) + "]");
    }
    transaction.custom_data = R"({"concurrent":true,"orders":{)" + orders + "}}";
    EXPECT_EQ(parse_custom_data(transaction), "");
    transaction.custom_data = R"({"concurrent":true,"orders":{)" + orders + ",\"19999\":[0]}}";
    EXPECT_THAT(parse_custom_data(transaction), StartsWith("custom_data: orders: the steps wait"));
}

TEST(CustomData, OfMessagesIsTheDelay) {
    const struct {
        const char* custom_data;
        Time not_before;
        const char* complaint;
    } rows[] = {
        {"", {}, ""},
        {R"({"delay":60})", after(60), ""},
        {R"({"delay":0})", {}, ""},
        {R"({"delay":null})", {}, ""},
        {R"({"other":1})", {}, ""},
        {R"({"delay":316224000})", after(316'224'000), ""},
        {R"({"delay":316224001})", {}, "custom_data: delay: expected whole seconds"},
        {R"({"delay":18446744073709551615})", {}, "custom_data: delay: expected whole seconds"},
        {R"({"delay":-1})", {}, "custom_data: delay: expected whole seconds"},
        {R"({"delay":1.5})", {}, "custom_data: delay: expected whole seconds"},
        {R"({"delay":"5"})", {}, "custom_data: delay: expected whole seconds"},
        {"delay", {}, "custom_data: expected the text of a JSON object"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.custom_data);
        Transaction transaction = message(1);
        transaction.custom_data = row.custom_data;
        transaction.status = Status::submitted;
        const Complaint complaint = parse_custom_data(transaction);
        EXPECT_EQ(complaint.empty(), row.complaint[0] == '\0') << complaint;
        EXPECT_THAT(complaint, StartsWith(row.complaint));
        EXPECT_EQ(transaction.not_before, row.not_before);
    }
}

TEST(CustomData, DelayCountsOnceAndFromTheSubmit) {
    Transaction transaction = message(1);
    transaction.custom_data = R"({"delay":60})";
    EXPECT_EQ(parse_custom_data(transaction), "");
    EXPECT_EQ(transaction.not_before, Time{}) << "it is only prepared";
    transaction.status = Status::submitted;
    transaction.not_before = after(90);
    EXPECT_EQ(parse_custom_data(transaction), "");
    EXPECT_EQ(transaction.not_before, after(90)) << "what is stored holds";
}

TEST(CustomData, OfWorkflowsIsNameAndInput) {
    Transaction transaction = workflow();
    transaction.custom_data = R"({"name":"pay","data":"eyJhIjoxfQ=="})";
    EXPECT_EQ(parse_custom_data(transaction), "");
    EXPECT_EQ(transaction.workflow_name, "pay");
    EXPECT_EQ(transaction.workflow_data, R"({"a":1})");
    transaction.workflow_data.clear();
    transaction.custom_data = R"({"name":"pay","data":null})";
    EXPECT_EQ(parse_custom_data(transaction), "");
    EXPECT_EQ(transaction.workflow_data, "");
    for (const char* bad : {R"({"data":"!!!"})", R"({"data":5})"}) {
        transaction.custom_data = bad;
        EXPECT_THAT(parse_custom_data(transaction), StartsWith("custom_data: data: expected base64"));
    }
}

TEST(CustomData, OfTccAndXaIsNotOurs) {
    for (Transaction transaction : {tcc(1), xa(1)}) {
        transaction.custom_data = "anything { at all";
        EXPECT_EQ(parse_custom_data(transaction), "");
    }
}

// Found by reading for the fuzzer: writing such a value out took stack for each of its levels.
TEST(CustomData, DeepAndLongOrdersAreRefusedBriefly) {
    const std::size_t levels = 1'000'000;
    const std::string deep = std::string(levels, '[') + std::string(levels, ']');
    const std::string members = std::string(levels, 'x');
    const std::string bad[] = {R"({"1":[)" + deep + "]}", R"({"1":[{"a":1}]})", R"({"1":[")" + members + R"("]})",
                               R"({")" + members + R"(":[0]})", R"({"1":[0],")" + members + R"(":0})"};
    for (const std::string& orders : bad) {
        Transaction transaction = saga(3);
        transaction.custom_data = R"({"orders":)" + orders + "}";
        const Complaint complaint = parse_custom_data(transaction);
        EXPECT_TRUE(complaint.starts_with("custom_data: orders: ")) << complaint.substr(0, 200);
        EXPECT_LT(complaint.size(), 300U);
    }
}

}  // namespace
}  // namespace dtmd::txn
