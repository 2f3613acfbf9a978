#include "bench/micro_samples.h"

#include "base/time.h"

#include <stdexcept>

namespace dtmd::micro {
namespace {

const std::string payload = R"({"amount":30,"user_id":1,"note":")" + std::string(66, 'x') + "\"}";
constexpr const char *action = "http://10.0.0.1:8081/api/busi/TransOut",
                     *compensate = "http://10.0.0.1:8081/api/busi/TransOutRevert";

}  // namespace

txn::Transaction saga(std::size_t steps) {
    txn::Transaction transaction;
    transaction.gid = "4fJ9sQmXeK2vWbN7aT1cYd";
    transaction.status = txn::Status::submitted;
    transaction.create_time = transaction.update_time = Time(Millis(1'790'000'000'000));
    transaction.next_cron_time = transaction.create_time + Millis(10'000);
    transaction.next_cron_interval = 10;
    for (std::size_t i = 0; i < steps; ++i) {
        transaction.steps.emplace_back().members = {{"action", action}, {"compensate", compensate}};
        transaction.payloads.push_back(payload);
    }
    const txn::Complaint complaint = txn::make_branches(transaction, {});
    if (!complaint.empty()) throw std::logic_error(complaint);
    return transaction;
}

std::string submit_body(std::size_t steps) {
    std::string list, payloads;
    for (std::size_t i = 0; i < steps; ++i) {
        const char* const comma = i == 0 ? "" : ",";
        list += comma + std::string(R"({"action":")") + action + R"(","compensate":")" + compensate + "\"}";
        std::string quoted;
        for (const char c : payload) quoted += c == '"' ? std::string("\\\"") : std::string(1, c);
        payloads += comma + ("\"" + quoted + "\"");
    }
    return R"({"gid":"4fJ9sQmXeK2vWbN7aT1cYd","trans_type":"saga","wait_result":true,"steps":[)" + list +
           R"(],"payloads":[)" + payloads + "]}";
}

}  // namespace dtmd::micro
