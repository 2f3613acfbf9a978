#include "txn/service_url.h"

#include <gtest/gtest.h>

namespace dtmd::txn {
namespace {

struct Row {
    const char *url, *wire, *scheme, *authority, *service, *rest, *name;
};

const Row rows[] = {
    {"etcd://h:2379/order/api/pay?x=1", "", "etcd", "h:2379", "order", "/api/pay?x=1", "etcd://h:2379/order"},
    {"etcd://a:1,b:2/order/p.S/M", "", "etcd", "a:1,b:2", "order", "/p.S/M", "etcd://a:1,b:2/order"},
    {"discov://h/order.rpc/p.S/M", "", "discov", "h", "order.rpc", "/p.S/M", "discov://h/order.rpc"},
    {"discovery:///order/p.S/M", "", "discovery", "", "order", "/p.S/M", "discovery:///order"},
    {"etcd://h/order", "", "etcd", "h", "order", "", "etcd://h/order"},
    {"etcd://h/order?a=/b", "", "etcd", "h", "order", "?a=/b", "etcd://h/order"},
    {"https+etcd://h/order/a", "https", "etcd", "h", "order", "/a", "https+etcd://h/order"},
    {"grpcs+discovery:///o/p.S/M", "grpcs", "discovery", "", "o", "/p.S/M", "grpcs+discovery:///o"},
    {"static://a:1,b:2/pay", "", "static", "", "a:1,b:2", "/pay", "static://a:1,b:2"},
    {"static://order/pay", "", "static", "", "order", "/pay", "static://order"},
    {"static:///order/pay", "", "static", "", "order", "/pay", "static:///order"},
    {"dns://h:80/pay", "", "dns", "", "h:80", "/pay", "dns://h:80"},
    {"dns:///h:80/pay", "", "dns", "", "h:80", "/pay", "dns:///h:80"},
    {"srv://_http._tcp.o/pay", "", "srv", "", "_http._tcp.o", "/pay", "srv://_http._tcp.o"},
    {"srv://1.2.3.4:53/_http._tcp.o/pay", "", "srv", "1.2.3.4:53", "_http._tcp.o", "/pay",
     "srv://1.2.3.4:53/_http._tcp.o"},
    {"etcd://h", "", "etcd", "h", "", "", "etcd://h"},
    {"etcd://h/", "", "etcd", "h", "", "", "etcd://h/"},
    {"etcd://h//a", "", "etcd", "h", "", "/a", "etcd://h/"},
    {"static:///", "", "static", "", "", "", "static:///"},
    {"dns://?x", "", "dns", "", "", "?x", "dns://"},
};

TEST(ServiceUrl, IsSplitByTheTable) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.url);
        const auto parts = split_service_url(row.url);
        ASSERT_TRUE(parts);
        EXPECT_EQ(parts->wire, row.wire);
        EXPECT_EQ(parts->scheme, row.scheme);
        EXPECT_EQ(parts->authority, row.authority);
        EXPECT_EQ(parts->service, row.service);
        EXPECT_EQ(parts->rest, row.rest);
        EXPECT_EQ(parts->name, row.name);
    }
}

TEST(ServiceUrl, IsNothingElse) {
    for (const char* url : {"", "http://h/a", "https://h/a", "h:1/p.S/M", "grpc://h:1/p.S/M", "consul://h/s/a",
                            "Etcd://h/s", "ftp+etcd://h/s", "+etcd://h/s", "http+http://h/a", "etcd:/h/s", "://h/s"}) {
        EXPECT_FALSE(split_service_url(url)) << url;
    }
}

}  // namespace
}  // namespace dtmd::txn
