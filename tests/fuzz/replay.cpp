// Runs a fuzz target over every file of a corpus folder, without libFuzzer: the regression test of
// what fuzzing found. Also feeds the empty input, each single byte and long runs of some, so that a
// target without a corpus is still exercised. Usage: replay DIRECTORY. A crash or a failed
// assertion is the failure.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

void run(const Bytes& input) {
  // A copy of its own on the heap, so that AddressSanitizer sees a read past the end.
  const Bytes exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

int replay(const std::filesystem::path& corpus) {
  constexpr std::size_t kLong = 8192;
  run({});
  for (unsigned byte = 0; byte < 256; ++byte) run(Bytes{static_cast<std::uint8_t>(byte)});
  for (const char c : {'\0', '\n', '(', '"', 'a', '\xff'}) {
    run(Bytes(kLong, static_cast<std::uint8_t>(c)));
  }
  int files = 0;
  if (std::filesystem::is_directory(corpus)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      run(Bytes(std::istreambuf_iterator<char>(in), {}));
      ++files;
    }
  }
  std::printf("%d files replayed\n", files);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return argc == 2 ? replay(argv[1]) : 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
