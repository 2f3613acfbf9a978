#include "store/postgres/columns.h"

#include <algorithm>
#include <limits>

namespace dtmd::store::postgres {
namespace {

using Type = Array::Type;

// The column is an `int` in dtm's tables. A retry in 68 years is as good as one in 69.
std::int64_t fitting(std::int64_t interval) {
    using Limits = std::numeric_limits<std::int32_t>;
    return std::clamp<std::int64_t>(interval, Limits::min(), Limits::max());
}

std::string_view name_of(Type type) {
    switch (type) {
        case Type::bytes: return "bytea";
        case Type::number: return "bigint";
        case Type::text: return "text";
        case Type::time: return "timestamptz";
    }
    __builtin_unreachable();
}

// "$3::text[],$4::bytea[]", from `first` on.
std::string placeholders(const std::vector<Array>& columns, std::size_t first) {
    std::string out;
    for (const Array& column : columns) {
        if (!out.empty()) out += ',';
        out.append("$").append(std::to_string(first++)).append("::").append(name_of(column.type())).append("[]");
    }
    return out;
}

std::vector<Array> global_arrays() {
    std::vector<Array> columns(11, Array(Type::text));
    columns.insert(columns.end(), 5, Array(Type::time));
    columns.emplace_back(Type::number);
    return columns;
}

std::vector<Array> branch_arrays() {
    std::vector<Array> columns(4, Array(Type::text));
    columns.emplace_back(Type::bytes);
    columns.emplace_back(Type::text);
    columns.insert(columns.end(), 3, Array(Type::time));
    return columns;
}

std::string select_branches(std::size_t first, std::string_view where) {
    std::string out = "INSERT INTO trans_branch_op (";
    out.append(branch_columns).append(") SELECT ").append(branch_columns).append(" FROM unnest(");
    out.append(placeholders(branch_arrays(), first)).append(") WITH ORDINALITY AS v(").append(branch_columns);
    return out.append(",n) ").append(where).append(" ORDER BY n");
}

}  // namespace

const std::string_view global_columns =
    "gid,trans_type,status,query_prepared,protocol,options,custom_data,owner,ext_data,result,rollback_reason,"
    "create_time,update_time,finish_time,rollback_time,next_cron_time,next_cron_interval";

const std::string_view branch_columns = "gid,branch_id,op,url,bin_data,status,create_time,update_time,finish_time";

sql::GlobalRow read_global(const Reply& reply, int from) {
    sql::GlobalRow row;
    int column = from;
    for (auto* text : {&row.gid, &row.trans_type, &row.status, &row.query_prepared, &row.protocol, &row.options,
                       &row.custom_data, &row.owner, &row.ext_data, &row.result, &row.rollback_reason}) {
        *text = reply.text(column++);
    }
    for (auto* time : {&row.create_time, &row.update_time, &row.finish_time, &row.rollback_time, &row.next_cron_time}) {
        *time = reply.time(column++);
    }
    row.next_cron_interval = reply.number(column);
    return row;
}

sql::BranchRow read_branch(const Reply& reply, int from) {
    sql::BranchRow row;
    int column = from;
    for (auto* text : {&row.gid, &row.branch_id, &row.op, &row.url, &row.bin_data, &row.status}) {
        *text = reply.text(column++);
    }
    for (auto* time : {&row.create_time, &row.update_time, &row.finish_time}) *time = reply.time(column++);
    return row;
}

GlobalArrays::GlobalArrays() : columns_(global_arrays()) {}

void GlobalArrays::add(const sql::GlobalRow& row) {
    auto column = columns_.begin();
    for (const auto* text : {&row.gid, &row.trans_type, &row.status, &row.query_prepared, &row.protocol, &row.options,
                             &row.custom_data, &row.owner, &row.ext_data, &row.result, &row.rollback_reason}) {
        (column++)->add(std::string_view(*text));
    }
    for (const auto time : {row.create_time, row.update_time, row.finish_time, row.rollback_time, row.next_cron_time}) {
        (column++)->add(time);
    }
    column->add(fitting(row.next_cron_interval));
}

void GlobalArrays::append_to(Parameters& parameters) const {
    for (const Array& column : columns_) parameters.array(column);
}

BranchArrays::BranchArrays() : columns_(branch_arrays()) {}

void BranchArrays::add(const sql::BranchRow& row) {
    auto column = columns_.begin();
    for (const auto* text : {&row.gid, &row.branch_id, &row.op, &row.url, &row.bin_data, &row.status}) {
        (column++)->add(std::string_view(*text));
    }
    for (const auto time : {row.create_time, row.update_time, row.finish_time}) (column++)->add(time);
}

void BranchArrays::append_to(Parameters& parameters) const {
    for (const Array& column : columns_) parameters.array(column);
}

Query insert_transactions(const GlobalArrays& globals, const BranchArrays& branches) {
    static const std::string text = [] {
        const auto columns = global_arrays();
        std::string out = "WITH g AS (INSERT INTO trans_global (";
        out.append(global_columns).append(") SELECT * FROM unnest(").append(placeholders(columns, 1));
        out.append(") ON CONFLICT (gid) DO NOTHING RETURNING gid,id), b AS (");
        // IS TRUE keeps this a look-up in a hash table where joins are told not to use one.
        out += select_branches(columns.size() + 1, "WHERE (gid IN (SELECT g.gid FROM g)) IS TRUE");
        return out.append(" RETURNING gid,id) SELECT gid,id,0 FROM g UNION ALL SELECT gid,id,1 FROM b");
    }();
    Query query{.text = text};
    globals.append_to(query.parameters);
    branches.append_to(query.parameters);
    return query;
}

Query insert_branches(const BranchArrays& branches) {
    static const std::string text = select_branches(1, "");
    Query query{.text = text};
    branches.append_to(query.parameters);
    return query;
}

Updates::Updates(const std::vector<sql::Assignment>& like) {
    for (const sql::Assignment& assignment : like) {
        names_.emplace_back(assignment.column);
        constexpr Type types[] = {Type::text, Type::number, Type::time};
        values_.emplace_back(types[assignment.value.index()]);
    }
}

void Updates::add(std::int64_t id, const std::vector<sql::Assignment>& assignments) {
    ids_.add(id);
    for (std::size_t i = 0; i < assignments.size(); ++i) {
        const auto& value = assignments[i].value;
        if (const auto* text = std::get_if<std::string>(&value)) {
            values_[i].add(std::string_view(*text));
        } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
            values_[i].add(fitting(*number));
        } else {
            values_[i].add(std::get<Time>(value));
        }
    }
}

Query Updates::query(std::string_view table) const {
    Query query{.text = "UPDATE " + std::string(table) + " t SET "};
    std::string columns;
    for (const std::string& name : names_) {
        if (!columns.empty()) query.text += ',';
        query.text.append(name).append("=v.").append(name);
        columns.append(",").append(name);
    }
    query.text.append(" FROM unnest($1::bigint[],").append(placeholders(values_, 2)).append(") AS v(id");
    query.text.append(columns).append(") WHERE t.id=v.id");
    query.parameters.array(ids_);
    for (const Array& values : values_) query.parameters.array(values);
    return query;
}

std::string signature(const std::vector<sql::Assignment>& assignments) {
    std::string out;
    for (const sql::Assignment& assignment : assignments) out.append(assignment.column).append(",");
    return out;
}

}  // namespace dtmd::store::postgres
