#pragma once

#include "api/http/http_api.h"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A client, an engine and a clock for the HTTP surface: fakes that do what they are told and remember what they saw.
namespace dtmd::api {

class FakeLoop final : public Loop {
public:
    Time now() const override { return Time(Millis(1'795'236'554'484)); }
    std::chrono::microseconds steady() const override { return std::chrono::microseconds(clock_ += 1'000); }
    void post(Task task) override { tasks_.push_back(std::move(task)); }
    void after(Millis, Task task) override { tasks_.push_back(std::move(task)); }

    void run() {
        while (!tasks_.empty()) {
            Task task = std::move(tasks_.front());
            tasks_.pop_front();
            task();
        }
    }

private:
    mutable std::int64_t clock_ = 0;
    std::deque<Task> tasks_;
};

/// Answers every call with `answer` and the matching value, on the loop, later.
class FakeEngine : public engine::Engine {
public:
    engine::Answer answer;
    engine::Found found;
    store::Page page;
    store::KeyValuePage key_values;
    std::pair<std::size_t, bool> reset{0, false};

    std::vector<std::string> calls;  ///< "abort g1 tcc why": the method and its plain arguments.
    std::optional<txn::Transaction> transaction;
    std::optional<txn::Registration> registration;
    std::optional<store::Filter> filter;

    std::string new_gid(Loop&) override {
        calls.emplace_back("new_gid");
        return "m92Zgjf4JLvWtEskkp5uNW";
    }
    void prepare(Loop& home, txn::Transaction request, engine::Reply reply) override {
        take("prepare " + request.gid, std::move(request), home, std::move(reply));
    }
    void submit(Loop& home, txn::Transaction request, engine::Reply reply) override {
        take("submit " + request.gid, std::move(request), home, std::move(reply));
    }
    void submit_workflow(Loop& home, std::string gid, std::string status, std::string rollback_reason,
                         std::string result, engine::Reply reply) override {
        called("submit_workflow " + gid + " " + status + " " + rollback_reason + " " + result, home, std::move(reply));
    }
    void abort(Loop& home, std::string gid, std::string trans_type, std::string rollback_reason,
               engine::Reply reply) override {
        called("abort " + gid + " " + trans_type + " " + rollback_reason, home, std::move(reply));
    }
    void register_branch(Loop& home, txn::Registration request, engine::Reply reply) override {
        registration = std::move(request);
        called("register_branch " + registration->gid, home, std::move(reply));
    }
    void prepare_workflow(Loop& home, txn::Transaction request, engine::ReplyWith<engine::Found> reply) override {
        transaction = std::move(request);
        called("prepare_workflow " + transaction->gid, home, found, std::move(reply));
    }
    void force_stop(Loop& home, std::string gid, engine::Reply reply) override {
        called("force_stop " + gid, home, std::move(reply));
    }
    void reset_next_cron_time(Loop& home, std::string gid, engine::Reply reply) override {
        called("reset_next_cron_time " + gid, home, std::move(reply));
    }
    void reset_cron_time(Loop& home, std::chrono::seconds timeout, std::size_t limit,
                         engine::ReplyWith<std::pair<std::size_t, bool>> reply) override {
        called("reset_cron_time " + std::to_string(timeout.count()) + " " + std::to_string(limit), home, reset,
               std::move(reply));
    }
    void query(Loop& home, std::string gid, engine::ReplyWith<engine::Found> reply) override {
        called("query " + gid, home, found, std::move(reply));
    }
    void list(Loop& home, store::Filter wanted, std::string position, std::size_t limit,
              engine::ReplyWith<store::Page> reply) override {
        filter = wanted;
        called("list " + position + " " + std::to_string(limit), home, page, std::move(reply));
    }
    void subscribe(Loop& home, std::string topic, std::string url, std::string remark, engine::Reply reply) override {
        called("subscribe " + topic + " " + url + " " + remark, home, std::move(reply));
    }
    void unsubscribe(Loop& home, std::string topic, std::string url, engine::Reply reply) override {
        called("unsubscribe " + topic + " " + url, home, std::move(reply));
    }
    void delete_topic(Loop& home, std::string topic, engine::Reply reply) override {
        called("delete_topic " + topic, home, std::move(reply));
    }
    void scan_kv(Loop& home, std::string category, std::string position, std::size_t limit,
                 engine::ReplyWith<store::KeyValuePage> reply) override {
        called("scan_kv " + category + " " + position + " " + std::to_string(limit), home, key_values,
               std::move(reply));
    }
    void query_kv(Loop& home, std::string category, std::string key,
                  engine::ReplyWith<std::vector<store::KeyValue>> reply) override {
        called("query_kv " + category + " " + key, home, key_values.items, std::move(reply));
    }
    void health(Loop& home, engine::Reply reply) override { called("health", home, std::move(reply)); }

private:
    void called(std::string what, Loop& home, engine::Reply reply) {
        calls.push_back(std::move(what));
        home.post([reply = std::move(reply), this]() mutable { reply(answer); });
    }
    template <class T>
    void called(std::string what, Loop& home, T value, engine::ReplyWith<T> reply) {
        calls.push_back(std::move(what));
        home.post(
            [reply = std::move(reply), value = std::move(value), this]() mutable { reply(answer, std::move(value)); });
    }
    void take(std::string what, txn::Transaction request, Loop& home, engine::Reply reply) {
        transaction = std::move(request);
        called(std::move(what), home, std::move(reply));
    }
};

class FakeMetrics final : public observe::ApiMetrics {
public:
    std::vector<std::string> answered;  ///< "http submit ok"

    void request_answered(std::string_view type, std::string_view api, bool ok, double seconds) override {
        answered.push_back(std::string(type) + " " + std::string(api) + (ok ? " ok" : " fail"));
        last_seconds = seconds;
    }
    double last_seconds = 0;
};

/// A client of the surface.
struct Client {
    FakeLoop loop;
    FakeEngine engine;
    FakeMetrics metrics;
    ApiOptions options{.version = "v1.2.3", .timeout_to_fail = 35, .admin_base_path = "/dtmd"};
    net::HttpHandler handler = make_http_api(engine, metrics, [] { return std::string("dtm_up 1\n"); }, options);

    /// The answer; fails the test's expectations by status 0 if there was none or more than one.
    net::HttpResponse send(boost::beast::http::verb verb, std::string_view target, std::string body = {}) {
        std::vector<net::HttpResponse> answers;
        net::HttpRequest request{verb, {target.data(), target.size()}, 11, std::move(body)};
        handler(std::move(request), loop, [&](net::HttpResponse response) { answers.push_back(std::move(response)); });
        loop.run();
        if (answers.size() == 1) return std::move(answers.front());
        return {.status = 0, .body = std::to_string(answers.size()) + " answers", .headers = {}};
    }
    net::HttpResponse get(std::string_view target) { return send(boost::beast::http::verb::get, target); }
    net::HttpResponse post(std::string_view target, std::string body) {
        return send(boost::beast::http::verb::post, target, std::move(body));
    }
};

inline std::string header(const net::HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
        if (key == name) return value;
    }
    return {};
}

/// A saga as the Go client sends it.
inline const std::string saga_body =
    R"({"gid":"gs1","trans_type":"saga","steps":[{"action":"http://a/1","compensate":"http://a/1c"},)"
    R"({"action":"http://a/2","compensate":"http://a/2c"}],"payloads":["{\"a\":1}","{\"b\":2}"],"protocol":"",)"
    R"("branch_headers":{"h":"v"},"wait_result":true,"concurrent":false})";

}  // namespace dtmd::api
