// libFuzzer: DATA decodes to the same, whatever the pieces; its end is the first CRLF.CRLF; what
// the encoder makes of any clean message decodes to it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "smtp/data.hpp"
#include "smtp/data_encoder.hpp"

using namespace postern::smtp;

struct Outcome {
  std::string text;
  std::optional<DataFlaw> flaw;
  std::uint64_t size;
  std::size_t consumed;
  bool done;
  bool operator==(const Outcome&) const = default;
};

static Outcome decode(std::string_view bytes, std::size_t step) {
  DataDecoder decoder;
  Outcome out{};
  while (out.consumed < bytes.size() && !decoder.done()) {
    auto input = bytes.substr(out.consumed, step);
    const auto before = input.size();
    out.text += decoder.take(input);
    if (input.size() >= before) std::abort();
    out.consumed += before - input.size();
  }
  out.flaw = decoder.flaw();
  out.size = decoder.size();
  out.done = decoder.done();
  if (out.flaw) out.text.clear();
  return out;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t step = 1U + data[0] % 30U;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto whole = decode(bytes, size);
  if (decode(bytes, step) != whole) std::abort();
  const auto end = ("\r\n" + std::string{bytes}).find("\r\n.\r\n");
  if (whole.done != (end != std::string::npos)) std::abort();
  if (whole.done && whole.consumed != end + 3) std::abort();
  if (!whole.flaw && whole.size != whole.text.size()) std::abort();

  std::string clean;
  LineNormaliser normaliser;
  normaliser.add(bytes, clean);
  normaliser.finish(clean);
  std::string wire;
  DataEncoder encoder;
  if (!encoder.add(clean, wire) || !encoder.finish(wire)) std::abort();
  const auto back = decode(wire, step);
  if (!back.done || back.consumed != wire.size()) std::abort();
  if (!back.flaw && back.text != clean) std::abort();
  return 0;
}
