#pragma once

#include "api/http/routes.h"

// One function per route of routes.cpp.
namespace dtmd::api {

// transactions.cpp
void new_gid(const Api& api, const Request& request, Exchange& exchange);
void prepare(const Api& api, const Request& request, Exchange& exchange);
void submit(const Api& api, const Request& request, Exchange& exchange);
void abort(const Api& api, const Request& request, Exchange& exchange);
void register_branch(const Api& api, const Request& request, Exchange& exchange);
void register_tcc_branch(const Api& api, const Request& request, Exchange& exchange);
void register_xa_branch(const Api& api, const Request& request, Exchange& exchange);
void prepare_workflow(const Api& api, const Request& request, Exchange& exchange);
void json_rpc(const Api& api, const Request& request, Exchange& exchange);

// operations.cpp
void force_stop(const Api& api, const Request& request, Exchange& exchange);
void reset_next_cron_time(const Api& api, const Request& request, Exchange& exchange);
void reset_cron_time(const Api& api, const Request& request, Exchange& exchange);
void query(const Api& api, const Request& request, Exchange& exchange);
void show_transaction(const Api& api, const Request& request, Exchange& exchange);
void list(const Api& api, const Request& request, Exchange& exchange);

// topics.cpp
void subscribe(const Api& api, const Request& request, Exchange& exchange);
void unsubscribe(const Api& api, const Request& request, Exchange& exchange);
void delete_topic(const Api& api, const Request& request, Exchange& exchange);
void scan_kv(const Api& api, const Request& request, Exchange& exchange);
void query_kv(const Api& api, const Request& request, Exchange& exchange);

// service.cpp
void front_page(const Api& api, const Request& request, Exchange& exchange);
void ping(const Api& api, const Request& request, Exchange& exchange);
void version(const Api& api, const Request& request, Exchange& exchange);
void health(const Api& api, const Request& request, Exchange& exchange);
void metrics(const Api& api, const Request& request, Exchange& exchange);

}  // namespace dtmd::api
