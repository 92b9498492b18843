// libFuzzer: the reader gives the same events however the octets are cut; no command holds a line
// break outside literals; what it gives is parsed without harm, and a good command has a good tag.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "imap/command.hpp"
#include "imap/reader.hpp"

namespace {

using namespace postern::imap;
using Event = CommandReader::Event;

constexpr ReaderLimits kLimits{.line = 2048, .literals = 512, .literal_count = 4, .swallow = 1024};

void check(bool good) {
  if (!good) std::abort();
}

void check_command(std::string_view text) {
  check(!text.empty() &&
        text.size() <= kLimits.line + kLimits.literals + 2 * kLimits.literal_count);
  for (const auto form : {NameForm::mutf7, NameForm::utf8}) {
    const auto got = parse_command(text, form);
    check((got ? got->tag : got.error().tag) == tag_of(text));
    check(!got || got->tag != "*");
  }
}

class Player {
 public:
  std::string log;

  void feed(std::string_view bytes) {
    reader_.feed(bytes);
    while (step()) {
    }
  }

 private:
  void note(char what, std::string_view text) {
    log.push_back(what);
    log += text;
    log.push_back('\n');
  }

  bool step() {
    while (reader_.message_left() > 0) {
      const auto octets = reader_.take_message(3);
      if (octets.empty()) return false;
      log += octets;
    }
    const auto event = reader_.next();
    switch (event) {
      case Event::need_input:      check(reader_.buffered() == 0); return false;
      case Event::close:           return false;
      case Event::continuation:    note('+', ""); break;
      case Event::line:            note('l', reader_.text()); break;
      case Event::refused:         note('r', reader_.refusal().tag); break;
      case Event::message_literal: offered(); break;
      case Event::command:
        check_command(reader_.text());
        note('c', reader_.text());
        if (reader_.text().ends_with("IDLE")) reader_.expect_line();
        break;
    }
    return true;
  }

  /// Every other message is refused.
  void offered() {
    note('m', reader_.text());
    accepting_ = !accepting_;
    if (!accepting_) {
      reader_.refuse_message();
    } else if (reader_.accept_message()) {
      note('+', "");
    }
  }

  CommandReader reader_{kLimits};
  bool accepting_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  Player whole;
  whole.feed(bytes);
  Player cut;
  for (std::size_t at = 0; at < bytes.size(); ++at) cut.feed(bytes.substr(at, 1));
  check(whole.log == cut.log);
  return 0;
}
