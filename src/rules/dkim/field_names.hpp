#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace postern::dkim {

/// The names of an h= tag in order, in lower case. Kept as one text: a usual signature names twenty
/// fields, and a string for each would cost more than all else that is read of it.
class FieldNames {
 public:
  class Iterator {
   public:
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = void;
    using reference = std::string_view;

    Iterator(const FieldNames& names, std::size_t at) : names_{&names}, at_{at} {}
    std::string_view operator*() const { return (*names_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    void operator++(int) { ++at_; }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    const FieldNames* names_;
    std::size_t at_;
  };
  using value_type = std::string_view;
  using const_iterator = Iterator;

  FieldNames() = default;
  /// Reads a colon-separated list. Blanks and folding around names are dropped, and so are empty
  /// names, which are no field's; real signers leave some behind.
  explicit FieldNames(std::string_view list);

  [[nodiscard]] bool empty() const { return ends_.empty(); }
  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  /// The name at `at`, below `size()`. The view lives as long as this does and is not assigned to.
  [[nodiscard]] std::string_view operator[](std::size_t at) const {
    const std::size_t begin = at == 0 ? 0 : ends_.at(at - 1);
    return std::string_view{text_}.substr(begin, ends_.at(at) - begin);
  }
  /// How often a name (lower case) is there.
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] Iterator begin() const { return {*this, 0}; }
  [[nodiscard]] Iterator end() const { return {*this, size()}; }

 private:
  std::string text_;                 ///< One behind the other.
  std::vector<std::uint32_t> ends_;  ///< Where in `text_` each ends.
};

}  // namespace postern::dkim
