#include "store/mysql/link.h"

#include "store/mysql/server.h"

namespace dtmd::store::mysql {

Shared::Shared(MySqlOptions given) : options(std::move(given)), zone(options.zone_offset) {}

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
    auto session = Session::connect(shared_->options, shared_->options.hosts[host]);
    if (!session) return session;
    auto prepared = prepare(**session, shared_->options);
    if (!prepared) return prepared.error();
    return session;
}

Result<Session*> Link::get() {
    if (session_ && session_->is_stale()) drop();
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

Result<Replies> Link::read(std::string_view statements) {
    for (const bool is_last : {false, true}) {
        const auto session = get();
        if (!session) return session.error();
        auto replies = (*session)->run(statements);
        if (replies) return *std::move(replies);
        auto error = failed(replies.error(), false);
        if (is_last || replies.error().fault != Fault::lost) return error;
    }
    __builtin_unreachable();
}

Error Link::failed(const Failure& failure, bool may_have_happened) {
    if (failure.fault == Fault::demoted) {
        // Unless another connection has moved on already.
        const std::size_t count = shared_->options.hosts.size();
        const std::size_t mine = shared_->host();
        if (shared_->options.hosts[mine].text() == session_->server()) shared_->use_host((mine + 1) % count);
    }
    if (failure.fault == Fault::demoted || failure.fault == Fault::lost) {
        drop();
    } else {
        roll_back();
    }
    const bool is_unknown = failure.fault == Fault::lost && failure.had_sent_all && may_have_happened;
    return {is_unknown ? Errc::unknown : Errc::unavailable, failure.what};
}

// Closing the connection does the same, and is what's left if the server doesn't answer any more.
void Link::roll_back() {
    if (session_ && !session_->run("ROLLBACK")) drop();
}

}  // namespace dtmd::store::mysql
