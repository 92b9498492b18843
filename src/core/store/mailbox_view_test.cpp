#include "store/mailbox_view.hpp"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Entry entry(std::uint32_t uid, std::uint64_t modseq) {
  Entry out;
  out.uid = Uid{uid};
  out.modseq = ModSeq{modseq};
  return out;
}

std::shared_ptr<const MailboxView> view_of(std::uint32_t first, std::uint32_t last) {
  std::vector<Entry> entries;
  for (auto uid = first; uid <= last; ++uid) entries.push_back(entry(uid, 1));
  return edited(MailboxView{{}, {}}, {}, entries, {});
}

std::vector<std::uint32_t> uids(const MailboxView& view) {
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < view.size(); ++i) out.push_back(view.at(i).uid.value());
  return out;
}

TEST(MailboxView, FindsByPositionAndUid) {
  const auto view = view_of(10, 1009);
  ASSERT_EQ(view->size(), 1000U);
  EXPECT_EQ(view->at(0).uid, Uid{10});
  EXPECT_EQ(view->at(256).uid, Uid{266});
  EXPECT_EQ(view->at(999).uid, Uid{1009});
  EXPECT_EQ(view->find(Uid{265}), 255U);
  EXPECT_EQ(view->find(Uid{9}), std::nullopt);
  EXPECT_EQ(view->lower_bound(Uid{2000}), 1000U);
  EXPECT_EQ(view->lower_bound(Uid{1}), 0U);
}

TEST(MailboxView, SharesWhatDoesNotChange) {
  const auto before = view_of(1, 1000);
  const auto after = edited(*before, {}, {entry(1001, 2)}, {});
  ASSERT_EQ(after->size(), 1001U);
  for (std::size_t i = 0; i + 1 < before->chunks().size(); ++i)
    EXPECT_EQ(before->chunks()[i], after->chunks()[i]);
  const auto change = diff(*before, *after);
  EXPECT_EQ(change.added, 1U);
  EXPECT_THAT(change.expunged, IsEmpty());
  EXPECT_THAT(change.changed, IsEmpty());
}

TEST(MailboxView, TellsWhatWentChangedAndCame) {
  const auto before = view_of(1, 600);
  const auto after = edited(*before, {}, {entry(300, 7), entry(601, 7), entry(602, 7)},
                            {Uid{1}, Uid{2}, Uid{600}});
  const auto change = diff(*before, *after);
  EXPECT_THAT(change.expunged, ElementsAre(0U, 1U, 599U));
  EXPECT_THAT(change.changed, ElementsAre(297U));
  EXPECT_EQ(after->at(297).uid, Uid{300});
  EXPECT_EQ(change.added, 2U);
}

TEST(MailboxView, EmptiesAndFillsAgain) {
  const auto full = view_of(1, 3);
  const auto empty = edited(*full, {}, {}, {Uid{1}, Uid{2}, Uid{3}});
  EXPECT_EQ(empty->size(), 0U);
  EXPECT_THAT(diff(*full, *empty).expunged, ElementsAre(0U, 1U, 2U));
  EXPECT_EQ(diff(*empty, *full).added, 3U);
}

/// Against a plain sorted vector, over many random edits.
TEST(MailboxView, AgreesWithAPlainList) {
  std::mt19937 random{7};  // NOLINT: reproducible on purpose
  std::vector<Entry> model;
  auto view = view_of(1, 0);
  std::uint32_t next = 1;
  for (std::uint64_t round = 1; round <= 300; ++round) {
    std::vector<Entry> put;
    std::vector<Uid> removed;
    const auto before = model;
    for (auto& e : model) {
      const auto roll = random() % 40;
      if (roll == 0) removed.push_back(e.uid);
      if (roll == 1) put.push_back(entry(e.uid.value(), round + 1));
    }
    for (auto n = random() % 30; n > 0; --n) put.push_back(entry(next++, round + 1));
    std::erase_if(
        model, [&](const Entry& e) { return std::ranges::find(removed, e.uid) != removed.end(); });
    for (const auto& e : put) {
      const auto at = std::ranges::lower_bound(model, e.uid, {}, &Entry::uid);
      if (at != model.end() && at->uid == e.uid) {
        *at = e;
      } else {
        model.insert(at, e);
      }
    }
    const auto after = edited(*view, {}, put, removed);
    std::vector<std::uint32_t> expected;
    for (const auto& e : model) expected.push_back(e.uid.value());
    ASSERT_EQ(uids(*after), expected);
    const auto change = diff(*view, *after);
    EXPECT_EQ(change.expunged.size(), removed.size());
    EXPECT_EQ(view->size() - change.expunged.size() + change.added, after->size());
    view = after;
  }
}

}  // namespace
}  // namespace postern::store
