#pragma once

namespace dtmd::app {

/// Has gRPC's own messages written to our log. They are about connections, and at their worst warnings to us.
void log_what_grpc_says();

}  // namespace dtmd::app
