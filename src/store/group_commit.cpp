#include "store/group_commit.h"

#include "store/worker.h"

#include <algorithm>
#include <chrono>
#include <exception>

namespace dtmd::store {
namespace {

// So small that a commit behind it hardly waits.
constexpr std::size_t expire_slice = 64;

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

// Removes in slices and goes to the back of the writer's queue after each, so that commits come in between.
struct Expiry {
    Writer* writer;
    Loop* home;
    Time finished_before;
    std::size_t left, removed;
    Done<Result<std::size_t>> done;

    void operator()(Backend* backend) {
        const std::size_t slice = std::min(left, expire_slice);
        const auto call = [&](Backend& own) { return own.expire(finished_before, slice); };
        auto result = attempt<std::size_t>(backend, call);
        if (!result) return answer<std::size_t>(*home, std::move(done), std::move(result));
        removed += *result;
        left -= slice;
        if (*result < slice || left == 0 || writer->is_stopping()) {
            return answer<std::size_t>(*home, std::move(done), removed);
        }
        Writer& queue = *writer;
        queue.run(std::move(*this));
    }
};

class GroupCommitStore final : public Store {
public:
    GroupCommitStore(BackendFactory factory, const GroupCommitOptions& options, observe::StoreMetrics& metrics)
        : factory_(std::move(factory)), metrics_(metrics), exclusive_(options.exclusive),
          readers_(factory_, options.readers), scanners_(factory_, options.scanners) {
        for (std::size_t i = 0; i < std::max<std::size_t>(options.writers, 1); ++i) {
            writers_.push_back(std::make_unique<Writer>(factory_, options.max_batch, metrics_));
        }
    }

    void apply(Loop& home, Mutation mutation, Done<Outcome> done) override {
        // All changes of one gid go to one writer, which is what keeps their order.
        const std::size_t lane = writers_.size() == 1 ? 0 : std::hash<std::string>{}(mutation.gid) % writers_.size();
        writers_[lane]->apply(home, std::move(mutation), std::move(done));
    }

    void load(Loop& home, std::string gid, Done<Result<std::optional<txn::Transaction>>> done) override {
        read<std::optional<txn::Transaction>>(readers_, home, std::move(done), [gid = std::move(gid)](Backend& backend) {
            return backend.load(gid);
        });
    }

    void list(Loop& home, Filter filter, std::string position, std::size_t limit, Done<Result<Page>> done) override {
        read<Page>(scanners_, home, std::move(done),
                   [filter, position = std::move(position), limit](Backend& backend) {
                       return backend.list(filter, position, limit);
                   });
    }

    void claim_due(Loop& home, Time due, Time lease_until, std::size_t limit, Done<Result<Claims>> done) override {
        write<Claims>(home, std::move(done),
                      [=](Backend& backend) { return backend.claim_due(due, lease_until, limit); });
    }

    void reset_due(Loop& home, Time later_than, Time now, std::size_t limit,
                   Done<Result<std::pair<std::size_t, bool>>> done) override {
        write<std::pair<std::size_t, bool>>(
            home, std::move(done), [=](Backend& backend) { return backend.reset_due(later_than, now, limit); });
    }

    void expire(Loop& home, Time finished_before, std::size_t limit, Done<Result<std::size_t>> done) override {
        Writer& writer = *writers_.front();
        writer.run(Expiry{&writer, &home, finished_before, limit, 0, std::move(done)});
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
        write<Outcome>(home, std::move(done),
                       [category = std::move(category), key = std::move(key)](Backend& backend) {
                           return backend.kv_delete(category, key);
                       });
    }

    void ping(Loop& home, Done<Result<void>> done) override {
        read<void>(readers_, home, std::move(done), [](Backend& backend) { return backend.ping(); });
    }

    bool is_exclusive() const override { return exclusive_; }

private:
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

    // Rare writes that belong to no gid: all on the first writer, so they keep their order.
    template <class T, class Call>
    void write(Loop& home, Done<Result<T>> done, Call call) {
        writers_.front()->run(make_job<T>(home, std::move(done), std::move(call)));
    }

    const BackendFactory factory_;
    observe::StoreMetrics& metrics_;
    const bool exclusive_;
    ReaderPool readers_;
    ReaderPool scanners_;
    std::vector<std::unique_ptr<Writer>> writers_;  ///< Goes first: what it answers may still be read.
};

}  // namespace

std::unique_ptr<Store> make_group_commit_store(BackendFactory factory, GroupCommitOptions options,
                                               observe::StoreMetrics& metrics) {
    return std::make_unique<GroupCommitStore>(std::move(factory), options, metrics);
}

}  // namespace dtmd::store
