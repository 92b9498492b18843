#include "mime/text_decoder.hpp"

namespace postern::mime {

TextDecoder::TextDecoder(const Part& part)
    : transfer_{transfer_of(part.encoding).value_or(Transfer::identity)},
      charset_{part.param("charset").value_or(std::string_view{})} {}

void TextDecoder::feed(std::string_view bytes, std::string& out) {
  plain_.clear();
  transfer_.feed(bytes, plain_);
  charset_.feed(plain_, out);
}

void TextDecoder::finish(std::string& out) {
  plain_.clear();
  transfer_.finish(plain_);
  charset_.feed(plain_, out);
  charset_.finish(out);
}

}  // namespace postern::mime
