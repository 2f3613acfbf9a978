#include "store/postgres/session.h"

#include <poll.h>
#include <algorithm>
#include <new>

namespace dtmd::store::postgres {
namespace {

// Each combination of columns that an update may set is a statement of its own. Beyond this many they are not kept.
constexpr std::size_t most_prepared = 200;

// Nodes lock rows for one commit. Who locks one for longer must not keep all others waiting.
constexpr std::chrono::milliseconds longest_lock_wait{1000};

std::string_view field(const PGresult* result, int which) {
    const char* const text = PQresultErrorField(result, which);
    return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

Session::Session(std::string server, std::chrono::seconds timeout)
    : server_(std::move(server)), timeout_(timeout), connection_(nullptr, &PQfinish) {}

Attempt<std::unique_ptr<Session>> Session::connect(const PostgresOptions& options, const sql::Endpoint& host,
                                                   const std::string& database) {
    const bool by_socket = !options.unix_socket.empty();
    std::unique_ptr<Session> session(new Session(by_socket ? options.unix_socket : host.text(), options.timeout));
    if (auto opened = session->open(options, host, database); !opened) return opened.error();
    if (auto settled = session->settle(options); !settled) return settled.error();
    return session;
}

// Servers that only speak PostgreSQL's protocol lack some of these, which is fine: they are what PostgreSQL needs.
Attempt<void> Session::settle(const PostgresOptions& options) {
    using std::chrono::milliseconds;
    const auto ms = [](milliseconds time) { return std::to_string(time.count()); };
    const milliseconds timeout(options.timeout);
    const std::pair<const char*, std::string> settings[] = {
        {"statement_timeout", ms(timeout)},
        {"lock_timeout", ms(std::min(timeout / 2, longest_lock_wait))},
        {"idle_in_transaction_session_timeout", ms(timeout)},
        {"default_transaction_isolation", "read committed"},
        {"client_min_messages", "warning"},
        // A plan that was made while a table was empty must also be good when it no longer is: always by index.
        {"plan_cache_mode", "force_generic_plan"},
        {"enable_seqscan", "off"},
        {"enable_hashjoin", "off"},
        {"enable_mergejoin", "off"},
        {"jit", "off"},
    };
    Array names(Array::Type::text), values(Array::Type::text);
    for (const auto& [name, value] : settings) {
        names.add(std::string_view(name));
        values.add(std::string_view(value));
    }
    const auto done = run({.text = "SELECT set_config(v.name, v.value, false) FROM unnest($1::text[],$2::text[]) AS "
                                   "v(name,value) WHERE v.name IN (SELECT name FROM pg_settings)",
                           .parameters = std::move(Parameters().array(names).array(values))});
    if (!done) return done.error();
    return {};
}

Attempt<Reply> Session::run(Query query) {
    auto replies = run(std::span(&query, 1));
    if (!replies) return replies.error();
    return std::move(replies->front());
}

Attempt<Replies> Session::run(std::span<const Query> queries) {
    is_unreplicated_ = false;
    std::vector<Sent> sent;
    for (const Query& query : queries) {
        if (!send(query, sent)) return lost();
    }
    if (PQpipelineSync(connection_.get()) != 1) return lost();
    auto replies = receive(std::move(sent), queries.size());
    if (!replies || !is_unreplicated_) return replies;
    return Failure{.fault = Fault::lost,
                   .code = {},
                   .what = "The database at " + server_ +
                           " gave up waiting for its synchronous replica. Check the replica: what was just "
                           "committed is only on this server."};
}

bool Session::send(const Query& query, std::vector<Sent>& sent) {
    PGconn* const c = connection_.get();
    const auto& wire = query.parameters.wire();
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const std::string& value : wire) {
        values.push_back(value.data());
        lengths.push_back(static_cast<int>(value.size()));
    }
    const std::vector<int> formats(wire.size(), 1);
    const int count = static_cast<int>(wire.size());

    auto known = prepared_.find(query.text);
    if (known == prepared_.end()) {
        if (prepared_.size() >= most_prepared) {
            sent.push_back({});
            return PQsendQueryParams(c, query.text.c_str(), count, nullptr, values.data(), lengths.data(),
                                     formats.data(), 1) == 1;
        }
        known = prepared_.emplace(query.text, "dtmd" + std::to_string(++names_)).first;
        sent.push_back({.prepares = query.text});
        if (PQsendPrepare(c, known->second.c_str(), query.text.c_str(), 0, nullptr) != 1) return false;
    }
    sent.push_back({});
    return PQsendQueryPrepared(c, known->second.c_str(), count, values.data(), lengths.data(), formats.data(), 1) == 1;
}

Attempt<Replies> Session::receive(std::vector<Sent> sent, std::size_t count) {
    Replies replies;
    replies.reserve(count);
    std::optional<Failure> failed;
    for (const Sent& one : sent) {
        const auto result = next();
        if (!result) return result.error();
        if (*result == nullptr) return lost();
        Reply reply(*result);
        const auto status = PQresultStatus(*result);
        const bool is_done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
        if (!is_done) prepared_.erase(one.prepares);
        if (!is_done && !failed) {
            failed = failure(*result);
            failed->before_last = !failed->code.empty() && &one != &sent.back();
            if (failed->fault == Fault::lost) return *failed;
        }
        if (is_done && one.prepares.empty()) replies.push_back(std::move(reply));
        const auto end = next();
        if (!end) return end.error();
        if (*end != nullptr) return lost();
    }
    const auto synced = next();
    if (!synced) return synced.error();
    const Reply sync(*synced);
    if (PQresultStatus(*synced) != PGRES_PIPELINE_SYNC) return failure(*synced);
    if (failed) return *failed;
    return replies;
}

// The next result, or null where the results of one statement end.
Attempt<PGresult*> Session::next() {
    PGconn* const c = connection_.get();
    while (true) {
        const int unsent = PQflush(c);
        if (unsent < 0) return lost();
        if (unsent == 0 && PQisBusy(c) == 0) return PQgetResult(c);
        // A little longer than the server's own limit, which gives the better message.
        const auto limit = std::chrono::milliseconds(timeout_) + std::chrono::milliseconds(500);
        if (auto ready = wait(unsent == 0 ? POLLIN : POLLIN | POLLOUT, limit); !ready) return ready.error();
        if (PQconsumeInput(c) != 1) return lost();
    }
}

Attempt<void> Session::wait(int wanted, std::chrono::milliseconds limit) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + limit;
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd socket{.fd = PQsocket(connection_.get()), .events = static_cast<short>(wanted), .revents = 0};
        const int ready = ::poll(&socket, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready > 0) return {};
        if (ready < 0 && errno == EINTR) continue;
        return Failure{.fault = Fault::lost,
                       .code = {},
                       .what = "The database at " + server_ + " has not answered for " + std::to_string(limit.count()) +
                               " ms. Check that it is not overloaded; dtmd goes on by itself."};
    }
}

bool Session::is_stale() const {
    pollfd socket{.fd = PQsocket(connection_.get()), .events = POLLIN | POLLRDHUP, .revents = 0};
    return ::poll(&socket, 1, 0) != 0;  // Nothing is to be read between two packets, so this is an end.
}

Failure Session::lost() const {
    auto failure = failure_of(server_, {}, PQerrorMessage(connection_.get()), true);
    failure.fault = Fault::lost;
    return failure;
}

Failure Session::failure(const PGresult* result) const {
    const auto severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const auto code = field(result, PG_DIAG_SQLSTATE);
    if (code.empty()) return lost();
    const bool is_fatal = severity == "FATAL" || severity == "PANIC";
    return failure_of(server_, code, field(result, PG_DIAG_MESSAGE_PRIMARY), is_fatal);
}

// The function's name is the one part of this warning that is not translated.
void Session::notice(void* session, const PGresult* result) {
    if (field(result, PG_DIAG_SOURCE_FUNCTION) == "SyncRepWaitForLSN") {
        static_cast<Session*>(session)->is_unreplicated_ = true;
    }
}

}  // namespace dtmd::store::postgres
