#include "participant/grpc/grpc_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dtmd::participant {
namespace {

using grpc::StatusCode;
using txn::Answer;

TEST(GrpcAnswer, MeansWhatTheTableSays) {
    struct Row {
        StatusCode code;
        const char* message;
        Answer answer;
        const char* text;  ///< Its end.
        bool reached = true;
    };
    const Row rows[] = {
        {StatusCode::OK, "", Answer::success, ""},
        {StatusCode::ABORTED, "no stock", Answer::failure, "no stock FAILURE"},
        {StatusCode::ABORTED, "FAILURE", Answer::failure, "FAILURE"},
        {StatusCode::ABORTED, "", Answer::failure, "FAILURE"},
        {StatusCode::ABORTED, "ONGOING", Answer::ongoing, "ONGOING"},
        {StatusCode::ABORTED, "ONGOING.", Answer::failure, "ONGOING. FAILURE"},
        {StatusCode::FAILED_PRECONDITION, "later", Answer::ongoing, "later ONGOING"},
        {StatusCode::UNAVAILABLE, "gone", Answer::unknown, "h:1/a.B/C: rpc error: code = Unavailable desc = gone",
         false},
        {StatusCode::DEADLINE_EXCEEDED, "late", Answer::unknown, "code = DeadlineExceeded desc = late", false},
        {StatusCode::CANCELLED, "", Answer::unknown, "code = Canceled desc = ", false},
        {StatusCode::INTERNAL, "FAILURE", Answer::unknown, "code = Internal desc = FAILURE"},
        {StatusCode::UNKNOWN, "Stream removed", Answer::unknown, "code = Unknown desc = Stream removed", false},
        {StatusCode::UNKNOWN, "x", Answer::unknown, "code = Unknown desc = x"},
        {StatusCode::UNIMPLEMENTED, "x", Answer::unknown, "code = Unimplemented desc = x"},
        {StatusCode::RESOURCE_EXHAUSTED, "x", Answer::unknown, "code = ResourceExhausted desc = x"},
        {StatusCode::INVALID_ARGUMENT, "x", Answer::unknown, "code = InvalidArgument desc = x"},
        {StatusCode::UNAUTHENTICATED, "x", Answer::unknown, "code = Unauthenticated desc = x"},
        {static_cast<StatusCode>(20), "x", Answer::unknown, "code = Unknown desc = x"},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(std::to_string(row.code) + " " + row.message);
        const Reply reply = interpret_grpc(grpc::Status(row.code, row.message), "h:1/a.B/C");
        EXPECT_EQ(reply.answer, row.answer);
        EXPECT_EQ(reply.reached, row.reached);
        EXPECT_EQ(reply.code, row.code);
        EXPECT_THAT(reply.text, testing::EndsWith(row.text));
        EXPECT_LE(reply.text.size(), txn::max_error_text);
    }
}

TEST(GrpcAnswer, KeepsTheWordThatClientsLookForWhenItIsLong) {
    const Reply reply = interpret_grpc({StatusCode::ABORTED, std::string(5'000, 'x')}, "h:1/a.B/C");
    EXPECT_LE(reply.text.size(), txn::max_error_text);
    EXPECT_THAT(reply.text, testing::EndsWith(" FAILURE"));
}

TEST(GrpcMessage, IsThePayloadUnlessAWorkflowIsCalledBack) {
    Call branch;
    branch.trans_type = "saga";
    branch.branch_id = "00";
    branch.body = std::string("\0raw", 4);
    EXPECT_EQ(message_of(branch), std::string("\0raw", 4));

    Call workflow;
    workflow.trans_type = "workflow";
    workflow.branch_id = "00";
    EXPECT_EQ(message_of(workflow), "");
    workflow.body = "data";
    EXPECT_EQ(message_of(workflow),
              "\x0A\x04"
              "data");
    workflow.body = std::string(300, 'x');
    EXPECT_EQ(message_of(workflow), "\x0A\xAC\x02" + std::string(300, 'x'));
}

}  // namespace
}  // namespace dtmd::participant
