#include "participant/http/alert_hook.h"

#include "observe/log.h"
#include "participant/http/http_participant.h"

#include <deque>
#include <utility>

namespace dtmd::participant {
namespace {

// Without the advice for participants in front of it.
std::string_view reason_of(const Reply& reply) {
    constexpr std::string_view end_of_advice = "retried: ";
    const std::string_view text = reply.text;
    const auto at = text.find(end_of_advice);
    return at == text.npos ? text : text.substr(at + end_of_advice.size());
}

/// Owners: the hook, and what it has posted to its loop. Touched on that loop, or when it no longer runs.
class Deliveries : public std::enable_shared_from_this<Deliveries> {
public:
    struct Limits {
        Millis timeout;
        std::size_t open, queued;
    };
    struct Item {
        std::string body;
        std::function<void(bool)> done;
    };

    Deliveries(net::AsioLoop& loop, std::string url, Limits limits)
        : url_(std::move(url)), limits_(limits), caller_(make_http_participant(loop, {})) {}

    void enqueue(Item item) {
        if (!caller_) return;
        if (open_ < limits_.open) return deliver(std::move(item));
        if (queue_.size() < limits_.queued) {
            queue_.push_back(std::move(item));
            return;
        }
        // Said once per jam, not once per alert.
        if (!std::exchange(is_jammed_, true)) {
            log::warn("alert.dropped", {{"reason", "AlertWebHook is slower than alerts come in"}});
        }
        if (item.done) item.done(false);
    }

    void close() {
        caller_.reset();
        queue_.clear();
    }

private:
    void deliver(Item item) {
        ++open_;
        Call call;
        call.url = url_;
        call.protocol = "http";
        call.trans_type = "alert";
        call.body = std::move(item.body);
        call.timeout = limits_.timeout;
        call.plain = true;
        // The participant goes with us and drops its calls, so `this` outlives them.
        caller_->call(std::move(call), [this, done = std::move(item.done)](const Reply& reply) {
            const auto self = shared_from_this();
            --open_;
            const bool delivered = reply.code >= 200 && reply.code < 300;
            if (!delivered) log::warn("alert.undelivered", {{"code", reply.code}, {"reason", reason_of(reply)}});
            if (done) done(delivered);
            deliver_next();
        });
    }

    void deliver_next() {
        if (!caller_ || queue_.empty() || open_ >= limits_.open) return;
        Item next = std::move(queue_.front());
        queue_.pop_front();
        if (queue_.empty()) is_jammed_ = false;
        deliver(std::move(next));
    }

    std::string url_;
    Limits limits_;
    std::size_t open_ = 0;
    bool is_jammed_ = false;
    std::unique_ptr<Participant> caller_;
    std::deque<Item> queue_;
};

class Hook final : public AlertHook {
public:
    Hook(net::AsioLoop& loop, std::string url, Deliveries::Limits limits)
        : loop_(loop), deliveries_(std::make_shared<Deliveries>(loop, std::move(url), limits)) {}
    ~Hook() override { deliveries_->close(); }

    void send(std::string json_body, std::function<void(bool)> done) override {
        Deliveries::Item item{std::move(json_body), std::move(done)};
        loop_.post(
            [deliveries = deliveries_, item = std::move(item)]() mutable { deliveries->enqueue(std::move(item)); });
    }

private:
    net::AsioLoop& loop_;
    std::shared_ptr<Deliveries> deliveries_;
};

}  // namespace

std::unique_ptr<AlertHook> make_alert_hook(net::AsioLoop& loop, std::string url, Millis timeout, std::size_t max_open,
                                           std::size_t max_queued) {
    return std::make_unique<Hook>(loop, std::move(url), Deliveries::Limits{timeout, max_open, max_queued});
}

}  // namespace dtmd::participant
