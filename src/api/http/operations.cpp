#include "api/http/handlers.h"
#include "api/json/json_write.h"
#include "api/json/objects.h"
#include "api/json/requests.h"

// Looking at transactions and nudging them (protocol.md 1.7, 1.10 to 1.13).
namespace dtmd::api {
namespace {

constexpr std::int64_t max_seconds = 10LL * 366 * 24 * 3600;   // Ten years.
constexpr std::int64_t max_unix_millis = 253'402'300'799'999;  // The end of the year 9999.

std::string query_json(const engine::Found& found) {
    std::string body;
    ObjectWriter writer(body);
    if (found) {
        append_branches(writer.value("branches"), *found);
        append_transaction(writer.value("transaction"), *found);
    } else {
        writer.value("branches") += "[]";
        writer.value("transaction") += "null";
    }
    writer.close();
    return body;
}

std::string page_json(const std::string& next_position, const std::vector<txn::Transaction>& transactions) {
    std::string body;
    ObjectWriter writer(body);
    writer.string("next_position", next_position);
    append_array(writer.value("transactions"), transactions, append_transaction);
    writer.close();
    return body;
}

std::string evidence_json(const txn::Transaction& transaction) {
    std::string body;
    ObjectWriter writer(body);
    append_transaction(writer.value("transaction"), transaction);
    append_branches_with_attempts(writer.value("branches"), transaction);
    writer.string("rollback_reason", transaction.rollback_reason);
    writer.close();
    return body;
}

Result<std::optional<Time>> unix_millis(const Query& query, std::string_view name) {
    if (query.get(name).empty()) return std::optional<Time>();
    const auto millis = query.number(name, 0, 0, max_unix_millis);
    if (!millis) return millis.error();
    return std::optional<Time>(Time(Millis(*millis)));
}

Result<store::Filter> read_filter(const Query& query) {
    store::Filter filter;
    if (const std::string text = query.get("transType"); !text.empty()) {
        const auto mode = parse_mode(text);
        if (!mode) return mode.error();
        filter.mode = *mode;
    }
    if (const std::string text = query.get("status"); !text.empty()) {
        txn::Status status{};
        if (!txn::parse(text, status)) {
            return Error{Errc::invalid, "unknown status '" + text.substr(0, 45) +
                                            "': expected prepared, submitted, aborting, succeed or failed"};
        }
        filter.status = status;
    }
    const auto from = unix_millis(query, "createTimeStart");
    if (!from) return from.error();
    const auto to = unix_millis(query, "createTimeEnd");
    if (!to) return to.error();
    filter.created_from = *from;
    filter.created_to = *to;
    return filter;
}

void list_one(const Api& api, const Request& request, std::string gid, Exchange& exchange) {
    auto cleaned = clean_gid(std::move(gid));
    if (!cleaned) return exchange.send_message(400, cleaned.error().what);
    auto show = [position = request.query.get("position")](const engine::Found& found) {
        if (found) return page_json(position, {*found});
        std::string body;
        ObjectWriter writer(body);
        writer.string("next_position", position);
        writer.value("transactions") += "null";
        writer.close();
        return body;
    };
    api.engine.query(request.home, std::move(*cleaned), reply_with<engine::Found>(exchange, std::move(show)));
}

}  // namespace

void force_stop(const Api& api, const Request& request, Exchange& exchange) {
    auto parsed = read_gid_request(request.body);
    if (!parsed) return exchange.send_message(400, parsed.error().what);
    api.engine.force_stop(request.home, std::move(parsed->gid), reply_to(exchange));
}

void reset_next_cron_time(const Api& api, const Request& request, Exchange& exchange) {
    auto parsed = read_gid_request(request.body);
    if (!parsed) return exchange.send_message(400, parsed.error().what);
    api.engine.reset_next_cron_time(request.home, std::move(parsed->gid), reply_to(exchange));
}

void reset_cron_time(const Api& api, const Request& request, Exchange& exchange) {
    const auto timeout = request.query.number("timeout", 3 * api.options.timeout_to_fail, 0, max_seconds);
    if (!timeout) return exchange.send_message(400, timeout.error().what);
    const auto limit = request.query.limit();
    if (!limit) return exchange.send_message(400, limit.error().what);
    const auto show = [](const std::pair<std::size_t, bool>& done) {
        std::string body;
        ObjectWriter writer(body);
        writer.boolean("has_remaining", done.second);
        writer.integer("succeed_count", static_cast<std::int64_t>(done.first));
        writer.close();
        return body;
    };
    api.engine.reset_cron_time(request.home, std::chrono::seconds(*timeout), *limit,
                               reply_with<std::pair<std::size_t, bool>>(exchange, show));
}

void query(const Api& api, const Request& request, Exchange& exchange) {
    std::string gid = request.query.get("gid");
    if (gid.empty()) return exchange.send_message(500, "no gid specified");
    auto cleaned = clean_gid(std::move(gid));
    if (!cleaned) return exchange.send_message(400, cleaned.error().what);
    api.engine.query(request.home, std::move(*cleaned), reply_with<engine::Found>(exchange, query_json));
}

void show_transaction(const Api& api, const Request& request, Exchange& exchange) {
    auto gid = clean_gid(request.query.get("gid"));
    if (!gid) return exchange.send_message(400, gid.error().what);
    const std::string wanted = *gid;
    api.engine.query(request.home, std::move(*gid),
                     [wanted, waiting = std::move(exchange)](engine::Answer answer, engine::Found found) mutable {
                         if (answer.kind != engine::Answer::Kind::success)
                             return waiting.send_answer(std::move(answer));
                         if (!found) return waiting.send_message(404, "no transaction with gid: " + wanted);
                         waiting.send_json(evidence_json(*found));
                     });
}

void list(const Api& api, const Request& request, Exchange& exchange) {
    const auto limit = request.query.limit();
    if (!limit) return exchange.send_message(400, limit.error().what);
    const auto filter = read_filter(request.query);
    if (!filter) return exchange.send_message(400, filter.error().what);
    if (std::string gid = request.query.get("gid"); !gid.empty()) {
        return list_one(api, request, std::move(gid), exchange);
    }
    const auto show = [](const store::Page& page) { return page_json(page.next_position, page.transactions); };
    api.engine.list(request.home, *filter, request.query.get("position"), *limit,
                    reply_with<store::Page>(exchange, show));
}

}  // namespace dtmd::api
