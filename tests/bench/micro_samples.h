#pragma once

#include "txn/branches.h"
#include "txn/transaction.h"

#include <string>

// What the microbenchmarks work on.
namespace dtmd::micro {

/// A submitted saga of so many steps, each with 100 bytes to send, with its branches.
txn::Transaction saga(std::size_t steps);

/// The body with which a client submits that saga.
std::string submit_body(std::size_t steps);

}  // namespace dtmd::micro
