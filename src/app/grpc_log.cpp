#include "app/grpc_log.h"

#include "observe/log.h"

#include <grpc/support/log.h>

namespace dtmd::app {
namespace {

void write(gpr_log_func_args* said) {
    if (said->severity == GPR_LOG_SEVERITY_ERROR) {
        log::warn("grpc.library", {{"message", said->message}});
    } else {
        log::debug("grpc.library", {{"message", said->message}});
    }
}

}  // namespace

void log_what_grpc_says() { gpr_set_log_function(write); }

}  // namespace dtmd::app
