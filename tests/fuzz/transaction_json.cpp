#include "api/json/requests.h"
#include "target.h"
#include "transaction_checks.h"

namespace dtmd::fuzz {
namespace {

void transaction(std::string_view body) {
    auto read = api::read_transaction(body);
    if (!read) return check_message(read.error().what);
    txn::Transaction& transaction = read->transaction;
    check_shown(transaction);
    if (!take_in(transaction)) return;
    check_shown(transaction);
    check_stored(transaction);
    check_run(transaction, body);
}

void registration(std::string_view body, std::optional<txn::Mode> mode) {
    const auto read = api::read_registration(body, mode);
    if (!read) return check_message(read.error().what);
    check_registration(*read);
}

void steps(std::string_view text) {
    const auto read = api::read_steps(text);
    if (!read) check_message(read.error().what);
}

void about_a_gid(std::string_view body) {
    const auto read = api::read_gid_request(body);
    if (!read) return check_message(read.error().what);
    check(!read->gid.empty(), "a gid is not empty");
}

}  // namespace

void transaction_json(std::string_view input) {
    switch (take_letter(input)) {
        case 't': return transaction(input);
        case 'b': return registration(input, std::nullopt);
        case 'c': return registration(input, txn::Mode::tcc);
        case 'x': return registration(input, txn::Mode::xa);
        case 'g': return about_a_gid(input);
        case 's': return steps(input);
        default: return;
    }
}

}  // namespace dtmd::fuzz
