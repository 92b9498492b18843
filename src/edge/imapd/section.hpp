#pragma once

#include <cstdint>
#include <optional>

#include "imap/fetch_item.hpp"
#include "mime/structure.hpp"
#include "store/message.hpp"

// Which octets of a message a section means (RFC 9051 §6.4.5.1). Pure.
namespace postern::imapd {

/// Octets of the message as served.
struct Octets {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  [[nodiscard]] std::uint64_t size() const { return end - begin; }
};

/// The part that the numbers name; null if there is none. `1` of a message that is no multipart is
/// its only part.
[[nodiscard]] const mime::Part* find_part(const mime::Part& root,
                                          const std::vector<std::uint32_t>& numbers);

/// The octets of `section`; for HEADER.FIELDS those of the whole header, to be filtered. Nothing:
/// there is no such part, or it has no such text.
[[nodiscard]] std::optional<Octets> find_section(const store::StoredMessage& message,
                                                 const mime::Part& root,
                                                 const imap::Section& section);

/// `octets` cut to `<offset.count>`.
[[nodiscard]] Octets cut(Octets octets, const std::optional<imap::Partial>& partial);

/// The fields of `header` that `section` asks for, with the empty line that ends them.
[[nodiscard]] std::string filter_header(std::string_view header, const imap::Section& section);

}  // namespace postern::imapd
