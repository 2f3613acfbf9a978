#include "api/grpc/exchange.h"

#include "txn/text.h"

#include <algorithm>
#include <array>

namespace dtmd::api {
namespace {

// It travels in a header, and clients take 8 KiB of these by default, where a byte may need three.
constexpr std::size_t max_message = 2'000;

// Where dtm's code panics rather than returns an error, its clients get INTERNAL instead of UNKNOWN.
bool panics_in_dtm(std::string_view message) {
    constexpr std::array<std::string_view, 4> beginnings{"no TransGlobal with gid", "storage: NotFound",
                                                         "topic not found", "unknow trans type"};
    return std::ranges::any_of(beginnings, [&](std::string_view text) { return message.starts_with(text); });
}

}  // namespace

std::shared_ptr<GrpcExchange> GrpcExchange::open(observe::ApiMetrics& metrics, OpenCalls& calls,
                                                 std::string_view name) {
    auto exchange = std::make_shared<GrpcExchange>(metrics, calls, name);
    exchange->self_ = exchange;
    return exchange;
}

GrpcExchange::GrpcExchange(observe::ApiMetrics& metrics, OpenCalls& calls, std::string_view name)
    : metrics_(metrics),
      calls_(calls),
      is_counted_(!calls.stopping.load()),
      name_(name),
      began_(std::chrono::steady_clock::now()) {
    if (is_counted_) ++calls_.count;
}

void GrpcExchange::finish(const grpc::Status& status) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
    metrics_.request_answered("grpc", name_, status.ok(), took.count());
    Finish(status);
}

void GrpcExchange::answer(const engine::Answer& answer) {
    if (claim()) finish(to_status(answer));
}

void GrpcExchange::refuse(const Error& error) { answer({engine::Answer::Kind::invalid, error.what}); }

// The engine's reply comes later, and finds that the call is over.
void GrpcExchange::OnCancel() {
    if (claim()) finish(grpc::Status::CANCELLED);
}

void GrpcExchange::OnDone() {
    if (is_counted_) --calls_.count;
    self_.reset();
}

grpc::Status to_status(const engine::Answer& answer) {
    using Kind = engine::Answer::Kind;
    const auto with = [&](grpc::StatusCode code) {
        return grpc::Status(code, txn::storable_text(answer.message, max_message));
    };
    switch (answer.kind) {
        case Kind::success: return grpc::Status::OK;
        case Kind::failure: return with(grpc::StatusCode::ABORTED);
        case Kind::ongoing: return with(grpc::StatusCode::FAILED_PRECONDITION);
        case Kind::invalid: return with(grpc::StatusCode::INTERNAL);
        case Kind::error:
            return with(panics_in_dtm(answer.message) ? grpc::StatusCode::INTERNAL : grpc::StatusCode::UNKNOWN);
        case Kind::unavailable: return with(grpc::StatusCode::UNAVAILABLE);
        case Kind::unknown: return with(grpc::StatusCode::UNKNOWN);
    }
    __builtin_unreachable();
}

engine::Reply reply_to(ExchangePtr exchange) {
    return [exchange = std::move(exchange)](const engine::Answer& answer) { exchange->answer(answer); };
}

}  // namespace dtmd::api
