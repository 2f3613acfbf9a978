#include "api/http/handlers.h"
#include "api/json/json_write.h"

// What the process says about itself.
namespace dtmd::api {
namespace {

constexpr std::string_view useful_urls =
    "GET  /api/dtmsvr/all               transactions, newest first (status, transType, limit, position)\n"
    "GET  /api/transaction?gid=...      one transaction: its branches, attempts and last errors\n"
    "GET  /api/dtmsvr/scanKV?cat=topics topics and their subscribers\n"
    "POST /api/dtmsvr/submit            what clients call: newGid, prepare, submit, abort, registerBranch\n"
    "GET  /api/health                   200 if transactions can be taken, else 503 and the reason\n"
    "GET  /metrics                      for Prometheus\n";

net::HttpResponse text(std::string body, std::string_view content_type) {
    net::HttpResponse response;
    response.body = std::move(body);
    response.content_type = content_type;
    return response;
}

}  // namespace

void front_page(const Api& api, const Request&, Exchange& exchange) {
    std::string body = "dtmd " + api.options.version + ", a distributed transaction coordinator\n\n";
    body += useful_urls;
    exchange.send(text(std::move(body), "text/plain; charset=utf-8"));
}

void ping(const Api&, const Request&, Exchange& exchange) { exchange.send_json(R"({"msg":"pong"})"); }

void version(const Api& api, const Request&, Exchange& exchange) {
    std::string body;
    ObjectWriter writer(body);
    writer.string("version", api.options.version);
    writer.close();
    exchange.send_json(std::move(body));
}

void health(const Api& api, const Request& request, Exchange& exchange) {
    api.engine.health(request.home, [waiting = std::move(exchange)](engine::Answer answer) mutable {
        const bool well = answer.kind == engine::Answer::Kind::success;
        net::HttpResponse response;
        response.status = well ? 200 : 503;
        ObjectWriter writer(response.body);
        writer.string("result", well ? "success" : "failure");
        if (!well) writer.string("message", answer.message);
        writer.close();
        waiting.send(std::move(response));
    });
}

void metrics(const Api& api, const Request&, Exchange& exchange) {
    exchange.send(text(api.expose_metrics(), "text/plain; version=0.0.4; charset=utf-8"));
}

}  // namespace dtmd::api
