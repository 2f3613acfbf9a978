#include "participant/resolver/lookup.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace dtmd::participant {
namespace {

// glibc's resolver, with a state of its own: no other thread's matters.
class DnsState {
public:
    DnsState() : state_(), ready_(res_ninit(&state_) == 0) {
        state_.retrans = 2;
        state_.retry = 2;
    }
    DnsState(const DnsState&) = delete;
    DnsState& operator=(const DnsState&) = delete;
    ~DnsState() {
        if (ready_) res_nclose(&state_);
    }

    bool ready() const { return ready_; }
    res_state get() { return &state_; }

    // False if `server` is no numeric IPv4 address with a port.
    bool use(const std::string& server) {
        const auto colon = server.rfind(':');
        if (colon == server.npos) return false;
        boost::system::error_code error;
        const auto address = boost::asio::ip::make_address_v4(server.substr(0, colon), error);
        std::uint16_t port = 0;
        const char* const end = server.data() + server.size();
        if (error || std::from_chars(server.data() + colon + 1, end, port).ptr != end) return false;
        state_.nscount = 1;
        state_.nsaddr_list[0] = {};
        state_.nsaddr_list[0].sin_family = AF_INET;
        state_.nsaddr_list[0].sin_port = htons(port);
        state_.nsaddr_list[0].sin_addr.s_addr = htonl(address.to_uint());
        return true;
    }

private:
    struct __res_state state_;
    bool ready_;
};

// Priority, weight and port (two bytes each), then the name of the host, which may be packed.
void read_record(const ns_msg& message, const ns_rr& record, Instances& instances) {
    constexpr int head = 6;
    const unsigned char* const data = ns_rr_rdata(record);
    if (ns_rr_type(record) != ns_t_srv || ns_rr_rdlen(record) <= head) return;
    std::array<char, NS_MAXDNAME> host{};
    if (dn_expand(ns_msg_base(message), ns_msg_end(message), data + head, host.data(), host.size()) < 0) return;
    const std::string address = std::string(host.data()) + ":" + std::to_string(ns_get16(data + 4));
    auto instance = parse_instance(address);
    // A single dot means that there is decidedly no such service.
    if (!instance || instance->address.starts_with(':')) return;
    instance->priority = static_cast<std::uint16_t>(ns_get16(data));
    instances.push_back(std::move(*instance));
}

}  // namespace

Result<Instances> query_srv(const std::string& name, const std::string& server) {
    DnsState dns;
    if (!dns.ready()) return Error{Errc::unavailable, "DNS: the resolver can't be set up (/etc/resolv.conf)"};
    if (!server.empty() && !dns.use(server)) {
        return Error{Errc::invalid, "expected srv://[address:port/]name/path with a numeric address, got '" + server +
                                        "' for the DNS server"};
    }
    std::array<unsigned char, 65'536> answer{};
    const int size = res_nquery(dns.get(), name.c_str(), ns_c_in, ns_t_srv, answer.data(), answer.size());
    if (size < 0) {
        const int why = dns.get()->res_h_errno;
        if (why == HOST_NOT_FOUND || why == NO_DATA) return Instances();
        return Error{Errc::unavailable, std::string("DNS: ") + hstrerror(why)};
    }
    ns_msg message{};
    if (ns_initparse(answer.data(), size, &message) != 0) {
        return Error{Errc::unavailable, "DNS: the answer can't be read"};
    }
    Instances instances;
    for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
        ns_rr record{};
        if (ns_parserr(&message, ns_s_an, i, &record) == 0) read_record(message, record, instances);
    }
    std::ranges::sort(instances);
    return instances;
}

}  // namespace dtmd::participant
