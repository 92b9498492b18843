#include <numeric>
#include <utility>

#include "async/on_pool.hpp"
#include "kv/rocks_database.hpp"
#include "vocab/try.hpp"

namespace postern::kv {

namespace {

using Values = std::vector<std::optional<std::string>>;

class RocksReader final : public Reader {
 public:
  RocksReader(std::shared_ptr<Database> database, std::shared_ptr<const Database::Snapshot> at,
              Ticket ticket, Pool& pool)
      : database_{std::move(database)}, at_{std::move(at)}, ticket_{ticket}, pool_{pool} {}

  Task<Result<Values>> get(std::vector<std::string> keys) const override {
    Values values(keys.size());
    std::vector<std::size_t> all(keys.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    POSTERN_CO_TRY(auto left, database_->get(keys, all, at_.get(), Database::Tier::memory, values));
    if (left.empty()) co_return values;
    auto from_disk = [database = database_, at = at_, keys = std::move(keys),
                      values = std::move(values),
                      left = std::move(left)]() mutable -> Result<Values> {
      POSTERN_CHECK(database->get(keys, left, at.get(), Database::Tier::disk, values));
      return std::move(values);
    };
    auto read = co_await on_pool(pool_, std::move(from_disk));
    if (!read) co_return std::unexpected(std::move(read).error());
    co_return *std::move(read);
  }

  Task<Result<Page>> scan(Range range) const override {
    Page page;
    POSTERN_CO_TRY(const bool whole,
                   database_->scan(range, at_.get(), Database::Tier::memory, page));
    if (whole) co_return page;
    auto from_disk = [database = database_, at = at_, range = std::move(range),
                      page = std::move(page)]() mutable -> Result<Page> {
      POSTERN_CHECK(database->scan(range, at.get(), Database::Tier::disk, page));
      return std::move(page);
    };
    auto read = co_await on_pool(pool_, std::move(from_disk));
    if (!read) co_return std::unexpected(std::move(read).error());
    co_return *std::move(read);
  }

  [[nodiscard]] Ticket ticket() const override { return ticket_; }

 private:
  std::shared_ptr<Database> database_;
  std::shared_ptr<const Database::Snapshot> at_;
  Ticket ticket_;
  Pool& pool_;
};

}  // namespace

std::shared_ptr<const Reader> make_reader(std::shared_ptr<Database> database,
                                          std::shared_ptr<const Database::Snapshot> snapshot,
                                          Ticket ticket, Pool& pool) {
  return std::make_shared<RocksReader>(std::move(database), std::move(snapshot), ticket, pool);
}

}  // namespace postern::kv
