#include "participant/dispatch.h"

#include <gtest/gtest.h>

namespace dtmd::participant {
namespace {

class Recorder final : public Participant {
public:
    explicit Recorder(std::string& log, char name) : log_(log), name_(name) {}
    void call(Call, absl::AnyInvocable<void(Reply)>) override { log_ += name_; }

private:
    std::string& log_;
    char name_;
};

TEST(Dispatch, GoesByAddressAndProtocol) {
    struct Row {
        const char* protocol;
        const char* url;
        const char* chosen;
    };
    const Row rows[] = {
        {"grpc", "h:1/a.B/C", "g"},
        {"grpc", "grpcs://h:1/a.B/C", "g"},
        {"grpc", "http://h/x", "h"},
        {"grpc", "https://h/x", "h"},
        {"http", "h:1/a.B/C", "h"},
        {"http", "http://h/x", "h"},
        {"json-rpc", "http://h/?method=x", "h"},
        {"json-rpc", "h:1/a.B/C", "g"},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(std::string(row.protocol) + " " + row.url);
        std::string log;
        const auto both =
            make_dispatching_participant(std::make_unique<Recorder>(log, 'h'), std::make_unique<Recorder>(log, 'g'));
        Call call;
        call.url = row.url;
        call.protocol = row.protocol;
        both->call(std::move(call), [](const Reply&) {});
        EXPECT_EQ(log, row.chosen);
    }
}

TEST(Dispatch, WhatIsNoBranchGoesOverHttp) {
    Call call;
    call.url = "h:1/a.B/C";
    call.protocol = "grpc";
    call.plain = true;
    EXPECT_FALSE(goes_by_grpc(call));
}

}  // namespace
}  // namespace dtmd::participant
