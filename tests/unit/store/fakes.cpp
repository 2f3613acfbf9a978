#include "unit/store/fakes.h"

namespace dtmd::store::test {

using namespace std::chrono_literals;

void FakeLoop::post(Task task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
        ++posts_;
    }
    changed_.notify_one();
}

bool FakeLoop::run_until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!done()) {
        Task task;
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait_until(lock, deadline, [this] { return !tasks_.empty(); })) return false;
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        try {
            task();
        } catch (const std::exception& error) {
            thrown.push_back(error.what());
        }
    }
    return true;
}

std::size_t FakeLoop::posts() {
    const std::lock_guard lock(mutex_);
    return posts_;
}

void FakeDatabase::close() {
    const std::lock_guard lock(mutex);
    is_closed = true;
}

void FakeDatabase::open() {
    {
        const std::lock_guard lock(mutex);
        is_closed = false;
    }
    changed.notify_all();
}

void FakeDatabase::pass() {
    std::unique_lock lock(mutex);
    ++waiting;
    changed.notify_all();
    changed.wait(lock, [this] { return !is_closed; });
    --waiting;
}

bool FakeDatabase::wait_for_waiting(std::size_t count, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, limit, [&] { return waiting >= count; });
}

Result<void> FakeBackend::apply(std::span<const Mutation> batch, std::span<Outcome> outcomes) {
    auto& db = database_;
    {
        const std::lock_guard lock(db.mutex);
        db.threads.insert(std::this_thread::get_id());
        std::vector<std::string> names;
        for (const auto& mutation : batch) {
            names.push_back(mutation.gid + ":" + mutation.patch.rollback_reason.value_or(""));
            if (!db.in_flight.insert(mutation.gid).second) ++db.clashes;
        }
        db.batches.push_back(std::move(names));
        db.log.push_back("apply");
    }
    db.pass();

    const std::lock_guard lock(db.mutex);
    for (const auto& mutation : batch) db.in_flight.erase(mutation.gid);
    auto fault = FakeDatabase::Fault::none;
    if (!db.faults.empty()) {
        fault = db.faults.front();
        db.faults.pop_front();
    }
    if (db.is_down) fault = FakeDatabase::Fault::unavailable;
    for (const auto& mutation : batch) {
        if (!db.poison.empty() && mutation.gid == db.poison) fault = FakeDatabase::Fault::unavailable;
    }
    if (fault == FakeDatabase::Fault::unavailable) return Error{Errc::unavailable, "down"};
    if (fault == FakeDatabase::Fault::unknown) return Error{Errc::unknown, "lost"};
    if (fault == FakeDatabase::Fault::exception) throw std::runtime_error("surprise");
    for (std::size_t i = 0; i < batch.size(); ++i) {
        db.rows[batch[i].gid].push_back(batch[i].patch.rollback_reason.value_or(""));
        outcomes[i] = batch[i].gid == "missing" ? Outcome::not_found : Outcome::ok;
    }
    return {};
}

Result<std::optional<txn::Transaction>> FakeBackend::load(const std::string& gid) {
    if (gid == "throws") throw std::runtime_error("surprise");
    txn::Transaction transaction;
    transaction.gid = gid;
    return std::optional(std::move(transaction));
}

Result<Page> FakeBackend::list(const Filter&, const std::string&, std::size_t) {
    database_.pass();
    return Page{};
}

Result<Claims> FakeBackend::claim_due(Time, Time, std::size_t limit) {
    note("claim " + std::to_string(limit));
    const std::lock_guard lock(database_.mutex);
    if (database_.claims_before_failure-- == 0) return Error{Errc::unavailable, "down"};
    Claims claims;
    for (; claims.transactions.size() < limit && database_.claimable > 0; --database_.claimable) {
        claims.transactions.emplace_back().gid = std::to_string(database_.claimable);
    }
    claims.next_due = Time(Millis(static_cast<std::int64_t>(database_.claimable)));
    return claims;
}

Result<std::pair<std::size_t, bool>> FakeBackend::reset_due(Time, Time, std::size_t limit) {
    note("reset");
    return std::pair(limit, true);
}

Result<std::size_t> FakeBackend::expire(Time, std::size_t limit) {
    database_.pass();
    note("expire " + std::to_string(limit));
    const std::lock_guard lock(database_.mutex);
    const auto removed = std::min(limit, database_.expirable);
    database_.expirable -= removed;
    return removed;
}

Result<std::optional<KeyValue>> FakeBackend::kv_find(const std::string& category, const std::string& key) {
    KeyValue item;
    item.category = category;
    item.key = key;
    return std::optional(std::move(item));
}

void FakeBackend::note(const std::string& call) {
    const std::lock_guard lock(database_.mutex);
    database_.log.push_back(call);
}

Mutation change(const std::string& gid, const std::string& reason) {
    Mutation mutation;
    mutation.gid = gid;
    mutation.patch.rollback_reason = reason;
    return mutation;
}

void GroupCommit::start(GroupCommitOptions options) {
    store = make_group_commit_store([this] { return std::make_unique<FakeBackend>(database); }, options, metrics);
}

void GroupCommit::send(const std::string& gid, const std::string& reason, Loop* home) {
    store->apply(home ? *home : loop, change(gid, reason),
                 [this, name = gid + ":" + reason](Outcome outcome) { outcomes[name] = outcome; });
}

bool GroupCommit::run_until_answered(std::size_t count) {
    return loop.run_until([&] { return outcomes.size() >= count; });
}

}  // namespace dtmd::store::test
