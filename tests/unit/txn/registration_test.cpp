#include "txn/branches.h"

#include "samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dtmd::txn {
namespace {

using namespace samples;
using testing::ElementsAre;
using testing::StartsWith;

std::vector<std::string> registered(const Registration& registration) {
    std::vector<Branch> rows;
    const Complaint complaint = make_rows(registration, t0, rows);
    if (!complaint.empty()) return {rows.empty() ? complaint : "complained, and appended: " + complaint};
    std::vector<std::string> texts;
    for (const Branch& row : rows) {
        EXPECT_EQ(row.create_time, t0);
        EXPECT_EQ(row.finish_time, row.status == BranchStatus::prepared ? Time{} : t0);
        texts.push_back(row.branch_id + " " + row.op + " " + std::string(name(row.status)) + " " + row.url + " " +
                        row.body);
    }
    return texts;
}

Registration registration(Mode mode) {
    Registration made;
    made.gid = "g";
    made.mode = mode;
    made.branch_id = "01";
    made.data = "d";
    return made;
}

TEST(Registration, OfTccIsCancelThenConfirm) {
    Registration made = registration(Mode::tcc);
    made.confirm = "http://s/confirm";
    made.cancel = "http://s/cancel";
    EXPECT_THAT(registered(made),
                ElementsAre("01 cancel prepared http://s/cancel d", "01 confirm prepared http://s/confirm d"));
    made.confirm.clear();
    EXPECT_THAT(registered(made), ElementsAre("01 cancel prepared http://s/cancel d", "01 confirm prepared  d"));
    made.cancel.clear();
    EXPECT_THAT(registered(made), ElementsAre("01 cancel prepared  d", "01 confirm prepared  d"));
    made.branch_id = "0201";
    made.confirm = "s:58080/busi.Busi/Confirm";
    EXPECT_THAT(registered(made),
                ElementsAre("0201 cancel prepared  d", "0201 confirm prepared s:58080/busi.Busi/Confirm d"));
}

TEST(Registration, OfXaIsRollbackThenCommitAtOneUrl) {
    Registration made = registration(Mode::xa);
    made.url = "http://s/xa";
    EXPECT_THAT(registered(made),
                ElementsAre("01 rollback prepared http://s/xa d", "01 commit prepared http://s/xa d"));
}

TEST(Registration, OfWorkflowIsWhatTheClientReports) {
    Registration made = registration(Mode::workflow);
    made.op = "action";
    for (const char* status : {"prepared", "succeed", "failed"}) {
        made.status = status;
        EXPECT_THAT(registered(made), ElementsAre("01 action " + std::string(status) + "  d"));
    }
    for (const char* op : {"commit", "rollback", "business", "my own step"}) {
        made.op = op;
        EXPECT_THAT(registered(made), ElementsAre("01 " + std::string(op) + " failed  d"));
    }
}

TEST(Registration, AppendsBehindWhatIsThere) {
    std::vector<Branch> rows(2);
    EXPECT_EQ(make_rows(registration(Mode::tcc), t0, rows), "");
    EXPECT_EQ(rows.size(), 4u);
    EXPECT_EQ(rows[2].op, "cancel");
}

TEST(Registration, IsRefusedByTheTable) {
    const struct {
        const char* rule;
        Mode mode;
        void (*given)(Registration&);
        const char* complaint;
    } rows[] = {
        {"no branch id", Mode::tcc, [](Registration& r) { r.branch_id.clear(); }, "branch_id: must not be empty"},
        {"branch id too long", Mode::xa, [](Registration& r) { r.branch_id.assign(129, '0'); },
         "branch_id: must not be longer than 128 bytes"},
        {"branch id with a line break", Mode::xa, [](Registration& r) { r.branch_id = "0\n1"; },
         "branch_id: must not contain control characters"},
        {"workflow without op", Mode::workflow, [](Registration& r) { r.status = "succeed"; }, "op: must not be empty"},
        {"workflow op too long", Mode::workflow, [](Registration& r) { r.op.assign(46, 'o'); },
         "op: must not be longer than 45 bytes"},
        {"workflow without status", Mode::workflow, [](Registration& r) { r.op = "action"; },
         "status: expected prepared, succeed or failed, got ''"},
        {"workflow status unknown", Mode::workflow,
         [](Registration& r) {
             r.op = "action";
             r.status = "done";
         },
         "status: expected prepared, succeed or failed, got 'done'"},
        {"confirm can't be called", Mode::tcc, [](Registration& r) { r.confirm = "http:///x"; },
         "confirm: 'http:///x' names no host"},
        {"cancel can't be called", Mode::tcc, [](Registration& r) { r.cancel = "http://s:0/"; },
         "cancel: 'http://s:0/' has a bad port"},
        {"url smuggles a line", Mode::xa, [](Registration& r) { r.url = "http://s/\r\nX: y"; },
         "url: 'http://s/\r\nX: y' contains spaces"},
        {"sagas have their branches", Mode::saga, [](Registration&) {}, "unknow trans type: saga"},
        {"messages too", Mode::message, [](Registration&) {}, "unknow trans type: msg"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.rule);
        Registration made = registration(row.mode);
        row.given(made);
        EXPECT_THAT(registered(made), ElementsAre(StartsWith(row.complaint)));
    }
}

}  // namespace
}  // namespace dtmd::txn
