#include "config/config.h"
#include "target.h"

#include <sys/mman.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <string>

namespace dtmd::fuzz {
namespace {

constexpr std::string_view separator = "\n%%\n";

// A file that is only in memory, under the same path each time, so that messages about it repeat.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view text) : file_(memfd_create("dtmd.yml", 0)) {
        check(file_ >= 0, "there are file descriptors left");
        check(write(file_, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "there is memory left");
    }
    ~MemoryFile() { close(file_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

private:
    int file_;
};

bool is_utf8(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore).size() ==
           nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).size();
}

config::Environment read_variables(std::string_view text) {
    config::Environment environment;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const auto equals = line.find('=');
        if (equals != line.npos) environment.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    return environment;
}

// What is shown of a configuration, unless a secret is masked in it, is that configuration.
void check_shown(const config::Config& config) {
    const std::string text = config::to_yaml(config);
    if (text.find("******") != text.npos) return;
    const MemoryFile file(text);
    const auto again = config::load(file.path(), {});
    if (!again) check_equal(again.error().what, "", "a configuration that is shown can be loaded");
    for (const std::string& warning : again->warnings) {
        const bool is_odd = warning.find("unknown key") != warning.npos || warning.find("is spelled") != warning.npos;
        check(!is_odd, "a configuration that is shown names the keys that there are");
    }
    check_equal(config::to_yaml(again->config), text, "a configuration that is shown says the same again");
}

}  // namespace

void configuration(std::string_view input) {
    const auto end = std::min(input.find(separator), input.size());
    const MemoryFile file(input.substr(0, end));
    const auto rest = input.substr(std::min(end + separator.size(), input.size()));
    const auto loaded = config::load(file.path(), read_variables(rest));
    if (!loaded) return check(!loaded.error().what.empty(), "a refusal says why");
    for (const std::string& warning : loaded->warnings) check(!warning.empty(), "a warning says something");
    // YAML is text: other bytes, which the environment can hold, are shown as replacement characters.
    if (!is_utf8(input)) return;
    config::Config config = loaded->config;
    config.is_docker = false;  // Not a key: it is the container that says so.
    check_shown(config);
}

}  // namespace dtmd::fuzz
