#pragma once

#include "durable.h"
#include "sim_loop.h"
#include "store/store.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace dtmd::simulation {

/// One node's store facade for one life: changes queue and go out in batches, one batch at a time, as in
/// store/group_commit.h; reads go beside them. What can go wrong does, by the world's dice.
class NodeStore final : public store::Store {
public:
    NodeStore(Context& context, Durable& durable, Owner owner, const NodeClock& clock, double trouble);

    void apply(Loop& home, store::Mutation mutation, store::Done<store::Outcome> done) override;
    void load(Loop& home, std::string gid, store::Done<Result<std::optional<txn::Transaction>>> done) override;
    void list(Loop& home, store::Filter filter, std::string position, std::size_t limit,
              store::Done<Result<store::Page>> done) override;
    void claim_due(Loop& home, Time due, Time lease_until, std::size_t limit,
                   store::Done<Result<store::Claims>> done) override;
    void reset_due(Loop& home, Time later_than, Time now, std::size_t limit,
                   store::Done<Result<std::pair<std::size_t, bool>>> done) override;
    void expire(Loop& home, Time finished_before, std::size_t limit, store::Done<Result<std::size_t>> done) override;
    void counts(Loop& home, store::Done<Result<store::Counts>> done) override;
    void kv_scan(Loop& home, std::string category, std::string position, std::size_t limit,
                 store::Done<Result<store::KeyValuePage>> done) override;
    void kv_find(Loop& home, std::string category, std::string key,
                 store::Done<Result<std::optional<store::KeyValue>>> done) override;
    void kv_create(Loop& home, store::KeyValue item, store::Done<Result<store::Outcome>> done) override;
    void kv_update(Loop& home, store::KeyValue item, store::Done<Result<store::Outcome>> done) override;
    void kv_delete(Loop& home, std::string category, std::string key,
                   store::Done<Result<store::Outcome>> done) override;
    void ping(Loop& home, store::Done<Result<void>> done) override;
    bool is_exclusive() const override { return durable_.profile().exclusive; }

    /// The node dies. A write of an embedded store that was under way may have reached the disk, or not.
    void crash();
    /// Lets go of what its dead node was waiting for; what was sent stays on its way.
    void bury();

private:
    struct Waiting {
        store::Mutation mutation;
        Loop* home;
        store::Done<store::Outcome> done;
    };
    struct Batch {
        std::vector<store::Mutation> mutations;
        std::vector<store::Outcome> outcomes;
        std::vector<std::pair<Loop*, store::Done<store::Outcome>>> callers;
        bool effective = false;
    };
    enum class Fate : std::uint8_t { fine, unavailable, unknown_done, unknown_lost, unknown_late, torn };

    void pump();
    std::shared_ptr<Batch> next_batch();
    Fate draw_fate();
    void arrive(const std::shared_ptr<Batch>& batch, Fate fate);
    void take_effect(Batch& batch, std::size_t count);
    void answer_batch(const std::shared_ptr<Batch>& batch);

    /// A request that is answered by `call` at the store. `by_writer`: one at a time, between two batches.
    template <class T, class Call>
    void request(Loop& home, store::Done<Result<T>> done, bool by_writer, Call call);
    template <class T, class Call>
    void send(Loop& home, store::Done<Result<T>> done, bool by_writer, Call call);
    /// Whose events happen at the store: an embedded one dies with its node.
    Owner at_store() const { return is_exclusive() ? owner_ : the_world; }
    Time now() const { return context_.queue.now() + clock_.skew; }

    Context& context_;
    Durable& durable_;
    const Owner owner_;
    const NodeClock& clock_;
    const double trouble_;
    Time fresh_after_;  ///< This node's reads see at least what was written by then.
    bool busy_ = false;
    std::deque<Waiting> waiting_;
    std::deque<Task> jobs_;
    std::shared_ptr<Batch> under_way_;
};

}  // namespace dtmd::simulation
