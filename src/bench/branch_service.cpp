#include "bench/branch_service.h"

namespace dtmd::bench {
namespace {

// Gids, branch ids and ops of ours need no decoding.
std::string_view parameter(std::string_view query, std::string_view key) {
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        if (pair.starts_with(key) && pair.substr(key.size(), 1) == "=") return pair.substr(key.size() + 1);
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    return {};
}

net::HttpResponse plain(unsigned status, std::string body) {
    net::HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

}  // namespace

Result<void> BranchService::listen(const std::string& host, std::uint16_t port) {
    net::AsioLoop* const loops[] = {&loop_};
    net::HttpServerOptions options;
    options.host = host;
    options.port = port;
    options.idle_timeout = std::chrono::hours(1);
    auto server = net::listen_http(loops, options, [this](net::HttpRequest request, Loop&, net::Respond respond) {
        serve(std::move(request), std::move(respond));
    });
    if (!server) return server.error();
    server_ = std::move(*server);
    return {};
}

void BranchService::serve(net::HttpRequest request, net::Respond respond) {
    if (is_out_) return respond(plain(503, "out of order"));
    const std::string_view target(request.target().data(), request.target().size());
    const auto mark = std::min(target.find('?'), target.size());
    const std::string_view path = target.substr(0, mark), query = target.substr(std::min(mark + 1, target.size()));
    const bool refuses = path == "/refuse";
    if (path != "/query") {
        ledger_.called(parameter(query, "gid"), parameter(query, "branch_id"), parameter(query, "op"), refuses,
                       loop_.steady());
    }
    net::HttpResponse answer =
        refuses ? plain(409, R"({"dtm_result":"FAILURE"})") : plain(200, R"({"dtm_result":"SUCCESS"})");
    if (latency_.count() <= 0) return respond(std::move(answer));
    loop_.after(latency_,
                [respond = std::move(respond), answer = std::move(answer)]() mutable { respond(std::move(answer)); });
}

}  // namespace dtmd::bench
