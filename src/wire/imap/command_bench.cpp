#include <benchmark/benchmark.h>

#include "imap/command.hpp"
#include "imap/reader.hpp"

namespace postern::imap {
namespace {

constexpr std::string_view kCommands[] = {
    "A142 UID FETCH 4000:4999 (FLAGS UID MODSEQ)",
    "A143 FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Cc Subject Date)])",
    "A144 SEARCH RETURN (MIN COUNT) OR FROM \"ann\" (SUBJECT hello SINCE 1-Feb-2024) UNSEEN",
    "A145 LIST (SUBSCRIBED) \"\" \"*\" RETURN (SPECIAL-USE)",
};

void parse_one(benchmark::State& state) {
  const auto text = kCommands[static_cast<std::size_t>(state.range(0))];
  for (auto _ : state) benchmark::DoNotOptimize(parse_command(text, NameForm::mutf7));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(parse_one)->DenseRange(0, 3);

void read_pipelined(benchmark::State& state) {
  std::string input;
  for (const auto text : kCommands) input += std::string{text} + "\r\n";
  CommandReader reader;
  for (auto _ : state) {
    reader.feed(input);
    while (reader.next() == CommandReader::Event::command) benchmark::DoNotOptimize(reader.text());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(input.size()));
}
BENCHMARK(read_pipelined);

}  // namespace
}  // namespace postern::imap
