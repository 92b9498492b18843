#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

// How data looks on a terminal.
namespace postern::commands {

/// Rows under titles, in columns; the last column is not padded. Nothing that peers sent can move
/// the cursor: controls become '?'.
void print_table(std::ostream& out, const std::vector<std::string>& titles,
                 const std::vector<std::vector<std::string>>& rows);

/// UTF-8 without controls.
[[nodiscard]] std::string printable(std::string_view text);

/// "10G", "1.5G", "512M", "64K", "1000" as octets (powers of 1024); "none": 0. Nothing for others.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
/// "1.5 GiB"
[[nodiscard]] std::string show_size(std::uint64_t octets);

/// Members of an answer, whatever its shape: empty, 0 or false where there is none such.
[[nodiscard]] std::string text_of(const boost::json::value& object, std::string_view key);
[[nodiscard]] std::uint64_t number_of(const boost::json::value& object, std::string_view key);
[[nodiscard]] bool flag_of(const boost::json::value& object, std::string_view key);
/// Borrowed from `object`.
[[nodiscard]] const boost::json::array& list_of(const boost::json::value& object,
                                                std::string_view key);
/// `value` itself as a list.
[[nodiscard]] const boost::json::array& list_of(const boost::json::value& value);

}  // namespace postern::commands
