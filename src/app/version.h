#pragma once

#include <string_view>

namespace dtmd::app {

/// The project's version, as CMakeLists.txt has it: "0.1.0".
inline constexpr std::string_view version_text = DTMD_VERSION;

}  // namespace dtmd::app
