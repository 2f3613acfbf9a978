#include "api/http/handlers.h"
#include "api/json/json_write.h"
#include "api/json/objects.h"

// Topics and the key-value records they are kept in (protocol.md 1.14, 1.15).
namespace dtmd::api {
namespace {

std::string page_json(const store::KeyValuePage& page) {
    std::string body;
    ObjectWriter writer(body);
    append_key_values(writer.value("kv"), page.items);
    writer.string("next_position", page.next_position);
    writer.close();
    return body;
}

std::string items_json(const std::vector<store::KeyValue>& items) {
    std::string body;
    ObjectWriter writer(body);
    append_key_values(writer.value("kv"), items);
    writer.close();
    return body;
}

}  // namespace

void subscribe(const Api& api, const Request& request, Exchange& exchange) {
    const Query& query = request.query;
    api.engine.subscribe(request.home, query.get("topic"), query.get("url"), query.get("remark"), reply_to(exchange));
}

void unsubscribe(const Api& api, const Request& request, Exchange& exchange) {
    api.engine.unsubscribe(request.home, request.query.get("topic"), request.query.get("url"), reply_to(exchange));
}

void delete_topic(const Api& api, const Request& request, Exchange& exchange) {
    api.engine.delete_topic(request.home, std::string(request.rest), reply_to(exchange));
}

void scan_kv(const Api& api, const Request& request, Exchange& exchange) {
    const auto limit = request.query.limit();
    if (!limit) return exchange.send_message(400, limit.error().what);
    api.engine.scan_kv(request.home, request.query.get("cat"), request.query.get("position"), *limit,
                       reply_with<store::KeyValuePage>(exchange, page_json));
}

void query_kv(const Api& api, const Request& request, Exchange& exchange) {
    api.engine.query_kv(request.home, request.query.get("cat"), request.query.get("key"),
                        reply_with<std::vector<store::KeyValue>>(exchange, items_json));
}

}  // namespace dtmd::api
