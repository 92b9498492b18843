#include "server/reload.hpp"

#include <gtest/gtest.h>

namespace postern::server {
namespace {

config::Config read(const std::string& more) {
  return config::parse(
             "hostname = \"mx.test\"\n[storage]\ndirectory = \"/x\"\n[tls]\ncertificate = \"a\"\n"
             "key = \"b\"\n" +
                 more,
             "test")
      .value();
}

TEST(Reload, WhatSessionsLookAtAnewNeedsNoRestart) {
  const auto running = read("");
  EXPECT_EQ(waits_for_restart(running, running), "");
  EXPECT_EQ(waits_for_restart(running, read("[[tls.more]]\ncertificate = \"c\"\nkey = \"d\"\n"
                                            "[limits]\nmax_message = 5000\n"
                                            "[log]\nlevel = \"debug\"\naddresses = true\n")),
            "");
}

TEST(Reload, AllElseIsNamed) {
  EXPECT_EQ(waits_for_restart(read(""), read("[listeners]\nimap = [\"127.0.0.1:143\"]\n"
                                             "[log]\nfile = \"/y\"\n"
                                             "[dns]\nstubs = [\"a.test 127.0.0.1@53\"]\n")),
            "listeners.imap, dns.stubs, log.file");
  EXPECT_EQ(waits_for_restart(read("[listeners]\nimap = [\"127.0.0.1:143\"]\n"),
                              read("[listeners]\nimap = [\"127.0.0.1:144\"]\n")),
            "listeners.imap");
}

}  // namespace
}  // namespace postern::server
