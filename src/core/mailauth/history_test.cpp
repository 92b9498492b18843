#include "mailauth/history.hpp"

#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "kv/memory_engine.hpp"
#include "mailauth/path_codec.hpp"

namespace postern::mailauth {
namespace {

using std::chrono::days;

class HistoryTest : public testing::Test {
 protected:
  bool passed(std::string author, std::vector<std::string> paths) {
    return run(history_->has_passed(std::move(author), std::move(paths)));
  }
  void note(std::string author, std::vector<std::string> paths) {
    run_all(history_->note_pass(std::move(author), std::move(paths)));
  }
  /// And what it wrote becomes durable, as with the message that it is about.
  void run_all(Task<> task) {
    machine_.group().spawn(std::move(task));
    settle();
    EXPECT_TRUE(run(engine_.durable(engine_.tip()->ticket())));
  }
  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    const auto keep = [](Task<T> work, std::optional<T>& into) -> Task<> {
      into = co_await std::move(work);
    };
    machine_.group().spawn(keep(std::move(task), out));
    settle();
    return out.value();
  }
  /// What was appended is published.
  void settle() { machine_.advance(std::chrono::seconds{1}); }

  ManualCore machine_;
  kv::MemoryEngine engine_{{.sync = kv::MemoryEngine::Sync::delayed, .core = &machine_.core()}, {}};
  std::unique_ptr<History> history_ = make_history(engine_, machine_.clock());
};

TEST_F(HistoryTest, KnowsPathsAndForgetsThem) {
  EXPECT_FALSE(passed("example.net", {"192.0.2.0"}));
  note("example.net", {"192.0.2.0", "@lists.example"});
  EXPECT_TRUE(passed("example.net", {"192.0.2.0"}));
  EXPECT_TRUE(passed("example.net", {"203.0.113.0", "@lists.example"}));
  EXPECT_FALSE(passed("example.net", {"203.0.113.0"}));
  EXPECT_FALSE(passed("example.com", {"192.0.2.0"}));
  machine_.clock().advance(days{kPathDays});
  EXPECT_TRUE(passed("example.net", {"192.0.2.0"}));
  machine_.clock().advance(days{1});
  EXPECT_FALSE(passed("example.net", {"192.0.2.0"}));
}

TEST_F(HistoryTest, WritesAPathOnceADay) {
  note("example.net", {"192.0.2.0"});
  const auto before = engine_.stats().appends;
  note("example.net", {"192.0.2.0"});
  EXPECT_EQ(engine_.stats().appends, before);
  machine_.clock().advance(days{1});
  note("example.net", {"192.0.2.0"});
  EXPECT_EQ(engine_.stats().appends, before + 1);
}

TEST_F(HistoryTest, ASweepErasesWhatIsOldAndNothingElse) {
  note("old.example", {"192.0.2.0"});
  machine_.clock().advance(days{kPathDays});
  note("new.example", {"192.0.2.0"});
  machine_.clock().advance(days{1});
  run_all(history_->sweep());
  const auto keys =
      std::vector{path_key("old.example", "192.0.2.0"), path_key("new.example", "192.0.2.0")};
  const auto reader = engine_.published();
  const auto values = run(reader->get(keys));
  ASSERT_TRUE(values);
  EXPECT_FALSE(values->at(0));
  EXPECT_TRUE(values->at(1));
}

TEST(PathCodec, ReturnsWhatItWasGiven) {
  EXPECT_EQ(decode_path_day(encode_path_day(20'000)).value(), 20'000U);
  EXPECT_FALSE(decode_path_day(""));
  EXPECT_TRUE(is_path_key(path_key("example.net", "@x.example")));
  EXPECT_FALSE(is_path_key(path_prefix() + "example.net"));
  EXPECT_FALSE(is_path_key(path_key("", "@x.example")));
  EXPECT_FALSE(is_path_key(path_key("example.net", "")));
}

}  // namespace
}  // namespace postern::mailauth
