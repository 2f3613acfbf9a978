#include "store/mysql/statement.h"

namespace dtmd::store::mysql {

const std::string_view global_columns =
    "gid,trans_type,status,query_prepared,protocol,options,custom_data,owner,ext_data,result,rollback_reason,"
    "create_time,update_time,finish_time,rollback_time,next_cron_time,next_cron_interval";

const std::string_view branch_columns = "gid,branch_id,op,url,bin_data,status,create_time,update_time,finish_time";

Statement& Statement::text(std::string_view value) {
    out_ += '\'';
    session_.append_escaped(out_, value);
    out_ += '\'';
    return *this;
}

Statement& Statement::bytes(std::string_view value) { return raw("_binary").text(value); }

Statement& Statement::time(Time moment) {
    if (moment == no_time) return raw("NULL");
    return raw("'").raw(zone_.to_text(moment)).raw("'");
}

Statement& Statement::value(const sql::Assignment& assignment) {
    raw(assignment.column).raw("=");
    if (const auto* words = std::get_if<std::string>(&assignment.value)) return text(*words);
    if (const auto* count = std::get_if<std::int64_t>(&assignment.value)) return number(*count);
    return time(std::get<Time>(assignment.value));
}

Statement& Statement::list(const std::vector<std::string>& texts) {
    char before = '(';
    for (const auto& value : texts) {
        out_ += std::exchange(before, ',');
        text(value);
    }
    return raw(")");
}

Statement& Statement::list(const std::vector<std::int64_t>& numbers) {
    char before = '(';
    for (const auto value : numbers) {
        out_ += std::exchange(before, ',');
        number(value);
    }
    return raw(")");
}

void write(Statement& out, const sql::GlobalRow& row) {
    char before = '(';
    for (const auto* text : {&row.gid, &row.trans_type, &row.status, &row.query_prepared, &row.protocol, &row.options,
                             &row.custom_data, &row.owner, &row.ext_data, &row.result, &row.rollback_reason}) {
        out.raw({&before, 1}).text(*text);
        before = ',';
    }
    for (const auto time : {row.create_time, row.update_time, row.finish_time, row.rollback_time, row.next_cron_time}) {
        out.raw(",").time(time);
    }
    out.raw(",").number(row.next_cron_interval).raw(")");
}

void write(Statement& out, const sql::BranchRow& row) {
    out.raw("(").text(row.gid).raw(",").text(row.branch_id).raw(",").text(row.op).raw(",").text(row.url);
    out.raw(",").bytes(row.bin_data).raw(",").text(row.status);
    for (const auto time : {row.create_time, row.update_time, row.finish_time}) out.raw(",").time(time);
    out.raw(")");
}

sql::GlobalRow read_global(const Reply& reply, std::size_t from, const Zone& zone) {
    sql::GlobalRow row;
    std::size_t column = from;
    for (auto* text : {&row.gid, &row.trans_type, &row.status, &row.query_prepared, &row.protocol, &row.options,
                       &row.custom_data, &row.owner, &row.ext_data, &row.result, &row.rollback_reason}) {
        *text = reply.text(column++);
    }
    for (auto* time : {&row.create_time, &row.update_time, &row.finish_time, &row.rollback_time, &row.next_cron_time}) {
        *time = zone.from_text(reply.text(column++));
    }
    row.next_cron_interval = reply.number(column);
    return row;
}

sql::BranchRow read_branch(const Reply& reply, std::size_t from, const Zone& zone) {
    sql::BranchRow row;
    std::size_t column = from;
    for (auto* text : {&row.gid, &row.branch_id, &row.op, &row.url, &row.bin_data, &row.status}) {
        *text = reply.text(column++);
    }
    for (auto* time : {&row.create_time, &row.update_time, &row.finish_time}) {
        *time = zone.from_text(reply.text(column++));
    }
    return row;
}

}  // namespace dtmd::store::mysql
