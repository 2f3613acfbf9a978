#pragma once

#include "bench/options.h"

#include <string>
#include <vector>

// What the client of one transaction says, as dtm's published clients say it. Pure.
namespace dtmd::bench {

struct Request {
    std::string path;  ///< Below /api/dtmsvr/
    std::string body;  ///< JSON
};

struct Script {
    Kind kind = Kind::saga;
    unsigned branches = 2;
    std::string payload;      ///< JSON text, sent to each branch.
    std::string participant;  ///< What the branches' addresses begin with: "http://127.0.0.1:8081"
    bool grpc_branches = false;
    bool wait = true;  ///< The last request is answered when the transaction has ended.

    /// The requests that run the transaction `gid`, in order. Its last branch refuses if `refused`.
    std::vector<Request> requests(const std::string& gid, bool refused) const;

    /// The steps of a saga or message, JSON.
    std::string steps(bool refused) const;
};

/// "01" for the first branch.
std::string branch_id(unsigned number);

/// Text of `size` bytes that is valid as a JSON value.
std::string make_payload(std::size_t size);

}  // namespace dtmd::bench
