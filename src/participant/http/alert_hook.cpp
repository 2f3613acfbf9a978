#include "participant/http/alert_hook.h"

#include "observe/log.h"
#include "participant/http/http_participant.h"

#include <deque>
#include <utility>

namespace dtmd::participant {
namespace {

class Hook final : public AlertHook {
public:
    Hook(net::AsioLoop& loop, std::string url, Millis timeout, std::size_t max_open, std::size_t max_queued)
        : loop_(loop), url_(std::move(url)), timeout_(timeout), max_open_(max_open), max_queued_(max_queued),
          caller_(make_http_participant(loop, {})) {}

    void send(std::string json_body, std::function<void(bool)> done) override {
        loop_.post([this, item = Item{std::move(json_body), std::move(done)}]() mutable { enqueue(std::move(item)); });
    }

private:
    struct Item {
        std::string body;
        std::function<void(bool)> done;
    };

    void enqueue(Item item) {
        if (open_ < max_open_) return deliver(std::move(item));
        if (queue_.size() < max_queued_) {
            queue_.push_back(std::move(item));
            return;
        }
        log::warn("alert.dropped", {{"reason", "AlertWebHook is slower than alerts come in"}});
        item.done(false);
    }

    void deliver(Item item) {
        ++open_;
        Call call;
        call.url = url_;
        call.protocol = "http";
        call.trans_type = "alert";
        call.body = std::move(item.body);
        call.timeout = timeout_;
        call.plain = true;
        caller_->call(std::move(call), [this, done = std::move(item.done)](Reply reply) {
            --open_;
            const bool delivered = reply.code >= 200 && reply.code < 300;
            if (!delivered) log::warn("alert.undelivered", {{"code", reply.code}, {"reason", reply.text}});
            done(delivered);
            if (queue_.empty() || open_ >= max_open_) return;
            Item next = std::move(queue_.front());
            queue_.pop_front();
            deliver(std::move(next));
        });
    }

    net::AsioLoop& loop_;
    std::string url_;
    Millis timeout_;
    std::size_t max_open_, max_queued_, open_ = 0;
    std::unique_ptr<Participant> caller_;
    std::deque<Item> queue_;
};

}  // namespace

std::unique_ptr<AlertHook> make_alert_hook(net::AsioLoop& loop, std::string url, Millis timeout, std::size_t max_open,
                                           std::size_t max_queued) {
    return std::make_unique<Hook>(loop, std::move(url), timeout, max_open, max_queued);
}

}  // namespace dtmd::participant
