#include "store/redis/backend_impl.h"
#include "store/redis/json_text.h"
#include "store/redis/refusal.h"
#include "store/redis/time_text.h"

#include <algorithm>

namespace dtmd::store::redis {
namespace {

// What is sent before its answers are read. A batch of large payloads goes in several parts.
constexpr std::size_t part_size = 4 << 20;

// How often a record that dtm has is brought into our layout again, because dtm was quicker each time.
constexpr int layout_attempts = 4;

Outcome outcome_of(const Answer& answer) {
    if (!answer) return answer.error().code == Errc::unavailable ? Outcome::unavailable : Outcome::unknown;
    switch (answer->integer) {
        case answer::ok: return Outcome::ok;
        case answer::conflict: return Outcome::conflict;
        case answer::not_found: return Outcome::not_found;
        default: return Outcome::unavailable;
    }
}

std::string expected(const Mutation& mutation) {
    return mutation.any_status ? std::string() : std::string(txn::name(mutation.expect));
}

std::string expected_mode(const Mutation& mutation) {
    return mutation.expect_mode ? std::string(txn::name(*mutation.expect_mode)) : std::string();
}

// What makes a row unique, as it stands in the row's text.
std::string identity(const txn::Branch& branch) {
    std::string out = "\"branch_id\":";
    append_string(out, branch.branch_id);
    out += ",\"op\":";
    append_string(out, branch.op);
    return out;
}

std::size_t size_of(const Mutation& mutation) {
    std::size_t size = 1000;
    const auto add = [&](const std::vector<txn::Branch>& branches) {
        for (const auto& branch : branches) size += branch.body.size() * 4 / 3 + branch.url.size() + 300;
    };
    add(mutation.branches);
    add(mutation.record.branches);
    for (const auto& payload : mutation.record.payloads) size += payload.size();
    return size + mutation.patch.rows.size() * 300;
}

}  // namespace

Result<void> RedisBackend::apply(std::span<const Mutation> batch, std::span<Outcome> outcomes) {
    if (auto is_ready = ready(); !is_ready) return is_ready;
    std::optional<Error> failure;
    for (std::size_t begin = 0; begin < batch.size();) {
        std::size_t end = begin, size = 0;
        while (end < batch.size() && (end == begin || size < part_size)) size += size_of(batch[end++]);
        const auto applied = apply_part(batch.subspan(begin, end - begin), outcomes.subspan(begin, end - begin));
        if (!applied) failure = applied.error();
        begin = end;
    }
    // Only if nothing was done at all may the whole batch be tried again.
    const bool none = std::ranges::all_of(outcomes, [](Outcome one) { return one == Outcome::unavailable; });
    if (failure && none) return *failure;
    return {};
}

Result<void> RedisBackend::apply_part(std::span<const Mutation> batch, std::span<Outcome> outcomes) {
    std::vector<Command> commands;
    commands.reserve(batch.size());
    for (const Mutation& mutation : batch) commands.push_back(command_of(mutation, false));
    auto answers = link_.change(commands);
    if (link_.was_out_of_memory()) insist(batch, answers);
    settle(batch, answers, outcomes);
    for (const Answer& answer : answers) {
        if (answer || answer.error().code != Errc::unavailable) continue;
        return answer.error();
    }
    return {};
}

// A server without memory refuses what is new, which is right. What was begun may go on to its end: it takes hardly any
// memory, and only what has ended can expire and give some back.
void RedisBackend::insist(std::span<const Mutation> batch, std::vector<Answer>& answers) {
    std::vector<Command> commands;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (answers[i] || answers[i].error().code != Errc::unavailable || batch[i].change == Change::insert) continue;
        commands.push_back(command_of(batch[i], true));
        places.push_back(i);
    }
    auto again = link_.change(commands);
    for (std::size_t i = 0; i < places.size(); ++i) answers[places[i]] = std::move(again[i]);
}

// Each mutation's outcome; those that need more than one step take them here.
void RedisBackend::settle(std::span<const Mutation> batch, std::vector<Answer>& answers, std::span<Outcome> outcomes) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto is_foreign = [&] { return answers[i] && answers[i]->integer == answer::foreign; };
        for (int attempt = 0; attempt < layout_attempts && is_foreign(); ++attempt) {
            answers[i] = bring_into_layout(batch[i]);
        }
        outcomes[i] = outcome_of(answers[i]);
    }
}

Command RedisBackend::command_of(const Mutation& mutation, bool in_need) const {
    switch (mutation.change) {
        case Change::insert: return insert_of(mutation);
        case Change::update: return update_of(mutation, in_need);
        case Change::append: return append_of(mutation, in_need);
    }
    __builtin_unreachable();
}

Command RedisBackend::insert_of(const Mutation& mutation) const {
    const auto& record = mutation.record;
    const std::string& gid = mutation.gid;
    const Slice& slice = slice_of(gid);
    const auto& options = shared_->options;
    const bool is_final = txn::is_final(record.status);
    std::vector<std::string> words{encode_global(record),
                                   std::string(txn::name(record.status)),
                                   is_final ? "1" : "0",
                                   std::to_string((is_final ? options.finished_expire : options.data_expire).count()),
                                   score_of(record.next_cron_time),
                                   std::to_string(to_ms(record.create_time))};
    for (const auto& branch : record.branches) words.push_back(encode_branch(gid, branch));
    return {slice.slot, script_call(Script::insert,
                                    {slice.global(gid), slice.branches(gid), slice.status(gid), slice.due(),
                                     slice.created(), slice.open()},
                                    words)};
}

Command RedisBackend::update_of(const Mutation& mutation, bool in_need) const {
    const std::string& gid = mutation.gid;
    const Slice& slice = slice_of(gid);
    const auto& options = shared_->options;
    const Patch& patch = mutation.patch;
    auto edits = edits_of(patch);
    std::vector<std::string> words{expected(mutation),
                                   expected_mode(mutation),
                                   patch.status ? std::string(txn::name(*patch.status)) : "",
                                   std::to_string(options.data_expire.count()),
                                   std::to_string(options.finished_expire.count()),
                                   patch.next_cron_time ? score_of(*patch.next_cron_time) : "",
                                   in_need ? "1" : "0",
                                   mutation.expect_lease ? score_of(*mutation.expect_lease) : "",
                                   std::to_string(edits.size())};
    words.reserve(words.size() + 3 * (edits.size() + patch.rows.size()));
    for (auto& edit : edits) {
        words.emplace_back(edit.after);
        words.emplace_back(edit.before);
        words.push_back(std::move(edit.value));
    }
    for (const auto& row : patch.rows) {
        auto edit = edit_of(row);
        words.push_back(std::to_string(row.row));
        words.push_back(std::move(edit.update_time));
        words.push_back(std::move(edit.tail));
    }
    return {slice.slot,
            script_call(Script::update,
                        {slice.global(gid), slice.branches(gid), slice.status(gid), slice.due(), slice.open()}, words)};
}

Command RedisBackend::append_of(const Mutation& mutation, bool in_need) const {
    const std::string& gid = mutation.gid;
    const Slice& slice = slice_of(gid);
    std::vector<std::string> words{expected(mutation), expected_mode(mutation),
                                   std::to_string(shared_->options.data_expire.count()), in_need ? "1" : "0"};
    for (const auto& branch : mutation.branches) {
        words.push_back(identity(branch));
        words.push_back(encode_branch(gid, branch));
    }
    return {slice.slot,
            script_call(Script::append, {slice.global(gid), slice.branches(gid), slice.status(gid)}, words)};
}

// dtm wrote this record, or has written it since. Writes it as we do and makes the change again. Answers
// answer::foreign if it was changed meanwhile.
Answer RedisBackend::bring_into_layout(const Mutation& mutation) {
    const std::string& gid = mutation.gid;
    auto stored = read(gid);
    if (!stored) return stored.error();
    Reply reply{.kind = Reply::Kind::integer, .integer = answer::not_found, .text = {}, .items = {}};
    if (!*stored) return reply;
    const auto transaction = decode(**stored);
    if (!transaction) return transaction.error();
    std::vector<std::string> words{(*stored)->global, encode_global(*transaction)};
    for (std::size_t row = 0; row < transaction->branches.size(); ++row) {
        auto text = encode_branch(gid, transaction->branches[row]);
        if (text == (*stored)->branches[row]) continue;
        words.push_back(std::to_string(row));
        words.push_back((*stored)->branches[row]);
        words.push_back(std::move(text));
    }
    const Slice& slice = slice_of(gid);
    const Answer replaced =
        link_.change({slice.slot, script_call(Script::replace, {slice.global(gid), slice.branches(gid)}, words)});
    if (!replaced) return Error{Errc::unavailable, replaced.error().what};
    if (replaced->integer != answer::ok) {
        reply.integer = answer::foreign;
        return reply;
    }
    return link_.change(command_of(mutation, false));
}

}  // namespace dtmd::store::redis
