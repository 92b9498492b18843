// libFuzzer: a record that decodes is the only encoding of its fields, its views lie inside the
// input, and a decoder that knows nothing gives it back byte by byte.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "record/key.hpp"
#include "record/record.hpp"

namespace {

using postern::record::Reader;

void require(bool promise) {
  if (!promise) std::abort();
}

void check_record(std::string_view input) {
  Reader in{input, 255};
  std::string again;
  if (!input.empty()) again.push_back(input.front());
  postern::record::Writer out{again};
  postern::record::Unknown all;
  while (in.next()) {
    in.keep(all);
    if (in.type() == Reader::Type::number) {
      out.number(in.tag(), in.number());
      continue;
    }
    const std::string_view text = in.text();
    require(text.empty() || (text.data() >= input.data() &&
                             text.data() + text.size() <= input.data() + input.size()));
    out.text(in.tag(), text);
  }
  if (!in.finish()) return;
  require(again == input);
  require(all.fields == input.substr(1));
}

void check_key(std::string_view input) {
  postern::record::KeyReader in{input};
  (void)in.u8();
  (void)in.account();
  (void)in.blob();
  (void)in.text();
  require(in.finish().has_value() == (input.size() >= 25));
  const std::string end = postern::record::prefix_end(input);
  require(end.empty() || (input < end && std::string{input} + "\xff\xff" < end));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  check_record(input);
  check_key(input);
  return 0;
}
