#include "store_contract/backends.h"

namespace dtmd::store::test {

TEST_P(Contract, KeepsEveryFieldOfARecord) {
    const auto record = full("g");
    EXPECT_EQ(apply(insert(record)), Outcome::ok);
    EXPECT_EQ(load("g"), kept(record));
    reopen();
    EXPECT_EQ(load("g"), kept(record));
}

TEST_P(Contract, KeepsEveryModeAndStatus) {
    using txn::Mode, txn::Status;
    for (const auto mode : {Mode::saga, Mode::tcc, Mode::xa, Mode::message, Mode::workflow}) {
        for (const auto status :
             {Status::prepared, Status::submitted, Status::aborting, Status::succeed, Status::failed}) {
            auto record = tcc(std::string(txn::name(mode)) + "-" + std::string(txn::name(status)));
            record.mode = mode;
            record.status = status;
            EXPECT_EQ(apply(insert(record)), Outcome::ok);
            EXPECT_EQ(load(record.gid), kept(record));
        }
    }
}

TEST_P(Contract, KeepsEmptyFieldsEmpty) {
    txn::Transaction record;
    record.gid = "g";
    record.protocol = "";
    record.payloads = {"", ""};
    record.steps = {{}, {{{"", ""}}}};
    record.branches = {txn::Branch{}, txn::Branch{.branch_id = "01"}};
    EXPECT_EQ(apply(insert(record)), Outcome::ok);
    EXPECT_EQ(load("g"), kept(record));
}

TEST_P(Contract, KeepsBodiesThatEqualAPayloadAndThoseThatDoNot) {
    auto record = saga("g");
    record.payloads = {"same", "other"};
    record.branches[0].body = "same";
    record.branches[1].body = "other";
    record.branches[2].body = "other";
    record.branches[3].body = "third";
    EXPECT_EQ(apply(insert(record)), Outcome::ok);
    EXPECT_EQ(load("g"), kept(record));
}

TEST_P(Contract, KeepsGidsWithSpecialCharacters) {
    const std::string longest(128, 'g');
    for (const std::string& gid :
         {std::string("';drop--"), std::string("\xF0\x9F\x98\x80"), std::string("%00\\"), longest}) {
        EXPECT_EQ(apply(insert(saga(gid))), Outcome::ok) << gid;
        EXPECT_EQ(load(gid), kept(saga(gid))) << gid;
        EXPECT_EQ(apply(turn(gid, txn::Status::submitted, txn::Status::succeed)), Outcome::ok) << gid;
    }
}

}  // namespace dtmd::store::test
