#include "observe/log.h"
#include "target.h"

#include <cstddef>
#include <cstdint>

// libFuzzer's entry. Built once for each target, which DTMD_FUZZ_TARGET names.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
    dtmd::log::start({.level = spdlog::level::off, .outputs = {}});
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    dtmd::fuzz::DTMD_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
    return 0;
}
