#include "api/http/exchange.h"

#include "api/json/json_write.h"

namespace dtmd::api {
namespace {

constexpr std::string_view success_body = R"({"dtm_result":"SUCCESS"})";

std::string message_body(std::string_view dtm_result, std::string_view message) {
    std::string body;
    ObjectWriter writer(body);
    writer.string_if("dtm_result", dtm_result);
    writer.string("message", message);
    writer.close();
    return body;
}

net::HttpResponse respond(unsigned status, std::string body) {
    net::HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

}  // namespace

Exchange::Exchange(net::Respond respond, observe::ApiMetrics& metrics, Loop& home, std::string_view name)
    : respond_(std::move(respond)), metrics_(&metrics), home_(&home), name_(name), began_(home.steady()) {}

Exchange::Exchange(Exchange&& other) noexcept
    : respond_(std::move(other.respond_)),
      metrics_(std::exchange(other.metrics_, nullptr)),
      home_(other.home_),
      name_(other.name_),
      began_(other.began_) {}

void Exchange::send(net::HttpResponse response) {
    observe::ApiMetrics* metrics = std::exchange(metrics_, nullptr);
    if (metrics == nullptr) return;
    if (!name_.empty()) {
        const std::chrono::duration<double> took = home_->steady() - began_;
        metrics->request_answered("http", name_, response.status < 400, took.count());
    }
    respond_(std::move(response));
}

void Exchange::send_json(std::string body) { send(respond(200, std::move(body))); }

void Exchange::send_message(unsigned status, std::string_view message) {
    send(respond(status, message_body({}, message)));
}

void Exchange::send_answer(engine::Answer answer) { send(to_response(answer)); }

net::HttpResponse to_response(const engine::Answer& answer) {
    using Kind = engine::Answer::Kind;
    switch (answer.kind) {
        case Kind::success: return respond(200, std::string(success_body));
        case Kind::failure: return respond(409, message_body("FAILURE", answer.message));
        case Kind::ongoing: return respond(425, message_body("ONGOING", answer.message));
        case Kind::invalid: return respond(400, message_body({}, answer.message));
        case Kind::error:
        case Kind::unknown: return respond(500, message_body({}, answer.message));
        case Kind::unavailable: {
            net::HttpResponse response = respond(503, message_body({}, answer.message));
            response.headers.emplace_back("Retry-After", "1");
            return response;
        }
    }
    __builtin_unreachable();
}

engine::Reply reply_to(Exchange& exchange) {
    return [waiting = std::move(exchange)](engine::Answer answer) mutable { waiting.send_answer(std::move(answer)); };
}

}  // namespace dtmd::api
