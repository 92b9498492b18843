// Messages on their way in when memory for them is short.
#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "kv/memory_engine.hpp"
#include "store/mail_store.hpp"

namespace postern::store {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kBudget = 4096;

class DraftTest : public ::testing::Test {
 protected:
  /// Feeds a draft in the background; what it says is in `out` once it says it.
  void feed(Draft& draft, std::size_t octets, std::optional<Result<void>>& out) {
    const auto keep = [](Task<Result<void>> work, std::optional<Result<void>>& into) -> Task<> {
      into = co_await std::move(work);
    };
    text_.assign(octets, 'x');
    core_.group().spawn(keep(draft.feed(text_), out));
    core_.poll();
  }

  std::string text_;
  ManualCore core_;
  kv::MemoryEngine engine_;
  std::array<Core*, 1> cores_{&core_.core()};
  std::unique_ptr<MailStore> store_ =
      make_mail_store(engine_, cores_, Settings{.message_bytes = kBudget});
  std::unique_ptr<Draft> first_ = store_->new_draft();
  std::unique_ptr<Draft> second_ = store_->new_draft();
  std::optional<Result<void>> one_;
  std::optional<Result<void>> two_;
};

TEST_F(DraftTest, WaitsForMemoryUntilItIsGivenBack) {
  feed(*first_, kBudget, one_);
  ASSERT_TRUE(one_ && *one_);
  feed(*second_, 100, two_);
  core_.advance(29s);
  ASSERT_FALSE(two_);
  first_.reset();
  core_.advance(50ms);
  ASSERT_TRUE(two_);
  EXPECT_TRUE(*two_);
}

TEST_F(DraftTest, IsRefusedWhenNoMemoryComes) {
  feed(*first_, kBudget, one_);
  feed(*second_, 100, two_);
  core_.advance(31s);
  ASSERT_TRUE(two_);
  EXPECT_EQ(two_->error().code, Errc::limit_reached);
}

TEST_F(DraftTest, AStopEndsTheWaitForMemory) {
  feed(*first_, kBudget, one_);
  feed(*second_, 100, two_);
  ASSERT_FALSE(two_);
  store_->stop_waiting();
  core_.advance(50ms);
  ASSERT_TRUE(two_);
  EXPECT_EQ(two_->error().code, Errc::shutting_down);
}

TEST_F(DraftTest, NobodyBeginsToWaitAfterAStop) {
  feed(*first_, kBudget, one_);
  store_->stop_waiting();
  feed(*second_, 100, two_);
  ASSERT_TRUE(two_);
  EXPECT_EQ(two_->error().code, Errc::shutting_down);
}

class DraftContentTest : public ::testing::Test {
 protected:
  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    const auto keep = [](Task<T> work, std::optional<T>& into) -> Task<> {
      into = co_await std::move(work);
    };
    core_.group().spawn(keep(std::move(task), out));
    core_.poll();
    return std::move(out).value();
  }
  /// Fed in pieces that end nowhere in particular.
  std::string feed(std::size_t octets) {
    std::string text = "Subject: x\r\n\r\n";
    for (std::size_t n = 0; text.size() < octets; ++n) text += std::to_string(n * n) + "\r\n";
    for (std::size_t at = 0; at < text.size(); at += 50'001)
      EXPECT_TRUE(run(draft_->feed(std::string_view{text}.substr(at, 50'001))));
    return text;
  }

  ManualCore core_;
  kv::MemoryEngine engine_;
  std::array<Core*, 1> cores_{&core_.core()};
  std::unique_ptr<MailStore> store_ = make_mail_store(engine_, cores_, Settings{});
  std::unique_ptr<Draft> draft_ = store_->new_draft();
};

TEST_F(DraftContentTest, IsWhatWasFedBeforeAndAfterTheEnd) {
  for (const std::size_t octets : {20U, 200'000U, 131'072U, 3'000'000U}) {
    SCOPED_TRACE(octets);
    draft_ = store_->new_draft();
    const auto text = feed(octets);
    EXPECT_TRUE(run(draft_->content()).value() == text);
    const auto staged = run(draft_->finish());
    ASSERT_TRUE(staged);
    EXPECT_EQ((*staged)->streamed, octets > 1'048'576U);
    EXPECT_TRUE(run(draft_->content()).value() == text);
  }
}

TEST_F(DraftContentTest, SaysWhenChunksAreGone) {
  feed(3'000'000);
  kv::Batch batch;
  batch.erase_range("", "\xff");
  EXPECT_TRUE(run(engine_.append(std::move(batch), kv::Engine::Purpose::housekeeping)));
  EXPECT_EQ(run(draft_->content()).error().code, Errc::corrupt);
}

TEST_F(DraftTest, WhatNeedsNoWaitGoesOnAfterAStop) {
  store_->stop_waiting();
  feed(*first_, kBudget, one_);
  ASSERT_TRUE(one_);
  EXPECT_TRUE(*one_);
}

}  // namespace
}  // namespace postern::store
