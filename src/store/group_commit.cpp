#include "store/group_commit.h"

#include "store/reader_pool.h"
#include "store/writer_pool.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>

namespace dtmd::store {
namespace {

// So small that a commit behind it hardly waits.
constexpr std::size_t slice_size = 64;

const Error time_unknown{Errc::unavailable, "The store has not told the time yet."};

template <class T, class Call>
Result<T> attempt(Backend* backend, Call& call) {
    if (!backend) return Error{Errc::unavailable, "The store can't be reached; its log says why."};
    try {
        return call(*backend);
    } catch (const std::exception& error) {
        return Error{Errc::unknown, std::string("The store failed: ") + error.what()};
    } catch (...) {
        return Error{Errc::unknown, "The store failed in an unknown way."};
    }
}

template <class T>
void answer(Loop& home, Done<Result<T>> done, Result<T> result) {
    home.post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

template <class T, class Call>
Job make_job(Loop& home, Done<Result<T>> done, Call call) {
    return [&home, done = std::move(done), call = std::move(call)](Backend* backend) mutable {
        answer<T>(home, std::move(done), attempt<T>(backend, call));
    };
}

// Work on many transactions, done in slices. After each it goes to the back of the writer's queue, so that commits come
// in between. `call(backend, limit, total)` does one slice, adds to `total`, and says whether there may be more.
template <class T, class Call>
struct Sliced {
    WriterPool* writers;
    Loop* home;
    std::size_t left;
    Done<Result<T>> done;
    Call call;
    T total{};
    bool has_begun = false;

    void operator()(Backend* backend) {
        const std::size_t limit = std::min(left, slice_size);
        const auto slice = [&](Backend& own) { return call(own, limit, total); };
        const auto more = attempt<bool>(backend, slice);
        if (!more && !has_begun) return answer<T>(*home, std::move(done), more.error());
        has_begun = true;
        left -= limit;
        // What earlier slices did counts, even if this one failed.
        const bool is_over = !more || !*more || left == 0 || writers->is_stopping();
        if (is_over) return answer<T>(*home, std::move(done), std::move(total));
        WriterPool& queue = *writers;
        queue.run(std::move(*this));
    }
};

Result<bool> claim_slice(Backend& backend, Time due, Time lease_until, std::size_t limit, Claims& total) {
    auto part = backend.claim_due(due, lease_until, limit);
    if (!part) return part.error();
    const bool is_full = part->transactions.size() >= limit;
    std::ranges::move(part->transactions, std::back_inserter(total.transactions));
    if (!total.oldest_due) total.oldest_due = part->oldest_due;
    total.next_due = part->next_due;
    return is_full;
}

Result<bool> reset_slice(Backend& backend, Time later_than, Time now, std::size_t limit,
                         std::pair<std::size_t, bool>& total) {
    const auto part = backend.reset_due(later_than, now, limit);
    if (!part) return part.error();
    total = {total.first + part->first, part->second};
    return part->second;
}

Result<bool> expire_slice(Backend& backend, Time finished_before, std::size_t limit, std::size_t& total) {
    const auto removed = backend.expire(finished_before, limit);
    if (!removed) return removed.error();
    total += *removed;
    return *removed >= limit;
}

class GroupCommitStore final : public Store {
public:
    GroupCommitStore(BackendFactory factory, const GroupCommitOptions& options, observe::StoreMetrics& metrics)
        : factory_(std::move(factory)),
          metrics_(metrics),
          exclusive_(options.exclusive),
          knows_time_(options.knows_time),
          readers_(factory_, options.readers),
          scanners_(factory_, options.scanners),
          writers_(factory_, options.writers, options.max_batch, metrics_) {}

    void apply(Loop& home, Mutation mutation, Done<Outcome> done) override {
        if (!knows_time()) {
            return home.post([done = std::move(done)]() mutable { done(Outcome::unavailable); });
        }
        writers_.apply(home, std::move(mutation), std::move(done));
    }

    void load(Loop& home, std::string gid, Done<Result<std::optional<txn::Transaction>>> done) override {
        read<std::optional<txn::Transaction>>(readers_, home, std::move(done),
                                              [gid = std::move(gid)](Backend& backend) { return backend.load(gid); });
    }

    void list(Loop& home, Filter filter, std::string position, std::size_t limit, Done<Result<Page>> done) override {
        read<Page>(scanners_, home, std::move(done), [filter, position = std::move(position), limit](Backend& backend) {
            return backend.list(filter, position, limit);
        });
    }

    void claim_due(Loop& home, Time due, Time lease_until, std::size_t limit, Done<Result<Claims>> done) override {
        write_sliced<Claims>(home, limit, std::move(done), [=](Backend& backend, std::size_t slice, Claims& total) {
            return claim_slice(backend, due, lease_until, slice, total);
        });
    }

    void reset_due(Loop& home, Time later_than, Time now, std::size_t limit,
                   Done<Result<std::pair<std::size_t, bool>>> done) override {
        using Moved = std::pair<std::size_t, bool>;
        write_sliced<Moved>(home, limit, std::move(done), [=](Backend& backend, std::size_t slice, Moved& total) {
            return reset_slice(backend, later_than, now, slice, total);
        });
    }

    void expire(Loop& home, Time finished_before, std::size_t limit, Done<Result<std::size_t>> done) override {
        write_sliced<std::size_t>(home, limit, std::move(done),
                                  [=](Backend& backend, std::size_t slice, std::size_t& total) {
                                      return expire_slice(backend, finished_before, slice, total);
                                  });
    }

    void counts(Loop& home, Done<Result<Counts>> done) override {
        read<Counts>(scanners_, home, std::move(done), [](Backend& backend) { return backend.counts(); });
    }

    void kv_scan(Loop& home, std::string category, std::string position, std::size_t limit,
                 Done<Result<KeyValuePage>> done) override {
        read<KeyValuePage>(scanners_, home, std::move(done),
                           [category = std::move(category), position = std::move(position), limit](Backend& backend) {
                               return backend.kv_scan(category, position, limit);
                           });
    }

    void kv_find(Loop& home, std::string category, std::string key,
                 Done<Result<std::optional<KeyValue>>> done) override {
        read<std::optional<KeyValue>>(readers_, home, std::move(done),
                                      [category = std::move(category), key = std::move(key)](Backend& backend) {
                                          return backend.kv_find(category, key);
                                      });
    }

    void kv_create(Loop& home, KeyValue item, Done<Result<Outcome>> done) override {
        write<Outcome>(home, std::move(done),
                       [item = std::move(item)](Backend& backend) { return backend.kv_create(item); });
    }

    void kv_update(Loop& home, KeyValue item, Done<Result<Outcome>> done) override {
        write<Outcome>(home, std::move(done),
                       [item = std::move(item)](Backend& backend) { return backend.kv_update(item); });
    }

    void kv_delete(Loop& home, std::string category, std::string key, Done<Result<Outcome>> done) override {
        write<Outcome>(home, std::move(done), [category = std::move(category), key = std::move(key)](Backend& backend) {
            return backend.kv_delete(category, key);
        });
    }

    void ping(Loop& home, Done<Result<void>> done) override {
        read<void>(readers_, home, std::move(done), [](Backend& backend) { return backend.ping(); });
    }

    void clock(Loop& home, Done<Result<std::optional<Time>>> done) override {
        read<std::optional<Time>>(readers_, home, std::move(done), [](Backend& backend) { return backend.clock(); });
    }

    bool is_exclusive() const override { return exclusive_; }

private:
    bool knows_time() const { return !knows_time_ || knows_time_(); }

    template <class T, class Call>
    void read(ReaderPool& pool, Loop& home, Done<Result<T>> done, Call call) {
        const auto timed = [this, call = std::move(call)](Backend& backend) {
            const auto start = std::chrono::steady_clock::now();
            auto result = call(backend);
            metrics_.read_done(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
            return result;
        };
        pool.run(make_job<T>(home, std::move(done), std::move(timed)));
    }

    // Rare writes that belong to no gid, in their order.
    template <class T, class Call>
    void write(Loop& home, Done<Result<T>> done, Call call) {
        writers_.run(make_job<T>(home, std::move(done), std::move(call)));
    }

    template <class T, class Call>
    void write_sliced(Loop& home, std::size_t limit, Done<Result<T>> done, Call call) {
        if (!knows_time()) return answer<T>(home, std::move(done), time_unknown);
        writers_.run(Sliced<T, Call>{&writers_, &home, limit, std::move(done), std::move(call)});
    }

    const BackendFactory factory_;
    observe::StoreMetrics& metrics_;
    const bool exclusive_;
    const std::function<bool()> knows_time_;
    ReaderPool readers_;
    ReaderPool scanners_;
    WriterPool writers_;  ///< Goes first: what it answers may still be read.
};

}  // namespace

std::unique_ptr<Store> make_group_commit_store(BackendFactory factory, GroupCommitOptions options,
                                               observe::StoreMetrics& metrics) {
    return std::make_unique<GroupCommitStore>(std::move(factory), options, metrics);
}

}  // namespace dtmd::store
