#include "api/json/requests.h"
#include "proto/dtm_service.pb.h"
#include "store/redis/codec.h"
#include "store/redis/time_text.h"
#include "store/rocksdb/codec.h"
#include "store/rocksdb/keys.h"
#include "store/sql/row.h"
#include "target.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

// Writes inputs that no person types: records as our codecs make them, and gRPC messages. fuzz_seeds FOLDER puts them
// into the corpora below FOLDER; to be run again when a record gets a new field.
namespace dtmd::fuzz {
namespace {

namespace rocks = store::rocks;

constexpr Time moment{Millis(1'800'000'000'123)};

txn::Transaction sample(std::string_view body, txn::Status status) {
    auto read = api::read_transaction(body);
    check(read.has_value(), "a seed is a good request");
    txn::Transaction& transaction = read->transaction;
    transaction.status = status;
    transaction.create_time = transaction.update_time = transaction.next_cron_time = moment;
    transaction.next_cron_interval = 20;
    transaction.retry_count = 2;
    transaction.ext_data = R"({"headers":{"a":"b"}})";
    const auto topic = [](std::string_view) {
        return std::optional(std::vector<std::string>{"http://t/1", "http://t/2"});
    };
    check(txn::make_branches(transaction, topic).empty(), "a seed makes branches");
    check(txn::parse_custom_data(transaction).empty(), "a seed's custom data is good");
    for (std::size_t row = 0; row < transaction.branches.size(); row += 2) {
        txn::Branch& branch = transaction.branches[row];
        branch.attempts = 3;
        branch.last_error = "HTTP status 500";
        branch.first_call = branch.last_call = moment;
    }
    return transaction;
}

std::vector<txn::Transaction> samples() {
    return {
        sample(R"({"gid":"s1","trans_type":"saga","steps":[{"action":"http://a/1","compensate":"http://a/2"},)"
               R"({"action":"http://b/1","compensate":""}],"payloads":["{\"n\":1}","null"],"branch_headers":{"h":"v"},)"
               R"("custom_data":"{\"concurrent\":true,\"orders\":{\"1\":[0]}}","timeout_to_fail":40,"retry_limit":3})",
               txn::Status::submitted),
        sample(R"({"gid":"m1","trans_type":"msg","steps":[{"action":"topic://t"},{"action":"http://a/1"}],)"
               R"("payloads":["1","2"],"query_prepared":"http://a/q","custom_data":"{\"delay\":9}"})",
               txn::Status::submitted),
        sample(R"({"gid":"t1","trans_type":"tcc","rollback_reason":"no"})", txn::Status::aborting),
        sample(R"({"gid":"w1","trans_type":"workflow","query_prepared":"http://a/w",)"
               R"("custom_data":"{\"data\":\"eHk=\",\"name\":\"wf\"}"})",
               txn::Status::prepared),
    };
}

class Writer {
public:
    explicit Writer(std::filesystem::path folder) : folder_(std::move(folder)) {}

    void write(const std::string& target, const std::string& name, const std::string& input) const {
        std::filesystem::create_directories(folder_ / target);
        std::ofstream(folder_ / target / name, std::ios::binary) << input;
    }

private:
    std::filesystem::path folder_;
};

void write_rocksdb(const Writer& out, const txn::Transaction& transaction) {
    proto::Fixed fixed;
    proto::State state;
    rocks::encode_fixed(transaction, fixed);
    rocks::encode_state(transaction, state);
    auto& row = *state.add_rows();
    row.set_row(1);
    row.set_status(1);
    row.set_finish_time(rocks::to_ms(moment));
    const std::string head = fixed.SerializeAsString(), rest = state.SerializeAsString();
    std::string input = "t";
    input += static_cast<char>(head.size() >> 8);
    input += static_cast<char>(head.size());
    out.write("store_record", "transaction-" + transaction.gid, input + head + rest);
    out.write("store_record", "change-" + transaction.gid, std::string("u\x02\x01\x02", 4) + rest);
    if (transaction.branches.empty()) return;
    proto::Branch branch;
    rocks::encode_branch(transaction.branches.front(), branch);
    out.write("store_record", "branch-" + transaction.gid, "b" + branch.SerializeAsString());
}

void write_keys(const Writer& out) {
    std::string key;
    out.write("store_record", "key-due", "k" + rocks::due_key(key, moment, "gid"));
    out.write("store_record", "key-created", "k" + rocks::created_key(key, moment, "gid"));
    out.write("store_record", "key-ended", "k" + rocks::ended_key(key, moment, "gid"));
    out.write("store_record", "position", "p" + rocks::to_position('c', rocks::created_key(key, moment, "gid")));
}

void write_redis(const Writer& out, const txn::Transaction& transaction) {
    std::string input = "r" + transaction.gid + "\n" + std::string(txn::name(transaction.status)) + "\n";
    input += store::redis::score_of(transaction.next_cron_time) + "\n" + store::redis::encode_global(transaction);
    for (const auto& branch : transaction.branches) {
        input += "\n" + store::redis::encode_branch(transaction.gid, branch);
    }
    out.write("foreign_record", "redis-" + transaction.gid, input);
}

void write_sql(const Writer& out, const txn::Transaction& transaction) {
    const auto row = store::sql::global_row(transaction, 2048);
    std::string input = "s";
    for (const std::string* column :
         {&row.gid, &row.trans_type, &row.status, &row.query_prepared, &row.protocol, &row.options, &row.custom_data,
          &row.owner, &row.ext_data, &row.result, &row.rollback_reason}) {
        input += *column + "\n";
    }
    for (const auto& branch : transaction.branches) {
        input += branch.branch_id + "\n" + branch.op + "\n" + std::string(txn::name(branch.status)) + "\n";
        input += branch.url + "\n";
    }
    out.write("foreign_record", "sql-" + transaction.gid, input);
    out.write("foreign_record", "extra-" + transaction.gid, "e" + row.ext_data);
    out.write("foreign_record", "options-" + transaction.gid, "o" + row.options);
}

void write_grpc(const Writer& out, const txn::Transaction& transaction) {
    dtmgimp::DtmRequest request;
    request.set_gid(transaction.gid);
    request.set_transtype(std::string(txn::name(transaction.mode)));
    request.set_steps(transaction.steps.empty() ? "null" : R"([{"action":"b:1/b.B/x","compensate":"b:1/b.B/y"}])");
    if (!transaction.steps.empty()) request.add_binpayloads("\x0A\x01x");
    request.set_queryprepared("b:1/b.B/q");
    request.set_customeddata(transaction.custom_data);
    auto& options = *request.mutable_transoptions();
    options.set_waitresult(true);
    options.set_timeouttofail(40);
    (*options.mutable_branchheaders())["h"] = "v";
    (*request.mutable_reqextra())["status"] = "succeed";
    out.write("grpc_message", "transaction-" + transaction.gid, "t" + request.SerializeAsString());

    dtmgimp::DtmBranchRequest branch;
    branch.set_gid(transaction.gid);
    branch.set_transtype(std::string(txn::name(transaction.mode)));
    branch.set_branchid("01");
    branch.set_busipayload("payload");
    for (const char* key : {"confirm", "cancel", "url", "op"}) (*branch.mutable_data())[key] = "b:1/b.B/x";
    (*branch.mutable_data())["status"] = "succeed";
    out.write("grpc_message", "branch-" + transaction.gid, "b" + branch.SerializeAsString());
}

}  // namespace
}  // namespace dtmd::fuzz

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s FOLDER-OF-CORPORA\n", argv[0]);
        return 2;
    }
    const dtmd::fuzz::Writer out(argv[1]);
    dtmd::fuzz::write_keys(out);
    for (const auto& transaction : dtmd::fuzz::samples()) {
        dtmd::fuzz::write_rocksdb(out, transaction);
        dtmd::fuzz::write_redis(out, transaction);
        dtmd::fuzz::write_sql(out, transaction);
        dtmd::fuzz::write_grpc(out, transaction);
    }
    return 0;
}
