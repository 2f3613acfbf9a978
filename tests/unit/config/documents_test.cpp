#include "config/internal.h"
#include "config/keys.h"
#include "unit/config/loading.h"

#include <gmock/gmock.h>

#include <set>
#include <sstream>

// The sample file and the manual's page show every key, and what they show is true.
namespace dtmd::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::filesystem::path root = DTMD_SOURCE_DIR;

std::string content_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

void expect_defaults(const std::string& yaml) {
    const Loaded result = loaded(yaml);
    for (const Key& key : keys()) EXPECT_EQ(text_of(key, result.config), text_of(key, Config())) << key.path;
    EXPECT_THAT(result.warnings, IsEmpty());
    EXPECT_THAT(result.notes, IsEmpty());
}

// "#Key: value" is a key with its default; "# Text" is a comment.
std::string with_all_keys(const std::string& sample) {
    return std::regex_replace(sample, std::regex(R"((^|\n)( *)#(?=[^ \n#]))"), "$1$2");
}

TEST(Sample, ChangesNothingAsItIs) { expect_defaults(content_of(root / "config/dtmd.yml")); }

TEST(Sample, ShowsTheDefaults) { expect_defaults(with_all_keys(content_of(root / "config/dtmd.yml"))); }

TEST(Sample, ShowsEveryKey) {
    const File file(with_all_keys(content_of(root / "config/dtmd.yml")));
    Loading loading;
    std::set<std::string> shown;
    for (const Setting& setting : read_file(file.path(), loading)) shown.insert(setting.path);
    for (const Key& key : keys()) EXPECT_TRUE(shown.contains(std::string(key.path))) << key.path;
    EXPECT_EQ(shown.size(), keys().size());
}

std::string row_of(const Key& key) {
    const std::string value = text_of(key, Config());
    const std::string effect = key.no_effect.empty() ? "" : ". Without effect: " + std::string(key.no_effect);
    std::string drivers(key.drivers);
    for (std::size_t at = 0; (at = drivers.find('|', at)) != drivers.npos;) drivers.replace(at, 1, ", ");
    if (!drivers.empty()) drivers = ". Only " + drivers;
    std::ostringstream row;
    row << "| `" << key.path << "` | `" << environment_name(key.path) << "` | "
        << (value.empty() ? "" : "`" + value + "`") << " | " << key.unit << " | " << key.help << drivers << effect
        << " |\n";
    return row.str();
}

TEST(Manual, ListsEveryKeyAsItIs) {
    const std::string page = content_of(root / "docs/manual/configuration.md");
    for (const Key& key : keys()) {
        EXPECT_THAT(page, HasSubstr("\n" + row_of(key))) << "docs/manual/configuration.md lacks this row:\n"
                                                         << row_of(key);
    }
    const std::regex row(R"(\n\| `[\w.]+` \|)");
    EXPECT_EQ(std::distance(std::sregex_iterator(page.begin(), page.end(), row), {}),
              static_cast<std::ptrdiff_t>(keys().size()));
}

}  // namespace
}  // namespace dtmd::config
