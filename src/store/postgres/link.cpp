#include "store/postgres/link.h"

#include "store/postgres/server.h"

namespace dtmd::store::postgres {

void Shared::report(const sql::ServerReport& report) {
    const std::lock_guard lock(mutex_);
    const auto [known, is_new] = reported_.try_emplace(report.server, report);
    if (!is_new && known->second == report) return;
    known->second = report;
    if (options.on_report) options.on_report(report);
}

void Shared::refuse(const std::string& gid, const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (options.on_refusal) options.on_refusal("transaction " + gid + ": " + why);
}

Attempt<std::unique_ptr<Session>> Link::connect(std::size_t host) const {
    const auto& options = shared_->options;
    auto session = connect_to_database(options, options.hosts[host], options.create_schema);
    if (!session) return session;
    if (auto prepared = prepare(**session, options); !prepared) return prepared.error();
    return session;
}

Result<Session*> Link::get() {
    if (session_ && session_->is_stale()) session_.reset();
    if (session_) return session_.get();
    if (pause_.lasts()) return Error{Errc::unavailable, reason_};

    const std::size_t count = shared_->options.hosts.size();
    const std::size_t first = shared_->host();
    const auto began = RetryPause::Clock::now();
    reason_.clear();
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t host = (first + i) % count;
        auto session = connect(host);
        if (session) {
            session_ = *std::move(session);
            shared_->use_host(host);
            shared_->report(session_->facts.report);
            pause_.succeeded();
            return session_.get();
        }
        reason_ += (i == 0 ? "" : " ") + session.error().what;
    }
    pause_.failed(began);
    return Error{Errc::unavailable, reason_};
}

Result<Replies> Link::read(std::span<const Query> queries) {
    for (const bool is_last : {false, true}) {
        const auto session = get();
        if (!session) return session.error();
        auto replies = (*session)->run(queries);
        if (replies) return *std::move(replies);
        auto error = failed(replies.error(), false);
        const Fault fault = replies.error().fault;
        if (is_last || (fault != Fault::lost && fault != Fault::stale)) return error;
    }
    __builtin_unreachable();
}

Result<Reply> Link::read(const Query& query) {
    auto replies = read(std::span(&query, 1));
    if (!replies) return replies.error();
    return std::move(replies->front());
}

Error Link::failed(const Failure& failure, bool may_have_happened) {
    if (failure.fault == Fault::demoted) {
        // Unless another connection has moved on already.
        const auto& hosts = shared_->options.hosts;
        const std::size_t mine = shared_->host();
        if (session_ && hosts[mine].text() == session_->server()) shared_->use_host((mine + 1) % hosts.size());
    }
    if (failure.fault == Fault::demoted || failure.fault == Fault::lost || failure.fault == Fault::stale) {
        session_.reset();
    } else {
        roll_back();
    }
    const bool is_unknown = failure.fault == Fault::lost && may_have_happened && !failure.before_last;
    return {is_unknown ? Errc::unknown : Errc::unavailable, failure.what};
}

// Closing the connection does the same, and is what's left if the server doesn't answer any more.
void Link::roll_back() {
    if (session_ && !session_->run({.text = "ROLLBACK"})) session_.reset();
}

}  // namespace dtmd::store::postgres
