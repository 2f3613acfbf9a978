#include "participant/http/http_participant.h"

#include "observe/log.h"
#include "participant/http/http_connection.h"
#include "participant/http/interpret.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace dtmd::participant {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;
using Done = absl::AnyInvocable<void(Reply)>;

constexpr Millis sweep_interval{25};
constexpr Millis idle_sweep_interval{1'000};

void report(std::exception_ptr failed) {
    if (!failed) return;
    try {
        std::rethrow_exception(failed);
    } catch (const std::exception& error) {
        log::error("participant.call_failed", {{"reason", error.what()}});
    }
}

/// A call under way, as the sweeper sees it.
struct OpenCall {
    Call call;
    Done done;
    SteadyClock::time_point started, deadline;
    HttpConnection* connection = nullptr;
    bool timed_out = false;
};

/// What calls and sweeps share. Owners: the participant and every call under way, whose coroutine may only be
/// destroyed together with its io_context.
class Pool : public std::enable_shared_from_this<Pool> {
public:
    Pool(net::AsioLoop& loop, HttpParticipantOptions options)
        : loop_(loop), options_(std::move(options)), tls_(asio::ssl::context::tls_client), sweeper_(loop.context()) {
        SSL_CTX_set_min_proto_version(tls_.native_handle(), TLS1_2_VERSION);
        tls_.set_verify_mode(options_.verify_tls ? asio::ssl::verify_peer : asio::ssl::verify_none);
        boost::system::error_code error;
        if (options_.ca_file.empty()) {
            tls_.set_default_verify_paths(error);
        } else {
            tls_.load_verify_file(options_.ca_file, error);
        }
        if (error) throw std::runtime_error("Participants.CaFile: cannot read " + options_.ca_file + ": " + error.message());
    }

    void start(Call call, Done done) {
        auto open = std::make_shared<OpenCall>();
        open->started = SteadyClock::now();
        open->deadline = open->started + call.timeout;
        open->call = std::move(call);
        open->done = std::move(done);
        open_.insert(open.get());
        sweep_every(sweep_interval);
        asio::co_spawn(loop_.context(), run(shared_from_this(), std::move(open)), report);
    }

    void close_all() {
        closing_ = true;
        sweeper_.cancel();
        idle_.clear();
        for (OpenCall* open : open_) {
            open->done = nullptr;
            if (open->connection != nullptr) open->connection->close();
        }
    }

private:
    static asio::awaitable<void> run(std::shared_ptr<Pool> self, std::shared_ptr<OpenCall> open) {
        Reply reply = co_await self->perform(open);
        self->open_.erase(open.get());
        reply.took = std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - open->started);
        if (open->done) open->done(std::move(reply));
    }

    asio::awaitable<Reply> perform(std::shared_ptr<OpenCall> open) {
        std::string url = open->call.url;
        if (options_.docker) point_to_host(url);
        const auto destination = parse_destination(url);
        if (!destination) co_return unknown_reply(destination.error().what, true, 0);
        const auto request = serialize_call(open->call, *destination);
        if (!request) co_return unknown_reply(request.error().what, true, 0);

        std::string key(destination->tls ? "https://" : "http://");
        key.append(destination->host).append(" ").append(destination->port);
        while (true) {
            std::unique_ptr<HttpConnection> connection = take_idle(key);
            const bool reused = connection != nullptr;
            if (!reused) connection = std::make_unique<HttpConnection>(loop_.context(), destination->tls ? &tls_ : nullptr);
            open->connection = connection.get();
            if (!reused) {
                std::string host(destination->host), port(destination->port);
                const Result<void> connected = co_await connection->connect(std::move(host), std::move(port));
                if (!connected) co_return lost(*open, connected.error());
            }
            std::string bytes = *request;
            Result<HttpAnswer> answer = co_await connection->exchange(std::move(bytes), options_.max_response);
            open->connection = nullptr;
            if (answer) {
                if (answer->keep_alive && !closing_) keep(key, std::move(connection));
                co_return interpret(open->call, std::move(*answer));
            }
            // A kept-alive connection that the peer had closed meanwhile says nothing about the peer: once more, on
            // the next one. A repeat is safe in any case, since branches are idempotent.
            const bool stale = reused && answer.error().code == Errc::unavailable && !open->timed_out;
            if (!stale) co_return lost(*open, answer.error());
        }
    }

    static Reply interpret(const Call& call, HttpAnswer answer) {
        if (is_json_rpc(call)) return interpret_json_rpc(answer.status, std::move(answer.body));
        return interpret_http(answer.status, std::move(answer.body));
    }

    static Reply lost(OpenCall& open, const Error& error) {
        open.connection = nullptr;
        if (!open.timed_out) return unknown_reply(open.call.url + ": " + error.what, false, 0);
        return unknown_reply(open.call.url + ": no answer within " + std::to_string(open.call.timeout.count()) + " ms", false, 0);
    }

    // dtm's IS_DOCKER: what a user calls localhost is outside of this container.
    static void point_to_host(std::string& url) {
        for (const std::string_view local : {"localhost", "127.0.0.1"}) {
            if (const auto at = url.find(local); at != url.npos) {
                url.replace(at, local.size(), "host.docker.internal");
                return;
            }
        }
    }

    std::unique_ptr<HttpConnection> take_idle(const std::string& key) {
        const auto found = idle_.find(key);
        if (found == idle_.end() || found->second.empty()) return nullptr;
        auto connection = std::move(found->second.back());
        found->second.pop_back();
        return connection;
    }

    void keep(const std::string& key, std::unique_ptr<HttpConnection> connection) {
        auto& waiting = idle_[key];
        if (waiting.size() >= options_.max_idle_per_host) return;
        connection->idle_since = SteadyClock::now();
        waiting.push_back(std::move(connection));
    }

    // Often while calls are open, so that time-outs are kept; seldom while connections only wait.
    void sweep_every(Millis interval) {
        if (interval == sweeping_every_ || closing_) return;
        sweeping_every_ = interval;
        sweeper_.expires_after(interval);
        sweeper_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
            if (error) return;
            self->sweeping_every_ = Millis{0};
            self->sweep();
        });
    }

    void sweep() {
        const auto now = SteadyClock::now();
        for (OpenCall* open : open_) {
            if (now < open->deadline || open->timed_out) continue;
            open->timed_out = true;
            if (open->connection != nullptr) open->connection->close();
        }
        if (now >= next_idle_sweep_) {
            next_idle_sweep_ = now + idle_sweep_interval;
            for (auto& [key, waiting] : idle_) {
                std::erase_if(waiting, [&](const auto& one) { return now - one->idle_since > options_.idle_timeout; });
            }
            std::erase_if(idle_, [](const auto& item) { return item.second.empty(); });
        }
        if (!open_.empty()) {
            sweep_every(sweep_interval);
        } else if (!idle_.empty()) {
            sweep_every(idle_sweep_interval);
        }
    }

    net::AsioLoop& loop_;
    HttpParticipantOptions options_;
    asio::ssl::context tls_;
    asio::steady_timer sweeper_;
    std::unordered_map<std::string, std::vector<std::unique_ptr<HttpConnection>>> idle_;
    std::unordered_set<OpenCall*> open_;
    SteadyClock::time_point next_idle_sweep_;
    Millis sweeping_every_{0};
    bool closing_ = false;
};

class HttpParticipant final : public Participant {
public:
    HttpParticipant(net::AsioLoop& loop, HttpParticipantOptions options) : pool_(std::make_shared<Pool>(loop, std::move(options))) {}
    ~HttpParticipant() override { pool_->close_all(); }
    void call(Call call, Done done) override { pool_->start(std::move(call), std::move(done)); }

private:
    std::shared_ptr<Pool> pool_;
};

}  // namespace

std::unique_ptr<Participant> make_http_participant(net::AsioLoop& loop, HttpParticipantOptions options) {
    return std::make_unique<HttpParticipant>(loop, std::move(options));
}

}  // namespace dtmd::participant
