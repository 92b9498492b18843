#include "kv/power_cut.hpp"

#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "kv/sync_journal.hpp"

namespace postern::kv {
namespace {

namespace fs = std::filesystem;

class PowerCutTest : public testing::Test {
 protected:
  PowerCutTest() {
    std::string name = testing::TempDir() + "postern_cut_XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    directory_ = name;
    fs::create_directory(directory_ / "db");
    journal_ = *SyncJournal::open(directory_);
  }
  ~PowerCutTest() override { fs::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_ / "db" / name; }
  void write(const std::string& name, std::string_view text) {
    std::ofstream{path(name), std::ios::app} << text;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream in{path(name)};
    if (!in) return "gone";
    return {std::istreambuf_iterator<char>{in}, {}};
  }

  fs::path directory_;
  std::unique_ptr<SyncJournal> journal_;
};

TEST_F(PowerCutTest, FilesEndWhereTheyWereSynced) {
  ASSERT_TRUE(journal_->created(path("log")));
  write("log", "safe");
  ASSERT_TRUE(journal_->synced(path("log"), 4));
  write("log", "lost");
  write("older", "untracked files stay as they are");
  const auto cut = apply_power_cut(directory_);
  ASSERT_TRUE(cut);
  EXPECT_EQ(read("log"), "safe");
  EXPECT_EQ(read("older"), "untracked files stay as they are");
  EXPECT_EQ(cut->files_cut, 1U);
  EXPECT_EQ(cut->bytes_lost, 4U);
}

TEST_F(PowerCutTest, NamesNeverSyncedAreGone) {
  ASSERT_TRUE(journal_->created(path("named")));
  write("named", "content not synced");
  ASSERT_TRUE(journal_->folder_synced());
  ASSERT_TRUE(journal_->created(path("unnamed")));
  write("unnamed", "x");
  ASSERT_TRUE(apply_power_cut(directory_));
  EXPECT_EQ(read("named"), "");
  EXPECT_EQ(read("unnamed"), "gone");
}

TEST_F(PowerCutTest, RenamesNeverSyncedAreUndone) {
  const auto publish = [&](const std::string& text) {
    ASSERT_TRUE(journal_->created(path("tmp")));
    write("tmp", text);
    ASSERT_TRUE(journal_->synced(path("tmp"), text.size()));
    ASSERT_TRUE(journal_->renaming(path("tmp"), path("CURRENT")));
    fs::rename(path("tmp"), path("CURRENT"));
  };
  publish("first");
  ASSERT_TRUE(journal_->folder_synced());
  publish("second");
  publish("third");
  const auto cut = apply_power_cut(directory_);
  ASSERT_TRUE(cut) << cut.error().detail;
  EXPECT_EQ(read("CURRENT"), "first");
  EXPECT_EQ(cut->renames_undone, 2U);
  EXPECT_TRUE(fs::is_empty(directory_ / "undo"));
}

TEST_F(PowerCutTest, ASecondCutKnowsWhatTheFirstLeft) {
  ASSERT_TRUE(journal_->created(path("log")));
  write("log", "safe");
  ASSERT_TRUE(journal_->synced(path("log"), 4));
  ASSERT_TRUE(apply_power_cut(directory_));
  journal_ = *SyncJournal::open(directory_);
  write("log", "more");
  ASSERT_TRUE(apply_power_cut(directory_));
  EXPECT_EQ(read("log"), "safe");
}

TEST_F(PowerCutTest, ATornCutKeepsTheSyncedAndPartOfTheRest) {
  ASSERT_TRUE(journal_->created(path("log")));
  write("log", "safe");
  ASSERT_TRUE(journal_->synced(path("log"), 4));
  write("log", std::string(1000, 'x'));
  ASSERT_TRUE(apply_power_cut(directory_, 7));
  EXPECT_TRUE(read("log").starts_with("safe"));
  EXPECT_GT(read("log").size(), 4U);
  EXPECT_LT(read("log").size(), 1004U);
}

TEST_F(PowerCutTest, ALineCutShortByTheKillIsIgnoredOthersAreNot) {
  ASSERT_TRUE(journal_->created(path("log")));
  std::ofstream{directory_ / "synced.journal", std::ios::app} << "S 1";
  EXPECT_TRUE(SyncJournal::replay(directory_));
  std::ofstream{directory_ / "synced.journal", std::ios::app} << "2 db/log\nnonsense\nF\n";
  EXPECT_EQ(SyncJournal::replay(directory_).error().code, Errc::corrupt);
  EXPECT_EQ(apply_power_cut(directory_ / "nowhere").error().code, Errc::not_found);
}

}  // namespace
}  // namespace postern::kv
