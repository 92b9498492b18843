#pragma once

#include <string>
#include <string_view>

#include "mime/charset.hpp"
#include "mime/structure.hpp"
#include "mime/transfer.hpp"

namespace postern::mime {

/// Makes searchable UTF-8 of a text part's body, piece by piece: transfer encoding and charset
/// taken away. HTML is left as HTML. For SEARCH BODY and TEXT (RFC 9051 §6.4.4).
class TextDecoder {
 public:
  /// By the part's Content-Transfer-Encoding and charset; copies what it needs.
  explicit TextDecoder(const Part& part);

  /// The next octets of the body, cut anywhere; appends UTF-8 to `out`.
  void feed(std::string_view bytes, std::string& out);
  void finish(std::string& out);

 private:
  TransferDecoder transfer_;
  CharsetDecoder charset_;
  std::string plain_;  // between the two, reused
};

}  // namespace postern::mime
