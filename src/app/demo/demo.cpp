#include "app/demo/demo.h"

#include "app/demo/story.h"

#include <filesystem>

namespace dtmd::app {
namespace {

namespace fs = std::filesystem;

// The folder of the bank's files: the user's, or one of our own that is removed at the end.
class Folder {
public:
    static Result<std::unique_ptr<Folder>> make(const std::string& wanted) {
        std::error_code error;
        if (!wanted.empty()) {
            fs::create_directories(wanted, error);
            if (error) return Error{Errc::unavailable, "--data " + wanted + ": " + error.message()};
            return std::unique_ptr<Folder>(new Folder(wanted, false));
        }
        std::string pattern = (fs::temp_directory_path(error) / "dtmd-demo-XXXXXX").string();
        if (!mkdtemp(pattern.data())) {
            return Error{Errc::unavailable, "can't create a temporary folder " + pattern + ": name one with --data"};
        }
        return std::unique_ptr<Folder>(new Folder(pattern, true));
    }
    ~Folder() {
        std::error_code ignored;
        if (is_temporary_) fs::remove_all(path_, ignored);
    }

    std::string file(const char* name) const { return (fs::path(path_) / name).string(); }

private:
    Folder(std::string path, bool is_temporary) : path_(std::move(path)), is_temporary_(is_temporary) {}

    std::string path_;
    bool is_temporary_;
};

int fail(const std::string& message, int code = 1) {
    std::fprintf(stderr, "dtmd demo: %s\n", message.c_str());
    return code;
}

Result<void> tell(Story& story) {
    using Chapter = Result<void> (Story::*)();
    constexpr Chapter chapters[] = {&Story::begin,   &Story::saga,    &Story::tcc,
                                    &Story::message, &Story::refusal, &Story::outage};
    for (Chapter chapter : chapters) {
        const auto told = (story.*chapter)();
        if (!told) return told.error();
    }
    return {};
}

int conclude(const Story& story, Narrator& narrator) {
    narrator.title("The money");
    for (const std::string& problem : story.problems()) narrator.bad(problem);
    if (!story.problems().empty()) return fail("the money or a transfer's end is wrong, see above");
    narrator.good("Right: the total is unchanged, and every account is as expected.");
    return 0;
}

}  // namespace

int run_demo(const DemoOptions& options) {
    const auto server = parse_server(options.server);
    if (!server) return fail(server.error().what, 2);
    Narrator narrator(stdout);
    CoordinatorClient coordinator(*server, narrator);
    const auto greeted = coordinator.greet();
    if (!greeted) {
        return fail(greeted.error().what + ". Start a coordinator in another terminal with:  dtmd serve\n" +
                    "           or name a running one:  dtmd demo --server http://HOST:PORT");
    }
    const auto folder = Folder::make(options.data);
    if (!folder) return fail(folder.error().what);

    auto north = Bank::open(
        {.file = (*folder)->file("north.db"), .host = options.bank, .opening = {{.name = "alice", .balance = 1000}}});
    if (!north) return fail(north.error().what);
    auto south = Bank::open({.file = (*folder)->file("south.db"),
                             .host = options.bank,
                             .opening = {{.name = "bob", .balance = 1000}, {.name = "carol", .balance = 0}}});
    if (!south) return fail(south.error().what);

    narrator.say("Coordinator: " + server->text());
    narrator.say("North bank:  " + (*north)->url("") + "  (Alice)");
    narrator.say("South bank:  " + (*south)->url("") + "  (Bob, Carol)");
    Story story(coordinator, narrator, **north, **south);
    const auto told = tell(story);
    if (!told) return fail(told.error().what);
    return conclude(story, narrator);
}

}  // namespace dtmd::app
