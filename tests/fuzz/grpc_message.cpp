#include "api/grpc/messages.h"
#include "target.h"
#include "transaction_checks.h"

namespace dtmd::fuzz {
namespace {

void transaction(const dtmgimp::DtmRequest& message) {
    const auto about = api::read_gid_request(message);
    if (!about) check_message(about.error().what);
    auto read = api::read_transaction(message);
    if (!read) return check_message(read.error().what);
    txn::Transaction& transaction = read->transaction;
    check(about.has_value(), "a good transaction has a good gid");
    if (!take_in(transaction)) return;
    check_stored(transaction);
    dtmgimp::DtmProgressesReply reply;
    api::write_progress(transaction, reply);
    check(reply.IsInitialized(), "progress can be shown");
    check_run(transaction, message.customeddata());
}

void registration(const dtmgimp::DtmBranchRequest& message) {
    const auto read = api::read_registration(message);
    if (!read) return check_message(read.error().what);
    check_registration(*read);
}

template <class Message, class Take>
void with(std::string_view bytes, Take take) {
    Message message;
    if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) take(message);
}

}  // namespace

void grpc_message(std::string_view input) {
    switch (take_letter(input)) {
        case 't': return with<dtmgimp::DtmRequest>(input, transaction);
        case 'b': return with<dtmgimp::DtmBranchRequest>(input, registration);
        default: return;
    }
}

}  // namespace dtmd::fuzz
