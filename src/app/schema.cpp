#include "app/schema.h"

#include "app/stores.h"
#include "store/sql/schema.h"

#include <cstdio>

namespace dtmd::app {
namespace {

using Done = std::vector<std::string>;
using Differences = std::vector<store::sql::Difference>;

int fail(const std::string& message, int code) {
    std::fprintf(stderr, "dtmd: %s\n", message.c_str());
    return code;
}

Result<config::Config> load_config(const std::string& file) {
    auto loaded = config::load(file, config::process_environment());
    if (!loaded) return Error{Errc::invalid, "the configuration is wrong:\n" + loaded.error().what};
    return std::move(loaded->config);
}

Error no_schema(const config::Store& store) {
    return {Errc::invalid, "the store " + store.driver + " has no schema: it makes what it needs by itself"};
}

template <class Options, class Act>
auto with(const Result<Options>& options, Act act) -> decltype(act(*options)) {
    if (!options) return options.error();
    return act(*options);
}

Result<Done> apply(const config::Store& store) {
    if (store.driver == "mysql") return with(mysql_options(store), store::apply_mysql_schema);
    if (store.driver == "postgres") return with(postgres_options(store), store::apply_postgres_schema);
    return no_schema(store);
}

Result<Differences> check(const config::Store& store) {
    if (store.driver == "mysql") return with(mysql_options(store), store::check_mysql_schema);
    if (store.driver == "postgres") return with(postgres_options(store), store::check_postgres_schema);
    return no_schema(store);
}

int code_of(const Error& error) { return error.code == Errc::invalid ? 2 : 1; }

}  // namespace

int print_schema(const std::string& name, const std::string& config_file) {
    std::string wanted = name;
    if (wanted.empty()) {
        const auto config = load_config(config_file);
        if (!config) return fail(config.error().what, 2);
        wanted = config->store.driver;
    }
    const std::string_view text = store::sql::schema_text(wanted);
    if (!text.empty()) return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
    std::string names;
    for (const auto& schema : store::sql::schema_texts()) names += (names.empty() ? "" : ", ") + schema.name;
    return fail("there is no schema '" + wanted + "'; there are " + names, 2);
}

int apply_schema(const std::string& config_file) {
    const auto config = load_config(config_file);
    if (!config) return fail(config.error().what, 2);
    const auto done = apply(config->store);
    if (!done) return fail(done.error().what, code_of(done.error()));
    for (const std::string& line : *done) std::printf("%s\n", line.c_str());
    std::printf("%s is as it should be\n", describe(config->store).c_str());
    return 0;
}

int check_schema(const std::string& config_file) {
    const auto config = load_config(config_file);
    if (!config) return fail(config.error().what, 2);
    const auto differences = check(config->store);
    if (!differences) return fail(differences.error().what, code_of(differences.error()));
    for (const auto& difference : *differences) {
        std::printf("%s%s\n", difference.is_fatal ? "must be mended: " : "", difference.what.c_str());
        if (!difference.remedy.empty()) std::printf("    %s;\n", difference.remedy.c_str());
    }
    if (differences->empty()) std::printf("%s is as it should be\n", describe(config->store).c_str());
    return differences->empty() ? 0 : 1;
}

}  // namespace dtmd::app
