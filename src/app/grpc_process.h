#pragma once

namespace dtmd::app {

/// Sets up what gRPC has once per process: its own messages go to our log (they are about connections, and at their
/// worst warnings to us), and its locks are not watched for deadlocks.
void prepare_grpc();

}  // namespace dtmd::app
