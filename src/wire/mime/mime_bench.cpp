// Octets per second of the message parser and the decoders.
#include <benchmark/benchmark.h>

#include "mime/message.hpp"
#include "mime/text_decoder.hpp"

namespace postern::mime {
namespace {

std::string lines(std::size_t octets) {
  std::string out;
  while (out.size() < octets) out += std::string(76, 'Q') + "\r\n";
  return out;
}

std::string message(bool multipart, std::size_t octets) {
  std::string out;
  for (int i = 0; i < 5; ++i)
    out +=
        "Received: from a.example (a.example [192.0.2.1])\r\n\tby b.example with ESMTPS id 1\r\n"
        "\tfor <c@example.org>; Tue, 1 Jul 2003 10:52:37 +0200\r\n";
  out +=
      "From: Ann <ann@example.org>\r\nTo: Bob <bob@example.org>\r\nSubject: Hello\r\n"
      "Message-ID: <1@example.org>\r\nDate: Tue, 1 Jul 2003 10:52:37 +0200\r\n";
  if (!multipart) return out + "\r\n" + lines(octets);
  return out +
         "Content-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n--=_b\r\n\r\ntext\r\n--=_b\r\n"
         "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         lines(octets) + "--=_b--\r\n";
}

void parse_message(benchmark::State& state, bool multipart) {
  const std::string text = message(multipart, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(parse(text));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK_CAPTURE(parse_message, plain, false)->Arg(4096)->Arg(1 << 20);
BENCHMARK_CAPTURE(parse_message, multipart, true)->Arg(4096)->Arg(1 << 20);

void decode(benchmark::State& state, const char* encoding) {
  const std::string text = lines(1 << 20);
  Part part;
  part.encoding = encoding;
  for (auto _ : state) {
    std::string out;
    TextDecoder decoder{part};
    decoder.feed(text, out);
    decoder.finish(out);
    benchmark::DoNotOptimize(out);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK_CAPTURE(decode, base64, "base64");
BENCHMARK_CAPTURE(decode, quoted_printable, "quoted-printable");
BENCHMARK_CAPTURE(decode, identity, "8bit");

}  // namespace
}  // namespace postern::mime
