#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "imap/fetch_item.hpp"
#include "imap/mailbox_name.hpp"
#include "mime/date.hpp"
#include "mime/structure.hpp"
#include "vocab/ids.hpp"

namespace postern::imap {

/// One `* n FETCH (...)` response (RFC 9051 §7.5.2), item by item into `out`, which must outlive
/// it. Between calls the session may send what `out` holds and empty it, so a large body never
/// stands there whole: `begin_literal`, then send exactly so many octets, then go on.
class FetchResponse {
 public:
  FetchResponse(std::string& out, std::uint32_t number);

  void uid(Uid uid);
  void flags(std::span<const std::string> flags);
  void internal_date(const mime::DateTime& date);
  void size(std::uint64_t octets);
  void mod_seq(ModSeq value);
  void email_id(std::string_view id);
  /// Nothing: NIL.
  void thread_id(std::optional<std::string_view> id);
  void save_date(const std::optional<mime::DateTime>& date);
  void envelope(const mime::Envelope& envelope, NameForm form);
  /// BODY or BODYSTRUCTURE.
  void body(const mime::Part& root, bool extended, NameForm form);
  void binary_size(const FetchItem& item, std::uint64_t octets);
  /// The item's name and `{n}`; with `literal8` `~{n}`.
  void begin_literal(const FetchItem& item, std::uint64_t octets, bool literal8 = false);
  /// The item's name and NIL: there is no such part.
  void nil(const FetchItem& item);
  /// Closes the response. Once.
  void end();

 private:
  void begin_item(std::string_view word);

  std::string& out_;
  bool first_ = true;
};

}  // namespace postern::imap
