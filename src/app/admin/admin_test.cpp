#include "admin/admin.hpp"

#include <filesystem>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/offline.hpp"
#include "admin/verbs.hpp"
#include "async/manual_core.hpp"
#include "async/pool.hpp"
#include "kv/memory_engine.hpp"
#include "log/sink.hpp"
#include "queue/queue.hpp"
#include "vocab/try.hpp"

namespace postern::admin {
namespace {

using ::testing::HasSubstr;

/// Services on a memory engine; the queue is not run.
class AdminTest : public ::testing::Test {
 protected:
  AdminTest() {
    directory_ = core_
                     .run(directory::open_directory(
                         engine_, *store_, core_.core(), pool_,
                         {.argon2_memory_kib = 64, .argon2_passes = 1, .scram_iterations = 4096}))
                     .value();
    services_ = std::make_unique<Services>(
        Services{engine_, *store_, *directory_, *queue_, *trace_, core_.core()});
  }

  json::object ask(const json::value& request) {
    return json::parse(core_.run(handle(*services_, json::serialize(request)))).as_object();
  }
  json::value data(const json::value& request) {
    auto answer = ask(request);
    EXPECT_TRUE(answer.at("ok").as_bool()) << json::serialize(answer);
    return answer.contains("data") ? answer.at("data") : json::value{};
  }
  std::string code(const json::value& request) {
    auto answer = ask(request);
    EXPECT_FALSE(answer.at("ok").as_bool()) << json::serialize(answer);
    return answer.contains("code") ? std::string{answer.at("code").as_string()} : "";
  }
  void add_people() {
    data({{"cmd", "domain.add"}, {"name", "example.org"}});
    data({{"cmd", "account.add"}, {"address", "ann@example.org"}, {"password", secret_}});
  }

  /// A message for x@remote.example, waiting in the queue.
  Task<Result<void>> queue_mail() {
    const auto draft = store_->new_draft();
    POSTERN_CO_CHECK(co_await draft->feed("Subject: x\r\n\r\nbody\r\n"));
    POSTERN_CO_TRY(const auto staged, co_await draft->finish());
    queue::Message message{.id = QueueId{0xabc},
                           .trace = TraceId{0xdef},
                           .blob = staged->blob,
                           .body_size = staged->size,
                           .due = core_.clock().now()};
    message.recipients.push_back({.address = smtp::parse_address("x@remote.example").value(),
                                  .last_code = 550,
                                  .last_status = "5.7.25",
                                  .last_text = "no PTR record",
                                  .last_host = "mx.remote.example"});
    kv::Batch also;
    queue_->add(also, message);
    const trace::Event event{.id = TraceId{0xdef},
                             .time = core_.clock().now(),
                             .kind = trace::Kind::queued,
                             .fields = {{"to", "x@remote.example"}}};
    trace_->add(also, event, {"x@remote.example"});
    POSTERN_CO_CHECK(co_await store_->deliver(staged, {}, std::move(also), true));
    queue_->committed(std::move(message));
    co_return Result<void>{};
  }

  std::string secret_ = "correct horse battery";
  ManualCore core_;
  InlinePool pool_;
  std::vector<Core*> cores_{&core_.core()};
  kv::MemoryEngine engine_;
  std::unique_ptr<store::MailStore> store_ = store::make_mail_store(engine_, cores_, {});
  std::unique_ptr<trace::Log> trace_ = trace::make_log(engine_, core_.core());
  std::unique_ptr<queue::Queue> queue_ =
      queue::make_queue(engine_, *store_, *trace_, core_.core(), {.hostname = "mx.example.org"});
  std::unique_ptr<directory::Directory> directory_;
  std::unique_ptr<Services> services_;
};

TEST_F(AdminTest, RefusesWhatIsNoRequest) {
  EXPECT_EQ(code({{"cmd", "nonsense"}}), "unsupported");
  EXPECT_EQ(code({{"command", "x"}}), "bad_syntax");
  EXPECT_EQ(code({{"cmd", 7}}), "bad_syntax");
  EXPECT_EQ(code(json::array{}), "bad_syntax");
  for (const std::string garbage : {"", "{", "{\"cmd\":\"domain.list\"} x", "\xff"}) {
    EXPECT_THAT(core_.run(handle(*services_, garbage)), HasSubstr("\"bad_syntax\"")) << garbage;
  }
}

TEST_F(AdminTest, Domains) {
  data({{"cmd", "domain.add"}, {"name", "Example.ORG"}, {"separators", "+-"}});
  EXPECT_EQ(code({{"cmd", "domain.add"}, {"name", "example.org"}}), "already_exists");
  data({{"cmd", "domain.add"}, {"name", "b.example"}, {"alias_of", "example.org"}});
  data({{"cmd", "domain.set"}, {"name", "example.org"}, {"fold_case", false}});
  const auto list = data({{"cmd", "domain.list"}}).as_array();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].at("alias_of").as_string(), "example.org");
  EXPECT_EQ(list[1].at("name").as_string(), "example.org");
  EXPECT_EQ(list[1].at("separators").as_string(), "+-");
  EXPECT_FALSE(list[1].at("fold_case").as_bool());
  EXPECT_EQ(code({{"cmd", "domain.remove"}, {"name", "example.org"}}), "conflict");
  data({{"cmd", "domain.remove"}, {"name", "b.example"}});
  data({{"cmd", "domain.remove"}, {"name", "example.org"}});
  EXPECT_EQ(code({{"cmd", "domain.set"}, {"name", "example.org"}}), "not_found");
  EXPECT_TRUE(data({{"cmd", "domain.list"}}).as_array().empty());
}

TEST_F(AdminTest, Accounts) {
  add_people();
  EXPECT_EQ(code({{"cmd", "account.add"}, {"address", "ann@example.org"}, {"password", "x"}}),
            "already_exists");
  EXPECT_EQ(code({{"cmd", "account.add"}, {"address", "ann"}, {"password", "x"}}), "bad_syntax");
  EXPECT_EQ(code({{"cmd", "account.add"}, {"address", "bob@example.org"}}), "bad_syntax");
  EXPECT_THAT(std::string{ask({{"cmd", "account.add"}, {"address", "a@b.c"}, {"password", "x"}})
                              .at("error")
                              .as_string()},
              HasSubstr("postern domain add b.c"));
  data({{"cmd", "account.quota"}, {"address", "ann@example.org"}, {"quota", 5000}});
  data({{"cmd", "account.disable"}, {"address", "ann@example.org"}});
  const auto list = data({{"cmd", "account.list"}}).as_array();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].at("quota").to_number<int>(), 5000);
  EXPECT_EQ(list[0].at("used").to_number<int>(), 0);
  EXPECT_TRUE(list[0].at("disabled").as_bool());
  EXPECT_FALSE(list[0].at("relay").as_bool());
  EXPECT_EQ(code({{"cmd", "account.relay"}, {"address", "ann@example.org"}}), "bad_syntax");
  data({{"cmd", "account.relay"}, {"address", "ann@example.org"}, {"relay", true}});
  EXPECT_TRUE(data({{"cmd", "account.list"}}).as_array()[0].at("relay").as_bool());
  data({{"cmd", "account.relay"}, {"address", "ann@example.org"}, {"relay", false}});
  EXPECT_FALSE(data({{"cmd", "account.list"}}).as_array()[0].at("relay").as_bool());
  data({{"cmd", "account.enable"}, {"address", "ann@example.org"}});
  EXPECT_TRUE(data({{"cmd", "account.list"}, {"domain", "other.org"}}).as_array().empty());
  data({{"cmd", "account.remove"}, {"address", "ann@example.org"}});
  EXPECT_EQ(code({{"cmd", "account.remove"}, {"address", "ann@example.org"}}), "not_found");
  EXPECT_TRUE(data({{"cmd", "account.list"}}).as_array().empty());
}

TEST_F(AdminTest, NewPasswordsCount) {
  add_people();
  const auto login = [&](std::string word) {
    return core_.run(
        directory_->authenticate("ann@example.org", Secret<std::string>{std::move(word)}));
  };
  EXPECT_TRUE(login(secret_));
  data({{"cmd", "account.set_password"}, {"address", "ann@example.org"}, {"password", "another"}});
  EXPECT_FALSE(login(secret_));
  EXPECT_TRUE(login("another"));
}

TEST_F(AdminTest, ManyAccountsAtOnce) {
  add_people();
  json::array accounts;
  for (int i = 0; i < 40; ++i) {
    accounts.push_back(
        {{"address", "user" + std::to_string(i) + "@example.org"}, {"password", secret_}});
  }
  accounts.push_back({{"address", "ann@example.org"}, {"password", secret_}});
  accounts.push_back({{"address", "bad@example.org"}, {"password", ""}});
  const auto answer = data({{"cmd", "account.add_many"}, {"accounts", accounts}});
  EXPECT_EQ(answer.at("added").to_number<int>(), 40);
  ASSERT_EQ(answer.at("failed").as_array().size(), 2U);
  EXPECT_EQ(answer.at("failed").as_array()[0].at("code").as_string(), "already_exists");
  EXPECT_EQ(data({{"cmd", "account.list"}}).as_array().size(), 41U);
}

TEST_F(AdminTest, Aliases) {
  add_people();
  data({{"cmd", "alias.add"},
        {"address", "all@example.org"},
        {"members", {"ann@example.org", "x@elsewhere.example"}}});
  data({{"cmd", "alias.add"}, {"address", "old@example.org"}, {"refusal", "moved away"}});
  EXPECT_EQ(code({{"cmd", "alias.add"}, {"address", "no@example.org"}}), "bad_syntax");
  EXPECT_EQ(code({{"cmd", "alias.add"}, {"address", "no@example.org"}, {"members", "x@y"}}),
            "bad_syntax");
  const auto list = data({{"cmd", "alias.list"}}).as_array();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].at("members").as_array().size(), 2U);
  EXPECT_EQ(list[1].at("refusal").as_string(), "moved away");
  data({{"cmd", "alias.remove"}, {"address", "all@example.org"}});
  EXPECT_EQ(data({{"cmd", "alias.list"}}).as_array().size(), 1U);
}

TEST_F(AdminTest, QueueShowsWhatRefusalsMean) {
  ASSERT_TRUE(core_.run(queue_mail()));
  const auto list = data({{"cmd", "queue.list"}}).as_array();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].at("id").as_string(), "0000000000000abc");
  EXPECT_EQ(list[0].at("from").as_string(), "");
  const auto message = data({{"cmd", "queue.show"}, {"id", "0000000000000abc"}});
  const auto& recipient = message.at("recipients").as_array()[0];
  EXPECT_EQ(recipient.at("reply").as_string(), "550 5.7.25 no PTR record");
  EXPECT_EQ(recipient.at("explanation").at("id").as_string(), "ptr");
  EXPECT_EQ(code({{"cmd", "queue.show"}, {"id", "0000000000000fff"}}), "not_found");
  EXPECT_EQ(code({{"cmd", "queue.show"}, {"id", "zz"}}), "bad_syntax");
  EXPECT_TRUE(data({{"cmd", "queue.list"}, {"domain", "other.example"}}).as_array().empty());
}

TEST_F(AdminTest, QueueChangesNeedAChoice) {
  ASSERT_TRUE(core_.run(queue_mail()));
  for (const auto* const cmd : {"queue.hold", "queue.release", "queue.retry", "queue.drop"}) {
    EXPECT_EQ(code({{"cmd", cmd}}), "bad_syntax") << cmd;
    EXPECT_EQ(code({{"cmd", cmd}, {"all", true}, {"domain", "x.example"}}), "bad_syntax") << cmd;
  }
  const auto held = data({{"cmd", "queue.hold"}, {"domain", "remote.example"}, {"why", "odd"}});
  EXPECT_EQ(held.at("messages").to_number<int>(), 1);
  const auto list = data({{"cmd", "queue.list"}}).as_array();
  EXPECT_TRUE(list[0].at("held").as_bool());
  EXPECT_EQ(list[0].at("held_why").as_string(), "odd");
}

TEST_F(AdminTest, TraceTellsTheStory) {
  ASSERT_TRUE(core_.run(queue_mail()));
  const auto by_id = data({{"cmd", "trace.get"}, {"what", "0000000000000def"}}).as_array();
  ASSERT_EQ(by_id.size(), 1U);
  const auto& event = by_id[0].at("events").as_array()[0];
  EXPECT_EQ(event.at("kind").as_string(), "queued");
  EXPECT_EQ(event.at("facts").as_array()[0].at("value").as_string(), "x@remote.example");
  EXPECT_EQ(event.at("time").as_string(), "2023-11-14T22:13:20.000000Z");
  EXPECT_EQ(data({{"cmd", "trace.get"}, {"what", "X@remote.example"}}), json::value(by_id));
  EXPECT_EQ(code({{"cmd", "trace.get"}, {"what", "nobody@example.org"}}), "not_found");
  EXPECT_EQ(code({{"cmd", "trace.get"}, {"what", "0000000000000001"}}), "not_found");
}

TEST_F(AdminTest, StoreIsMeasuredAndVerified) {
  add_people();
  EXPECT_EQ(data({{"cmd", "store.stats"}}).at("accounts").to_number<int>(), 1);
  const auto report = data({{"cmd", "store.verify"}});
  EXPECT_TRUE(report.at("clean").as_bool()) << json::serialize(report);
  EXPECT_EQ(report.at("counts").at("accounts").to_number<int>(), 1);
}

class OfflineTest : public ::testing::Test {
 protected:
  OfflineTest() {
    std::string name = (std::filesystem::temp_directory_path() / "postern-admin-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    config_.directory = (folder_ / "data").string();
    config_.reserve = 0;
  }
  ~OfflineTest() override { std::filesystem::remove_all(folder_); }
  Result<std::string> ask(const json::value& request, Offline::Missing missing) {
    POSTERN_TRY(const auto offline, Offline::open(config_, missing, log::Logger{backend_}));
    return offline->handle(json::serialize(request));
  }

  std::filesystem::path folder_;
  config::Config config_;
  log::NullSink sink_;
  log::Backend backend_{sink_, {}, [] { return Timestamp{}; }};
};

TEST_F(OfflineTest, WorksOnAStoppedStore) {
  EXPECT_EQ(ask({{"cmd", "domain.list"}}, Offline::Missing::refuse).error().code, Errc::not_found);
  EXPECT_EQ(verify_offline(config_).error().code, Errc::not_found);
  EXPECT_THAT(ask({{"cmd", "domain.add"}, {"name", "example.org"}}, Offline::Missing::make).value(),
              HasSubstr("\"ok\":true"));
  EXPECT_THAT(ask({{"cmd", "domain.list"}}, Offline::Missing::refuse).value(),
              HasSubstr("example.org"));
  EXPECT_THAT(verify_offline(config_).value(), HasSubstr("\"clean\":true"));
}

TEST_F(OfflineTest, OnlyOneAtATime) {
  const auto first = Offline::open(config_, Offline::Missing::make, log::Logger{backend_});
  ASSERT_TRUE(first);
  const auto second = Offline::open(config_, Offline::Missing::make, log::Logger{backend_});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::conflict);
}

}  // namespace
}  // namespace postern::admin
