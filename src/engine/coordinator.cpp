#include "engine/coordinator.h"

#include "base/gid.h"
#include "engine/answers.h"
#include "engine/claimer.h"
#include "engine/shard.h"
#include "engine/topics.h"

#include <functional>
#include <unordered_map>

namespace dtmd::engine {
namespace {

/// Sends each request to the shard its gid hashes to, and answers what belongs to no shard.
class ShardedCoordinator final : public Coordinator {
public:
    ShardedCoordinator(std::vector<ShardEnvironment> environments, store::Store& store, Settings settings,
                       observe::EngineMetrics& metrics, AlertSink alerts)
        : shared_{.store = store,
                  .settings = settings,
                  .metrics = metrics,
                  .alerts = std::move(alerts),
                  .shards = environments.size(),
                  .due_noted = {}},
          environments_(std::move(environments)),
          topics_(environments_.front().loop, store, settings.topics_interval,
                  [this](std::shared_ptr<const TopicMap> map) { publish(std::move(map)); }),
          claimer_(environments_.front().loop, environments_.front().random, shared_,
                   [this](std::string gid, Time lease_until, std::string owner) {
                       adopt(std::move(gid), lease_until, std::move(owner));
                   }) {
        shared_.due_noted = [this](Time when) { claimer_.note_due(when); };
        for (std::size_t i = 0; i < environments_.size(); ++i) {
            shards_.push_back(std::make_unique<Shard>(environments_[i], shared_));
            by_loop_.emplace(&environments_[i].loop, i);
        }
    }

    std::string new_gid(Loop& home) override {
        const auto found = by_loop_.find(&home);
        return dtmd::new_gid(home.now(), environments_[found == by_loop_.end() ? 0 : found->second].random);
    }

    void prepare(Loop& home, txn::Transaction request, Reply reply) override {
        const std::size_t index = shard_of(request.gid);
        hop(index, home, [request = std::move(request), waiter = waiter(home, std::move(reply))](Shard& shard) mutable {
            shard.prepare(std::move(request), std::move(waiter));
        });
    }

    void submit(Loop& home, txn::Transaction request, Reply reply) override {
        const std::size_t index = shard_of(request.gid);
        hop(index, home, [request = std::move(request), waiter = waiter(home, std::move(reply))](Shard& shard) mutable {
            shard.submit(std::move(request), std::move(waiter));
        });
    }

    void submit_workflow(Loop& home, std::string gid, std::string status, std::string rollback_reason,
                         std::string result, Reply reply) override {
        txn::Status parsed{};
        if (!txn::parse(status, parsed) || !txn::is_final(parsed)) {
            return post(home, std::move(reply),
                        invalid("req_extra.status: expected succeed or failed, got '" + status + "'"));
        }
        const std::size_t index = shard_of(gid);
        hop(index, home,
            [gid, parsed, reason = std::move(rollback_reason), result = std::move(result),
             waiter = waiter(home, std::move(reply))](Shard& shard) mutable {
                shard.submit_workflow(std::move(gid), parsed, std::move(reason), std::move(result), std::move(waiter));
            });
    }

    void abort(Loop& home, std::string gid, std::string trans_type, std::string rollback_reason, Reply reply) override {
        Command command;
        command.kind = Command::Kind::abort;
        command.trans_type = std::move(trans_type);
        command.rollback_reason = std::move(rollback_reason);
        send(home, std::move(gid), std::move(command), std::move(reply));
    }

    void force_stop(Loop& home, std::string gid, Reply reply) override {
        Command command;
        command.kind = Command::Kind::force_stop;
        send(home, std::move(gid), std::move(command), std::move(reply));
    }

    void register_branch(Loop& home, txn::Registration registration, Reply reply) override {
        const std::size_t index = shard_of(registration.gid);
        hop(index, home,
            [registration = std::move(registration), waiter = waiter(home, std::move(reply))](Shard& shard) mutable {
                shard.register_branch(std::move(registration), std::move(waiter));
            });
    }

    void prepare_workflow(Loop& home, txn::Transaction request, ReplyWith<Found> reply) override {
        const std::size_t index = shard_of(request.gid);
        hop(index, home, [request = std::move(request), &home, reply = std::move(reply)](Shard& shard) mutable {
            shard.prepare_workflow(std::move(request), home, std::move(reply));
        });
    }

    void reset_next_cron_time(Loop& home, std::string gid, Reply reply) override {
        const std::size_t index = shard_of(gid);
        hop(index, home, [gid, waiter = waiter(home, std::move(reply))](Shard& shard) mutable {
            shard.reset_next_cron_time(std::move(gid), std::move(waiter));
        });
    }

    void reset_cron_time(Loop& home, std::chrono::seconds timeout, std::size_t limit,
                         ReplyWith<std::pair<std::size_t, bool>> reply) override {
        auto done = [this, reply = std::move(reply), &home](Result<std::pair<std::size_t, bool>> result) mutable {
            if (!result) return reply(store_trouble(result.error()), {});
            claimer_.note_due(home.now());
            reply({}, *result);
        };
        shared_.store.reset_due(home, home.now() + timeout, home.now(), limit, std::move(done));
    }

    void query(Loop& home, std::string gid, ReplyWith<Found> reply) override {
        const std::size_t index = shard_of(gid);
        hop(index, home, [gid, &home, reply = std::move(reply)](Shard& shard) mutable {
            shard.query(std::move(gid), home, std::move(reply));
        });
    }

    void list(Loop& home, store::Filter filter, std::string position, std::size_t limit,
              ReplyWith<store::Page> reply) override {
        shared_.store.list(home, filter, std::move(position), limit, forward(std::move(reply)));
    }

    void subscribe(Loop& home, std::string topic, std::string url, std::string remark, Reply reply) override {
        at_topics(home, std::move(reply),
                  [topic = std::move(topic), url = std::move(url), remark = std::move(remark)](Topics& topics,
                                                                                               Reply answer) mutable {
                      topics.subscribe(std::move(topic), std::move(url), std::move(remark), std::move(answer));
                  });
    }

    void unsubscribe(Loop& home, std::string topic, std::string url, Reply reply) override {
        at_topics(home, std::move(reply),
                  [topic = std::move(topic), url = std::move(url)](Topics& topics, Reply answer) mutable {
                      topics.unsubscribe(std::move(topic), std::move(url), std::move(answer));
                  });
    }

    void delete_topic(Loop& home, std::string topic, Reply reply) override {
        at_topics(home, std::move(reply), [topic = std::move(topic)](Topics& topics, Reply answer) mutable {
            topics.remove(std::move(topic), std::move(answer));
        });
    }

    void scan_kv(Loop& home, std::string category, std::string position, std::size_t limit,
                 ReplyWith<store::KeyValuePage> reply) override {
        shared_.store.kv_scan(home, std::move(category), std::move(position), limit, forward(std::move(reply)));
    }

    void query_kv(Loop& home, std::string category, std::string key,
                  ReplyWith<std::vector<store::KeyValue>> reply) override {
        if (key.empty()) return all_kv(home, std::move(category), {}, {}, std::move(reply));
        auto done = [reply = std::move(reply)](Result<std::optional<store::KeyValue>> found) mutable {
            if (!found) return reply(store_trouble(found.error()), {});
            std::vector<store::KeyValue> items;
            if (*found) items.push_back(std::move(**found));
            reply({}, std::move(items));
        };
        shared_.store.kv_find(home, std::move(category), std::move(key), std::move(done));
    }

    void health(Loop& home, Reply reply) override {
        if (stopping_.load(std::memory_order_relaxed)) return post(home, std::move(reply), stopping());
        shared_.store.ping(home, [reply = std::move(reply)](Result<void> result) mutable {
            reply(result ? Answer{} : store_trouble(result.error()));
        });
    }

    void start() override {
        topics_.start([this] { claimer_.start(); });
        for (std::size_t i = 0; i < shards_.size(); ++i) {
            environments_[i].loop.post([shard = shards_[i].get()] { shard->start(); });
        }
    }

    void stop(Millis limit, Task done) override {
        stopping_.store(true, std::memory_order_relaxed);
        claimer_.stop();
        topics_.stop();
        Loop& first = environments_.front().loop;
        // Whichever comes first: all shards are idle, or the time is up.
        struct Stop {
            std::size_t left;
            Task done;
            bool given_up = false;
        };
        auto state = std::make_shared<Stop>(Stop{.left = shards_.size(), .done = std::move(done)});
        const auto end = [state] {
            if (state->done) std::exchange(state->done, nullptr)();
        };
        first.after(limit, [this, &first, state, end] {
            if (!state->done) return;
            state->left = shards_.size();
            state->given_up = true;
            for (std::size_t i = 0; i < shards_.size(); ++i) {
                environments_[i].loop.post([shard = shards_[i].get(), &first, state, end] {
                    shard->give_up();
                    first.post([state, end] {
                        if (--state->left == 0) end();
                    });
                });
            }
        });
        for (std::size_t i = 0; i < shards_.size(); ++i) {
            environments_[i].loop.post([shard = shards_[i].get(), &first, state, end] {
                shard->stop([&first, state, end] {
                    first.post([state, end] {
                        if (!state->given_up && --state->left == 0) end();
                    });
                });
            });
        }
    }

    Footprint footprint() const override {
        Footprint sum;
        for (const auto& shard : shards_) shard->add_to(sum);
        return sum;
    }

private:
    std::size_t shard_of(const std::string& gid) const { return std::hash<std::string>{}(gid) % shards_.size(); }

    static Waiter waiter(Loop& home, Reply reply) { return Waiter{&home, std::move(reply)}; }

    static void post(Loop& home, Reply reply, Answer answer) {
        home.post([reply = std::move(reply), answer = std::move(answer)]() mutable { reply(std::move(answer)); });
    }

    // Which shard is computed by the caller, before it moves the gid into `work`.
    template <class Work>
    void hop(std::size_t index, Loop& home, Work work) {
        Shard& shard = *shards_[index];
        Loop& loop = environments_[index].loop;
        if (&loop == &home) return work(shard);
        loop.post([&shard, work = std::move(work)]() mutable { work(shard); });
    }

    void send(Loop& home, std::string gid, Command command, Reply reply) {
        command.who = waiter(home, std::move(reply));
        const std::size_t index = shard_of(gid);
        hop(index, home, [gid, command = std::move(command)](Shard& shard) mutable {
            shard.command(std::move(gid), std::move(command));
        });
    }

    template <class Work>
    void at_topics(Loop& home, Reply reply, Work work) {
        Loop& first = environments_.front().loop;
        Reply answer = [&home, reply = std::move(reply)](Answer result) mutable {
            post(home, std::move(reply), std::move(result));
        };
        first.post(
            [this, work = std::move(work), answer = std::move(answer)]() mutable { work(topics_, std::move(answer)); });
    }

    template <class T>
    static store::Done<Result<T>> forward(ReplyWith<T> reply) {
        return [reply = std::move(reply)](Result<T> result) mutable {
            if (!result) return reply(store_trouble(result.error()), T{});
            reply({}, std::move(*result));
        };
    }

    void all_kv(Loop& home, std::string category, std::string position, std::vector<store::KeyValue> so_far,
                ReplyWith<std::vector<store::KeyValue>> reply) {
        auto done = [this, &home, category, so_far = std::move(so_far),
                     reply = std::move(reply)](Result<store::KeyValuePage> page) mutable {
            if (!page) return reply(store_trouble(page.error()), {});
            for (store::KeyValue& item : page->items) so_far.push_back(std::move(item));
            if (page->next_position.empty()) return reply({}, std::move(so_far));
            all_kv(home, std::move(category), page->next_position, std::move(so_far), std::move(reply));
        };
        shared_.store.kv_scan(home, category, std::move(position), 500, std::move(done));
    }

    void publish(std::shared_ptr<const TopicMap> map) {
        for (std::size_t i = 0; i < shards_.size(); ++i) {
            environments_[i].loop.post([shard = shards_[i].get(), map] { shard->topics_changed(map); });
        }
    }

    void adopt(std::string gid, Time lease_until, std::string owner) {
        const std::size_t index = shard_of(gid);
        environments_[index].loop.post([shard = shards_[index].get(), gid = std::move(gid), lease_until,
                                        owner = std::move(owner)] { shard->adopt(gid, lease_until, owner); });
    }

    Shared shared_;
    std::vector<ShardEnvironment> environments_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::unordered_map<const Loop*, std::size_t> by_loop_;
    Topics topics_;
    Claimer claimer_;
    std::atomic<bool> stopping_{false};
};

}  // namespace

std::unique_ptr<Coordinator> make_coordinator(std::vector<ShardEnvironment> shards, store::Store& store,
                                              Settings settings, observe::EngineMetrics& metrics, AlertSink alerts) {
    return std::make_unique<ShardedCoordinator>(std::move(shards), store, std::move(settings), metrics,
                                                std::move(alerts));
}

}  // namespace dtmd::engine
