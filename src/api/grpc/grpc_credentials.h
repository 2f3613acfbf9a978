#pragma once

#include "api/grpc/grpc_server.h"
#include "base/result.h"

#include <grpcpp/security/server_credentials.h>

namespace dtmd::api {

/// Plaintext, or TLS with the files that `options` names. Errors: `unavailable`, with the key and the file.
Result<std::shared_ptr<grpc::ServerCredentials>> make_credentials(const GrpcServerOptions& options);

}  // namespace dtmd::api
