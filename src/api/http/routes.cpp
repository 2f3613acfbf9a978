#include "api/http/routes.h"

#include "api/http/handlers.h"

#include <array>

namespace dtmd::api {
namespace {

constexpr auto get = method_get, post = method_post, remove = method_delete, any = method_any;

// The most frequent ones first: the table is searched from the top.
constexpr std::array table{
    Route{post, "/api/dtmsvr/submit", submit, "submit"},
    Route{post, "/api/dtmsvr/prepare", prepare, "prepare"},
    Route{post, "/api/dtmsvr/registerBranch", register_branch, "registerbranch"},
    Route{post, "/api/dtmsvr/abort", abort, "abort"},
    Route{get, "/api/dtmsvr/newGid", new_gid, "newgid"},
    Route{post, "/api/dtmsvr/prepareWorkflow", prepare_workflow, "prepareworkflow"},
    Route{post, "/api/json-rpc", json_rpc, "jsonrpc"},
    Route{get, "/api/dtmsvr/query", query, "query"},
    Route{post, "/api/dtmsvr/registerXaBranch", register_xa_branch, "registerxabranch"},
    Route{post, "/api/dtmsvr/registerTccBranch", register_tcc_branch, "registertccbranch"},
    Route{post, "/api/dtmsvr/forceStop", force_stop, "forcestop"},
    Route{get, "/api/dtmsvr/all", list, "all"},
    Route{get, "/api/dtmsvr/resetCronTime", reset_cron_time, "resetcrontime"},
    Route{post, "/api/dtmsvr/resetNextCronTime", reset_next_cron_time, "resetnextcrontime"},
    Route{get, "/api/dtmsvr/subscribe", subscribe, "subscribe"},
    Route{get, "/api/dtmsvr/unsubscribe", unsubscribe, "unsubscribe"},
    Route{remove, "/api/dtmsvr/topic/", delete_topic, "topic", true},
    Route{get, "/api/dtmsvr/scanKV", scan_kv, "scankv"},
    Route{get, "/api/dtmsvr/queryKV", query_kv, "querykv"},
    Route{get, "/api/dtmsvr/version", version, "version"},
    Route{get, "/api/transaction", show_transaction, "transaction"},
    Route{get, "/api/health", health, "health"},
    Route{get, "/api/metrics", metrics, "metrics"},
    Route{get, "/metrics", metrics, "metrics"},
    Route{any, "/api/ping", ping, ""},
    Route{get, "/", front_page, "index"},
};

}  // namespace

std::span<const Route> routes() { return table; }

}  // namespace dtmd::api
