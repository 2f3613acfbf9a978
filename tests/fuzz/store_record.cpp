#include "api/json/objects.h"
#include "store/rocksdb/codec.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/state.h"
#include "target.h"
#include "transaction_checks.h"

#include <algorithm>

// What RocksDB might give back to us: after a damage that its checksums did not see, or from another version.
namespace dtmd::fuzz {
namespace {

namespace rocks = store::rocks;

template <class Message>
bool parse(std::string_view bytes, Message& out) {
    return out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

std::string_view take_record(std::string_view& input) {
    const std::size_t high = static_cast<unsigned char>(take_letter(input));
    const std::size_t low = static_cast<unsigned char>(take_letter(input));
    const std::string_view record = input.substr(0, high << 8 | low);
    input.remove_prefix(record.size());
    return record;
}

txn::Transaction decode(proto::Fixed& fixed, proto::State& state) {
    auto branches = rocks::decode_fixed_branches(fixed);
    rocks::decode_rows(state, branches);
    txn::Transaction transaction = rocks::decode_head("gid", fixed, state);
    transaction.branches = std::move(branches);
    return transaction;
}

void check_usable(const txn::Transaction& transaction) {
    std::string text;
    api::append_transaction(text, transaction);
    check_json(text, "a stored transaction is shown as JSON");
    text.clear();
    api::append_branches_with_attempts(text, transaction);
    check_json(text, "stored branches are shown as JSON");
    txn::Transaction taken_over = transaction;
    const txn::Complaint complaint = txn::parse_custom_data(taken_over);
    check(complaint.size() < 4096, "a message is short enough to be read");
    check_run(std::move(taken_over), text);
}

void transaction(std::string_view input) {
    proto::Fixed fixed;
    proto::State state;
    if (!parse(take_record(input), fixed) || !parse(input, state)) return;
    if (!rocks::why_unreadable(fixed, state).empty()) return;
    const txn::Transaction once = decode(fixed, state);
    check_usable(once);

    rocks::encode_fixed(once, fixed);
    rocks::encode_state(once, state);
    check(decode(fixed, state) == once, "what was read is written so that it reads the same");
}

void branch(std::string_view input) {
    proto::Branch record;
    if (!parse(input, record) || !rocks::why_unreadable(record).empty()) return;
    const txn::Branch once = rocks::decode_branch(record);
    check(!txn::name(once.status).empty(), "a branch's status is one");
    rocks::encode_branch(once, record);
    check(rocks::decode_branch(record) == once, "what was read is written so that it reads the same");
}

// A change of any stored state either happens, and leaves the rest alone, or does not.
void change(std::string_view input) {
    store::Patch patch;
    for (int rows = take_letter(input) & 3; rows > 0; --rows) {
        store::RowPatch row{};
        row.row = static_cast<std::uint32_t>(static_cast<unsigned char>(take_letter(input)));
        row.status = txn::BranchStatus::succeed;
        patch.rows.push_back(row);
    }
    patch.update_time = Time(Millis(7));
    proto::State state;
    if (!parse(input, state)) return;
    const std::string before = state.SerializeAsString();
    const std::uint32_t rows = rocks::row_count(state);
    const bool is_done = rocks::apply_patch(patch, state);
    check(rocks::row_count(state) == rows, "an update makes no rows");
    if (!is_done) check(state.SerializeAsString() == before, "what is refused changes nothing");
    if (is_done) check(state.update_time() == 7, "an update says when it was");
    rocks::place_of(state);
}

void key(std::string_view input) {
    const auto entry = rocks::parse_index_key(input);
    if (!entry) return;
    std::string again;
    if (input.front() == 'd') check_equal(rocks::due_key(again, entry->time, entry->gid), input, "a key reads back");
    if (input.front() == 'c') {
        check_equal(rocks::created_key(again, entry->time, entry->gid), input, "a key reads back");
    }
    if (input.front() == 'e') check_equal(rocks::ended_key(again, entry->time, entry->gid), input, "a key reads back");
}

void position(std::string_view input) {
    const auto back = rocks::from_position('c', rocks::to_position('c', input));
    check(back && *back == input, "a position leads back to its key");
    const auto place = rocks::from_position('c', input);
    if (place) check(place->size() <= input.size(), "a position's key is no longer than it");
    check(!rocks::from_position('k', rocks::to_position('c', input)), "listings are kept apart");
}

}  // namespace

void store_record(std::string_view input) {
    switch (take_letter(input)) {
        case 't': return transaction(input);
        case 'b': return branch(input);
        case 'u': return change(input);
        case 'k': return key(input);
        case 'p': return position(input);
        default: return;
    }
}

}  // namespace dtmd::fuzz
