#include "participant/resolver/directory.h"

#include "observe/log.h"
#include "participant/resolver/lookup.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <optional>

namespace dtmd::participant {
namespace {

namespace asio = boost::asio;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr Millis first_pause{200}, longest_pause{5'000};

std::string text_of(const ServiceName& name) {
    return name.scheme + "://" + name.authority + (name.authority.empty() ? "" : "/") + name.service;
}

void report(std::exception_ptr failed) {
    if (!failed) return;
    try {
        std::rethrow_exception(failed);
    } catch (const std::exception& error) {
        log::error("discovery.failed", {{"reason", error.what()}});
    }
}

// Used on its loop only. Owners: the directory, and the coroutines, which may only be destroyed with the io_context.
class Following : public std::enable_shared_from_this<Following> {
public:
    Following(net::AsioLoop& loop, DirectoryOptions options)
        : loop_(loop), options_(std::move(options)), blocking_(std::make_unique<asio::thread_pool>(1)) {}

    net::AsioLoop& loop() { return loop_; }

    void add(Directory::Token token, const ServiceName& name, Loop& home, Directory::Listener listener) {
        if (closed_) return;
        tokens_.emplace(token, name);
        auto& entry = entries_[name];
        if (!entry) {
            entry = std::make_shared<Entry>();
            entry->name = name;
            entry->lookup = make_lookup(loop_, *blocking_, name, options_);
            asio::co_spawn(loop_.context(), follow(shared_from_this(), entry), report);
        }
        entry->listeners.push_back({token, &home, std::move(listener)});
        if (entry->found) tell(entry->listeners.back(), *entry->found);
    }

    void remove(Directory::Token token) {
        const auto known = tokens_.find(token);
        if (known == tokens_.end()) return;
        const auto entry = entries_.find(known->second);
        std::erase_if(entry->second->listeners, [&](const Follower& one) { return one.token == token; });
        if (entry->second->listeners.empty()) {
            entry->second->abandoned = true;  // Its coroutine sees it when it wakes.
            entries_.erase(entry);
        }
        tokens_.erase(known);
    }

    // What blocks can't be stopped; it ends by itself within seconds.
    void close() {
        closed_ = true;
        for (const auto& [name, entry] : entries_) entry->abandoned = true;
        entries_.clear();
        blocking_->join();
    }

private:
    struct Follower {
        Directory::Token token;
        Loop* home;
        Directory::Listener listener;
    };
    struct Entry {
        ServiceName name;
        std::unique_ptr<Lookup> lookup;
        std::vector<Follower> listeners;
        std::optional<Found> found;
        bool abandoned = false;
    };

    static asio::awaitable<void> follow(std::shared_ptr<Following> self, std::shared_ptr<Entry> entry) {
        Millis pause = first_pause;
        while (!entry->abandoned) {
            auto read = co_await entry->lookup->read();
            if (entry->abandoned) co_return;
            const bool worked = read.has_value();
            self->take(*entry, std::move(read));
            if (worked) {
                pause = first_pause;
                co_await entry->lookup->wait();
            } else {
                asio::steady_timer timer(self->loop_.context(), pause);
                co_await timer.async_wait(as_values);
                pause = std::min(2 * pause, longest_pause);
            }
        }
    }

    void take(Entry& entry, Result<Instances> read) {
        Found found;
        if (read) {
            found.instances = std::move(*read);
            std::ranges::sort(found.instances);
            const auto repeated = std::ranges::unique(found.instances);
            found.instances.erase(repeated.begin(), repeated.end());
        } else {
            if (entry.found) found.instances = entry.found->instances;
            found.error = read.error().what;
        }
        if (entry.found == found) return;
        note(entry, found);
        entry.found = found;
        for (Follower& follower : entry.listeners) tell(follower, found);
    }

    static void note(const Entry& entry, const Found& found) {
        const std::string service = text_of(entry.name);
        const bool was_lost = entry.found && !entry.found->error.empty();
        if (found.error.empty()) {
            log::info("discovery.changed", {{"service", service}, {"instances", found.instances.size()}});
        } else if (!was_lost) {
            log::warn("discovery.lost",
                      {{"service", service}, {"instances", found.instances.size()}, {"reason", found.error}});
        }
    }

    static void tell(const Follower& follower, const Found& found) {
        follower.home->post([listener = follower.listener, found] { listener(found); });
    }

    net::AsioLoop& loop_;
    DirectoryOptions options_;
    std::unique_ptr<asio::thread_pool> blocking_;
    std::map<ServiceName, std::shared_ptr<Entry>> entries_;
    std::map<Directory::Token, ServiceName> tokens_;
    bool closed_ = false;
};

class FollowingDirectory final : public Directory {
public:
    FollowingDirectory(net::AsioLoop& loop, DirectoryOptions options)
        : following_(std::make_shared<Following>(loop, std::move(options))) {}
    FollowingDirectory(const FollowingDirectory&) = delete;
    FollowingDirectory& operator=(const FollowingDirectory&) = delete;
    ~FollowingDirectory() override { following_->close(); }

    Token follow(ServiceName name, Loop& home, Listener listener) override {
        const Token token = ++last_token_;
        following_->loop().post(
            [following = following_, token, name = std::move(name), &home, listener = std::move(listener)]() mutable {
                following->add(token, name, home, std::move(listener));
            });
        return token;
    }

    void unfollow(Token token) override {
        following_->loop().post([following = following_, token] { following->remove(token); });
    }

private:
    std::shared_ptr<Following> following_;
    std::atomic<Token> last_token_ = 0;
};

}  // namespace

std::unique_ptr<Directory> make_directory(net::AsioLoop& loop, DirectoryOptions options) {
    return std::make_unique<FollowingDirectory>(loop, std::move(options));
}

}  // namespace dtmd::participant
