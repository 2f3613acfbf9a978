#include "api/json/objects.h"
#include "store/redis/codec.h"
#include "store/redis/json_text.h"
#include "store/redis/time_text.h"
#include "store/sql/extra.h"
#include "store/sql/options_text.h"
#include "store/sql/row.h"
#include "target.h"
#include "transaction_checks.h"

#include <cstdlib>

// What is found in a Redis or an SQL database that dtm, an older version of ours, or a person has written to.
namespace dtmd::fuzz {
namespace {

namespace redis = store::redis;
namespace sql = store::sql;

constexpr std::size_t ext_data_bytes = 2048;

void check_usable(txn::Transaction transaction, std::string_view answers) {
    std::string text;
    api::append_transaction(text, transaction);
    check_json(text, "a stored transaction is shown as JSON");
    text.clear();
    api::append_branches_with_attempts(text, transaction);
    check_json(text, "stored branches are shown as JSON");
    const txn::Complaint complaint = txn::parse_custom_data(transaction);
    check(complaint.size() < 4096, "a message is short enough to be read");
    check_run(std::move(transaction), answers);
}

// gid, status, score, a line each; then the global, and a branch in each further line.
void redis_transaction(std::string_view input) {
    redis::Stored stored;
    stored.gid = take_line(input);
    stored.status = take_line(input);
    stored.score = take_line(input);
    stored.global = take_line(input);
    while (!input.empty()) stored.branches.emplace_back(take_line(input));
    const auto read = redis::decode(stored);
    if (!read) return check_message(read.error().what.substr(0, 4096));
    check_usable(*read, stored.global);

    // Once it is in our own form, it stays as it is.
    redis::Stored ours{.gid = read->gid, .global = {}, .status = stored.status, .score = stored.score, .branches = {}};
    ours.global = redis::encode_global(*read);
    check(redis::is_ours(ours.global), "a text of ours can be told as ours");
    for (const auto& branch : read->branches) ours.branches.push_back(redis::encode_branch(read->gid, branch));
    const auto again = redis::decode(ours);
    check(again.has_value(), "what is written can be read");
    check_equal(redis::encode_global(*again), ours.global, "what was read is written so that it reads the same");
}

// A line for each text column of trans_global, then four for each branch row.
void sql_transaction(std::string_view input) {
    sql::GlobalRow row;
    for (std::string* column :
         {&row.gid, &row.trans_type, &row.status, &row.query_prepared, &row.protocol, &row.options, &row.custom_data,
          &row.owner, &row.ext_data, &row.result, &row.rollback_reason}) {
        *column = take_line(input);
    }
    row.create_time = row.update_time = row.next_cron_time = Time(std::chrono::seconds(1'800'000'000));
    std::vector<sql::BranchRow> rows;
    while (!input.empty()) {
        auto& branch = rows.emplace_back();
        branch.gid = row.gid;
        for (std::string* column : {&branch.branch_id, &branch.op, &branch.status, &branch.url}) {
            *column = take_line(input);
        }
    }
    const std::string answers = row.custom_data;
    const auto read = sql::read_rows(std::move(row), std::move(rows));
    if (!read) return check(!read.error().what.empty(), "a refusal says why");
    check_usable(*read, answers);

    auto ours = sql::global_row(*read, ext_data_bytes);
    std::vector<sql::BranchRow> branches;
    for (const auto& branch : read->branches) branches.push_back(sql::branch_row(read->gid, branch));
    const std::string ext_data = ours.ext_data;
    const auto again = sql::read_rows(std::move(ours), std::move(branches));
    check(again.has_value(), "what is written can be read");
    check(again->options == read->options, "the options stay");
    check_equal(sql::global_row(*again, ext_data_bytes).ext_data, ext_data, "what we know beyond dtm stays");
}

void extra(std::string_view input) {
    const std::string text(input);
    sql::ExtData data = sql::split_ext_data(text);
    const sql::ExtData theirs = data;
    data.ours.not_before = Time(Millis(1'800'000'000'001));
    data.ours.rows[3] = {.attempts = 2, .error = text.substr(0, 100), .first_call = {}, .last_call = {}};
    const std::string joined = sql::join_ext_data(data, 8192);
    if (data.is_foreign) return check_equal(joined, theirs.theirs, "what can't be added to is left alone");
    if (joined.size() > 8192) return;
    const sql::ExtData again = sql::split_ext_data(joined);
    check(again.ours.not_before == data.ours.not_before, "our moment is kept");
    check_equal(again.theirs, sql::split_ext_data(again.theirs).theirs, "theirs is kept");
}

void options(std::string_view input) {
    txn::Options read;
    std::int64_t retry_count = 0;
    if (!sql::read_options(std::string(input), read, retry_count)) return;
    const std::string text = sql::options_text(read, retry_count);
    check_json(text, "options are JSON");
    txn::Options again;
    std::int64_t count_again = 0;
    check(sql::read_options(text, again, count_again), "what is written can be read");
    check(again == read && count_again == retry_count, "options read the same");
}

void times(std::string_view input) {
    if (const auto time = redis::parse_time(input)) {
        const std::string text = redis::json_time(*time);
        if (*time != no_time && text.size() == 26) {
            check(redis::parse_time(std::string_view(text).substr(1, 24)) == time, "a time reads the same");
        }
    }
    if (const auto score = redis::parse_score(input)) {
        check(redis::parse_score(redis::score_of(*score)) == score, "a score reads the same");
    }
}

void text(std::string_view input) {
    const std::string quoted = redis::json_string(input);
    redis::JsonReader reader(quoted);
    check_equal(reader.string(), input, "a text reads the same, whatever bytes are in it");
    check(reader.ok() && reader.at_end(), "a text ends where it ends");
    redis::JsonReader any(input);
    any.skip();
    if (any.ok() && any.at_end()) check(!input.empty(), "nothing is no JSON");
}

void key_value(std::string_view input) {
    const auto read = redis::decode_key_value(input);
    if (!read) return;
    const std::string written = redis::encode_key_value(*read);
    const auto again = redis::decode_key_value(written);
    check(again.has_value(), "what is written can be read");
    check_equal(redis::encode_key_value(*again), written, "what was read is written so that it reads the same");
}

}  // namespace

void foreign_record(std::string_view input) {
    switch (take_letter(input)) {
        case 'r': return redis_transaction(input);
        case 's': return sql_transaction(input);
        case 'e': return extra(input);
        case 'o': return options(input);
        case 't': return times(input);
        case 'j': return text(input);
        case 'v': return key_value(input);
        default: return;
    }
}

}  // namespace dtmd::fuzz
