#include "engine/answers.h"

#include <algorithm>

namespace dtmd::engine {
namespace {

using txn::Mode;
using txn::Status;

Answer make(Answer::Kind kind, std::string text) { return Answer{kind, std::move(text)}; }

std::string text(std::string_view view) { return std::string(view); }

}  // namespace

Answer failure(std::string what) {
    if (!what.ends_with("FAILURE")) what += " FAILURE";
    return make(Answer::Kind::failure, std::move(what));
}

Answer invalid(std::string what) { return make(Answer::Kind::invalid, std::move(what)); }
Answer error(std::string what) { return make(Answer::Kind::error, std::move(what)); }

Answer store_trouble(store::Outcome outcome) {
    if (outcome == store::Outcome::unknown) {
        return make(Answer::Kind::unknown,
                    "the store failed while the request was being written, so it may or may not have been taken: "
                    "repeat it, which is safe");
    }
    return make(Answer::Kind::unavailable,
                "the store is not available, nothing was changed: repeat the request later (see /api/health)");
}

Answer store_trouble(const Error& failed) {
    if (failed.code == Errc::invalid) return invalid(failed.what);
    return make(Answer::Kind::unavailable, "the store is not available: " + failed.what);
}

Answer stopping() {
    return make(Answer::Kind::unavailable, "this coordinator is stopping, nothing was changed: repeat the request");
}

Answer stopping_midway() {
    return error("this coordinator is stopping; the transaction goes on when it is back, or on another node");
}

Answer cannot_prepare(Status status) { return failure("current status '" + text(name(status)) + "', cannot prepare."); }

// The spelling is dtm's, and clients match on it.
Answer cannot_submit(Status status) { return failure("current status '" + text(name(status)) + "', cannot sumbmit."); }

Answer cannot_abort(const txn::Transaction& transaction) {
    return failure("trans type: '" + text(name(transaction.mode)) + "' current status '" +
                   text(name(transaction.status)) + "', cannot abort.");
}

Answer cannot_force_stop(Status status) {
    return failure("global transaction force stop error. status: " + text(name(status)) + ". error:");
}

Answer never_prepared(const txn::Transaction& request) {
    return failure("gid '" + request.gid + "' was never prepared: a " + text(name(request.mode)) +
                   " transaction is prepared before it is submitted.");
}

Answer no_such_global(const std::string& gid) { return error("no TransGlobal with gid: " + gid + " found"); }

Answer not_registrable(const std::string& gid) {
    return failure("no trans with gid: " + gid + " status: prepared found");
}

Answer other_content(const txn::Transaction& stored, const txn::Transaction& request) {
    return failure("gid '" + request.gid + "' exists with other content (trans_type " + text(name(stored.mode)) + ", " +
                   std::to_string(stored.branches.size()) + " branch operations): a gid names one transaction.");
}

bool same_content(const txn::Transaction& stored, const txn::Transaction& request) {
    if (stored.mode != request.mode) return false;
    if (request.mode != Mode::saga && request.mode != Mode::message) return true;
    if (request.steps.empty()) return true;
    const auto is_topic = [](const txn::Step& step) { return step.get("action").starts_with(txn::topic_prefix); };
    if (std::ranges::any_of(request.steps, is_topic)) return true;
    return std::ranges::equal(stored.branches, request.branches, [](const txn::Branch& a, const txn::Branch& b) {
        return a.branch_id == b.branch_id && a.op == b.op && a.url == b.url && a.body == b.body;
    });
}

Answer wait_result(const Actor& actor) {
    const txn::Transaction& transaction = actor.transaction;
    if (transaction.status == Status::succeed) return {};
    const bool back = transaction.status == Status::failed || transaction.status == Status::aborting;
    if (back && !transaction.rollback_reason.empty()) return failure(transaction.rollback_reason);

    const bool reports_trouble =
        transaction.mode == Mode::tcc || transaction.mode == Mode::xa ||
        (transaction.mode == Mode::message && actor.trouble && actor.trouble->answer != txn::Answer::ongoing);
    if (!txn::is_final(transaction.status) && actor.trouble && reports_trouble) {
        switch (actor.trouble->answer) {
            case txn::Answer::ongoing: return make(Answer::Kind::ongoing, actor.trouble->text);
            case txn::Answer::failure: return failure(actor.trouble->text);
            case txn::Answer::success:
            case txn::Answer::unknown: return error(actor.trouble->text);
        }
    }
    return failure("wait result not return success:");
}

}  // namespace dtmd::engine
