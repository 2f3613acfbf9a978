#include "store_contract/temp_folder.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace dtmd::store::test {

TempFolder::TempFolder() : path_((std::filesystem::temp_directory_path() / "dtmd-test-XXXXXX").string()) {
    if (!::mkdtemp(path_.data())) throw std::runtime_error("can't make a temporary folder " + path_);
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace dtmd::store::test
