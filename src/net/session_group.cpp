#include "net/http_session.h"

namespace dtmd::net {
namespace {

constexpr Millis sweep_interval{250};

}  // namespace

std::vector<std::shared_ptr<HttpSession>> SessionGroup::snapshot() const {
    std::vector<std::shared_ptr<HttpSession>> all;
    all.reserve(sessions.size());
    for (HttpSession* session : sessions) all.push_back(session->shared_from_this());
    return all;
}

void SessionGroup::start_sweeping() {
    if (sweeping) return;
    sweeping = true;
    sweeper.expires_after(sweep_interval);
    // Weak: the wait's end may still be queued when the server and its sessions are gone.
    sweeper.async_wait([group = weak_from_this()](const boost::system::error_code& error) {
        const auto self = group.lock();
        if (!self) return;
        self->sweeping = false;
        if (!error) self->sweep();
    });
}

void SessionGroup::sweep() {
    const auto now = std::chrono::steady_clock::now();
    // Closing a socket only queues the end of what it was doing, so the set doesn't change meanwhile.
    for (HttpSession* session : sessions) session->expire_by(now);
    if (!sessions.empty()) start_sweeping();
}

void SessionGroup::stop_gently() {
    stopping = true;
    for (HttpSession* session : sessions) session->stop_gently();
}

void SessionGroup::close_all() {
    stopping = true;
    for (HttpSession* session : sessions) session->close();
}

void SessionGroup::abandon() {
    stopping = true;
    for (const auto& session : snapshot()) session->abandon();
}

}  // namespace dtmd::net
