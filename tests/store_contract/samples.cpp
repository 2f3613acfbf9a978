#include "store_contract/samples.h"

namespace dtmd::store::test {

using txn::Status;

namespace {
Millis tick_of_store{1};
}

Time at(std::int64_t ticks) { return Time(Millis(1'700'000'000'000) + ticks * tick_of_store); }

void set_tick(Millis tick) { tick_of_store = tick; }

txn::Branch branch(std::string branch_id, std::string op) {
    return {.branch_id = std::move(branch_id),
            .op = std::move(op),
            .url = "http://bank/do",
            .body = "{\"amount\":30}",
            .create_time = at(0)};
}

txn::Transaction tcc(std::string gid, Time created) {
    txn::Transaction record;
    record.gid = std::move(gid);
    record.mode = txn::Mode::tcc;
    record.create_time = record.update_time = record.next_cron_time = created;
    return record;
}

txn::Transaction saga(std::string gid, Time created) {
    txn::Transaction record = tcc(std::move(gid), created);
    record.mode = txn::Mode::saga;
    record.status = Status::submitted;
    for (const char* id : {"01", "02"}) {
        record.steps.push_back({{{"action", "http://bank/in"}, {"compensate", "http://bank/undo"}}});
        record.payloads.push_back("{\"amount\":30}");
        record.branches.push_back(branch(id, "compensate"));
        record.branches.push_back(branch(id, "action"));
    }
    return record;
}

txn::Transaction full(std::string gid) {
    txn::Transaction record = saga(std::move(gid), at(5));
    record.mode = txn::Mode::workflow;
    record.status = Status::aborting;
    record.protocol = "grpc";
    record.payloads = {std::string("\0\x01\xff", 3), "\xF0\x9F\x92\xB8 'it''s' \"quoted\" \\ \n\t",
                       std::string(1 << 20, 'm')};
    record.query_prepared = "http://bank/check?q='%00'";
    record.custom_data = "{\"concurrent\":true,\"orders\":{}}";
    record.options = {.wait_result = true,
                      .timeout_to_fail = 35,
                      .request_timeout = 3,
                      .retry_interval = 10,
                      .branch_headers = {{"x-a", "1"}, {"x-b", "\xC3\xA4"}},
                      .concurrent = true,
                      .retry_limit = 7};
    record.result = "cmVzdWx0";
    record.rollback_reason = "no money; \xE2\x82\xAC 'none'";
    record.update_time = at(6);
    record.finish_time = at(7);
    record.rollback_time = at(8);
    record.next_cron_interval = 20;
    record.next_cron_time = at(9);
    record.owner = "node-1";
    record.ext_data = "{\"headers\":{}}";
    record.retry_count = 2;
    record.not_before = at(10);

    auto& rows = record.branches;
    rows[0].body = record.payloads[1];
    rows[1].body = record.payloads[0];
    rows[2].body = std::string(1 << 20, '\0');
    rows[3].body = "";
    rows[3].status = txn::BranchStatus::succeed;
    rows[3].update_time = at(11);
    rows[3].finish_time = at(12);
    rows[3].attempts = 3;
    rows[3].last_error = "HTTP 500: \xF0\x9F\x94\xA5";
    rows[3].first_call = at(13);
    rows[3].last_call = at(14);
    return record;
}

Mutation insert(txn::Transaction record) {
    Mutation mutation;
    mutation.change = Change::insert;
    mutation.gid = record.gid;
    mutation.record = std::move(record);
    return mutation;
}

Mutation update(std::string gid, Status expect, Patch patch) {
    Mutation mutation;
    mutation.change = Change::update;
    mutation.gid = std::move(gid);
    mutation.expect = expect;
    mutation.patch = std::move(patch);
    return mutation;
}

Mutation turn(std::string gid, Status expect, Status to, Time when) {
    Patch patch;
    patch.status = to;
    patch.update_time = when;
    if (to == Status::succeed) patch.finish_time = when;
    if (to == Status::failed) patch.rollback_time = when;
    return update(std::move(gid), expect, std::move(patch));
}

Mutation append(std::string gid, Status expect, std::vector<txn::Branch> branches) {
    Mutation mutation;
    mutation.change = Change::append;
    mutation.gid = std::move(gid);
    mutation.expect = expect;
    mutation.branches = std::move(branches);
    return mutation;
}

}  // namespace dtmd::store::test
