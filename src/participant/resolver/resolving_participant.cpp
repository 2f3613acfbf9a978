#include "participant/resolver/resolving_participant.h"

#include "participant/dispatch.h"
#include "participant/reply.h"
#include "participant/resolver/balancer.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dtmd::participant {
namespace {

using Done = absl::AnyInvocable<void(Reply)>;
using Moment = std::chrono::microseconds;

constexpr std::size_t max_services = 10'000;  // Clients choose the names.
constexpr std::size_t max_tries = 3;          // Instances one call goes to, before it is the engine's turn to wait.

// How a call of this service goes: what its address says, or else its protocol. JSON-RPC goes over HTTP.
Wire wire_of(const Call& call, const txn::ServiceUrl& url) {
    if (!url.wire.empty()) return url.wire.starts_with("grpc") ? Wire::grpc : Wire::http;
    if (call.plain || call.protocol == "http") return Wire::http;
    if (call.protocol == "json-rpc" && url.rest.find("method=") != url.rest.npos) return Wire::http;
    return Wire::grpc;
}

std::string url_at(const Instance& instance, const txn::ServiceUrl& url, Wire wire) {
    const std::string_view scheme = url.wire.empty() || !url.wire.ends_with('s') ? instance.scheme : url.wire;
    std::string text;
    if (wire == Wire::http) text = scheme == "https" ? "https://" : "http://";
    if (wire == Wire::grpc && scheme == "grpcs") text = "grpcs://";
    return text.append(instance.address).append(url.rest);
}

struct OpenCall;
using OpenPtr = std::shared_ptr<OpenCall>;

struct Service {
    Directory::Token token = 0;
    bool is_known = false;
    std::string error;  ///< Why nothing new is known.
    Balancer balancer;
    std::vector<OpenPtr> waiting;  ///< Until it is known.
    std::size_t open = 0;          ///< Calls. Their pointers to this hold until there is none.
    Moment last_used{0};
};

/// A call on its way from instance to instance.
struct OpenCall {
    Call call;
    std::string protocol, trans_type;  ///< The caller's need not outlive call().
    txn::ServiceUrl url;               ///< Views into the call's.
    Wire wire = Wire::http;
    Service* service = nullptr;
    Done done;
    Moment started{0};
    std::vector<std::string> tried;
};

// Owners: the participant, and what is posted to its loop, weakly.
class Resolving : public std::enable_shared_from_this<Resolving> {
public:
    Resolving(Loop& loop, Directory& directory, std::unique_ptr<Participant> next, ResolvingOptions options)
        : loop_(loop), directory_(directory), next_(std::move(next)), options_(options) {}

    Participant& next() { return *next_; }
    void start(Call call, Done done);

private:
    Service* find(const OpenCall& open);
    void refuse(const OpenPtr& open);
    void wait(const OpenPtr& open);
    void take(const ServiceName& name, const Found& found);
    void attempt(const OpenPtr& open);
    void answered(const OpenPtr& open, const std::string& address, Reply reply);
    void finish(const OpenPtr& open, Reply reply);
    void finish_later(const OpenPtr& open, std::string why);
    Millis left_of(const OpenCall& open) const;
    void sweep_later();
    void sweep();

    Loop& loop_;
    Directory& directory_;
    std::unique_ptr<Participant> next_;
    ResolvingOptions options_;
    std::map<ServiceName, Service> services_;
    bool sweeps_ = false;
};

Service* Resolving::find(const OpenCall& open) {
    const Layout layout = open.wire == Wire::grpc ? options_.grpc_layout : options_.http_layout;
    const ServiceName name{std::string(open.url.scheme), std::string(open.url.authority), std::string(open.url.service),
                           layout};
    if (const auto known = services_.find(name); known != services_.end()) return &known->second;
    if (services_.size() >= max_services) return nullptr;
    Service& service = services_[name];
    const auto listener = [weak = weak_from_this(), name](const Found& known) {
        if (const auto self = weak.lock()) self->take(name, known);
    };
    service.token = directory_.follow(name, loop_, listener);
    sweep_later();
    return &service;
}

void Resolving::refuse(const OpenPtr& open) {
    const std::string text = std::string(open->url.name) + ": too many services are called at present";
    loop_.post([weak = weak_from_this(), open, reply = unknown_reply(text, true, 0)]() mutable {
        if (weak.lock()) open->done(std::move(reply));
    });
}

void Resolving::start(Call call, Done done) {
    auto open = std::make_shared<OpenCall>();
    open->protocol = call.protocol;
    open->trans_type = call.trans_type;
    open->call = std::move(call);
    open->call.protocol = open->protocol;
    open->call.trans_type = open->trans_type;
    open->url = *txn::split_service_url(open->call.url);
    open->wire = wire_of(open->call, open->url);
    open->done = std::move(done);
    open->started = loop_.steady();
    open->service = find(*open);
    if (open->service == nullptr) return refuse(open);
    ++open->service->open;
    if (open->service->is_known) return attempt(open);
    wait(open);
}

void Resolving::wait(const OpenPtr& open) {
    open->service->waiting.push_back(open);
    loop_.after(open->call.timeout, [weak = weak_from_this(), late = std::weak_ptr(open)] {
        const auto self = weak.lock();
        const auto waiting = late.lock();
        // What is on its way, or has been answered, doesn't wait any more.
        if (!self || !waiting || !waiting->done || std::erase(waiting->service->waiting, waiting) == 0) return;
        self->finish_later(waiting, "its registry has not answered yet");
    });
}

void Resolving::take(const ServiceName& name, const Found& found) {
    const auto known = services_.find(name);
    if (known == services_.end()) return;
    Service& service = known->second;
    service.is_known = true;
    service.error = found.error;
    service.balancer.set(found.instances);
    for (const OpenPtr& open : std::exchange(service.waiting, {})) attempt(open);
}

void Resolving::attempt(const OpenPtr& open) {
    Service& service = *open->service;
    const Instance* const chosen = service.balancer.pick(open->wire, open->tried, loop_.steady());
    if (chosen == nullptr) {
        const bool is_other_wire = service.error.empty() && !service.balancer.empty();
        const std::string_view missing =
            is_other_wire ? "none of its instances can be called this way" : "it has no instances in its registry";
        return finish_later(open, service.error.empty() ? std::string(missing) : service.error);
    }
    Call call = open->call;
    call.url = url_at(*chosen, open->url, open->wire);
    // The dispatcher behind us goes by protocol where the address doesn't say it.
    if (open->wire == Wire::grpc) call.protocol = "grpc";
    call.timeout = left_of(*open);
    open->tried.push_back(chosen->address);
    // `next_` is ours: it drops its calls before we go.
    next_->call(std::move(call),
                [this, open, address = chosen->address](Reply reply) { answered(open, address, std::move(reply)); });
}

void Resolving::answered(const OpenPtr& open, const std::string& address, Reply reply) {
    Balancer& balancer = open->service->balancer;
    const Moment now = loop_.steady();
    balancer.report(address, reply.reached, now);
    // What has used up most of its time would not get enough of it elsewhere.
    const bool has_time = left_of(*open) > open->call.timeout / 2;
    const bool may_go_on = !reply.reached && has_time && open->tried.size() < max_tries;
    if (may_go_on && balancer.has_live(open->wire, open->tried, now)) return attempt(open);
    finish(open, std::move(reply));
}

void Resolving::finish(const OpenPtr& open, Reply reply) {
    const Moment now = loop_.steady();
    --open->service->open;
    open->service->last_used = now;
    reply.took = now - open->started;
    Done done = std::exchange(open->done, nullptr);
    done(std::move(reply));
}

// Never inside call().
void Resolving::finish_later(const OpenPtr& open, std::string why) {
    std::string text(open->url.name);
    text.append(": no instance of the service can be called: ").append(why);
    loop_.post([weak = weak_from_this(), open, reply = unknown_reply(text, false, 0)]() mutable {
        if (const auto self = weak.lock(); self && open->done) self->finish(open, std::move(reply));
    });
}

Millis Resolving::left_of(const OpenCall& open) const {
    const auto passed = std::chrono::duration_cast<Millis>(loop_.steady() - open.started);
    return std::max(open.call.timeout - passed, Millis(1));
}

void Resolving::sweep_later() {
    if (std::exchange(sweeps_, true)) return;
    loop_.after(std::min(options_.idle_timeout, Millis(60'000)), [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->sweep();
    });
}

void Resolving::sweep() {
    sweeps_ = false;
    const Moment now = loop_.steady();
    std::erase_if(services_, [&](const auto& entry) {
        const Service& service = entry.second;
        const bool is_idle = service.open == 0 && now - service.last_used >= options_.idle_timeout;
        if (is_idle) directory_.unfollow(service.token);
        return is_idle;
    });
    if (!services_.empty()) sweep_later();
}

class ResolvingParticipant final : public Participant {
public:
    explicit ResolvingParticipant(std::shared_ptr<Resolving> resolving) : resolving_(std::move(resolving)) {}

    void call(Call call, Done done) override {
        if (!txn::split_service_url(call.url)) return resolving_->next().call(std::move(call), std::move(done));
        resolving_->start(std::move(call), std::move(done));
    }

private:
    std::shared_ptr<Resolving> resolving_;
};

}  // namespace

std::unique_ptr<Participant> make_resolving_participant(Loop& loop, Directory& directory,
                                                        std::unique_ptr<Participant> next, ResolvingOptions options) {
    return std::make_unique<ResolvingParticipant>(
        std::make_shared<Resolving>(loop, directory, std::move(next), options));
}

}  // namespace dtmd::participant
