#include "mime/message.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "mime/field_line.hpp"
#include "mime/part_header.hpp"
#include "text/ascii.hpp"

namespace postern::mime {
namespace {

enum class LineKind : std::uint8_t { content, header, separator, opening, closing };

// A part that is not finished: the way from the root to where we are is a stack of these.
struct Frame {
  Part part;
  std::uint64_t lines_before_body = 0;
};

// The boundary of a multipart whose closing boundary has not come.
struct OpenBoundary {
  std::string text;
  std::size_t frame = 0;  // the multipart's index on the stack
};

// A header line that is no field, and the state before it.
struct Stray {
  std::uint64_t begin = 0;
  std::uint64_t lines = 0;
  std::size_t header_size = 0;
};

}  // namespace

class MessageParser::Impl {
 public:
  Impl() { push(0); }

  void feed(std::string_view bytes) {
    note_octets(bytes);
    while (!bytes.empty()) {
      if (!in_line_ && !begin_line(bytes)) continue;
      if (in_header_ || kind_ != LineKind::content)
        take_line(bytes);
      else
        take_body(bytes);
    }
  }

  Message finish() {
    if (!head_.empty()) take_head();
    if (in_line_) end_line();
    while (in_header_) end_header();
    close_frames(0, pos_);
    message_.root = std::move(stack_.front().part);
    message_.size = pos_;
    read_facts();
    return std::move(message_);
  }

 private:
  void note_octets(std::string_view bytes) {
    unsigned all = 0;
    unsigned nuls = 0;
    for (const char c : bytes) {
      all |= static_cast<unsigned char>(c);
      nuls |= c == '\0' ? 1U : 0U;
    }
    message_.has_8bit = message_.has_8bit || (all & 0x80U) != 0;
    message_.has_nul = message_.has_nul || nuls != 0;
  }

  // --- lines ---------------------------------------------------------------------------------

  // Decides what the line is that begins here. False: it is whole already, or more octets are
  // needed and all were taken.
  bool begin_line(std::string_view& bytes) {
    if (head_.empty()) {
      if (!in_header_ && (boundaries_.empty() || bytes.front() != '-')) {
        start(LineKind::content);
        return true;
      }
      const std::size_t lf = bytes.substr(0, kMaxLineHead).find('\n');
      if (lf != bytes.npos || bytes.size() >= kMaxLineHead) {
        start(decide(bytes.substr(0, lf == bytes.npos ? kMaxLineHead : lf + 1)));
        return true;
      }
    }
    std::size_t take = std::min(kMaxLineHead - head_.size(), bytes.size());
    const std::size_t lf = bytes.substr(0, take).find('\n');
    if (lf != bytes.npos) take = lf + 1;
    head_ += bytes.substr(0, take);
    bytes.remove_prefix(take);
    if (!head_.ends_with('\n') && head_.size() < kMaxLineHead) return false;
    take_head();
    return in_line_;
  }

  void take_head() {
    start(decide(head_));
    const std::string head = std::exchange(head_, {});
    absorb(head);
  }

  void start(LineKind kind) {
    kind_ = kind;
    in_line_ = true;
  }

  // `head`: the line with its end, or its first kMaxLineHead octets. Finishes the header if the
  // line says that it is over.
  LineKind decide(std::string_view head) {
    while (true) {
      if (!boundaries_.empty() && head.starts_with("--")) {
        if (const auto kind = take_boundary(head.substr(2))) return *kind;
      }
      if (!in_header_) return LineKind::content;
      if (const auto kind = header_line(without_line_break(head))) return *kind;
      // The empty line is missing. What the line is must be asked again: an inner message's header
      // may begin here, or it is the first boundary.
      end_header();
    }
  }

  // Of a line where a header is; nothing: the header is over without an empty line. One line that
  // is no field may be a field broken by some gateway, and more fields follow; at the beginning, or
  // with another such line behind it, or when it may be a boundary, it is the body's.
  std::optional<LineKind> header_line(std::string_view line) {
    if (line.empty()) return LineKind::separator;
    const bool first = pos_ == stack_.back().part.header_begin;
    if (first && is_mbox_line(line)) return LineKind::header;
    if (!first && text::is_wsp(line.front())) return LineKind::header;
    if (field_colon(line) != line.npos) {
      stray_.reset();
      return LineKind::header;
    }
    if (first || stray_ || line.starts_with("--")) return std::nullopt;
    stray_ = Stray{.begin = pos_, .lines = lines_, .header_size = header_.size()};
    return LineKind::header;
  }

  // The header is over before the line that begins at pos_, or before the stray line.
  void end_header() {
    if (!stray_) {
      begin_body(pos_);
      return;
    }
    const Stray stray = *std::exchange(stray_, std::nullopt);
    header_.resize(stray.header_size);
    const std::uint64_t lines = std::exchange(lines_, stray.lines);
    while (in_header_) begin_body(stray.begin);
    lines_ = lines;
    after_content_ = true;
  }

  // Octets of the current line, with its end or up to the end of `bytes`.
  void take_line(std::string_view& bytes) {
    const std::size_t lf = bytes.find('\n');
    const std::size_t size = lf == bytes.npos ? bytes.size() : lf + 1;
    absorb(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }

  void absorb(std::string_view piece) {
    if (kind_ == LineKind::header || kind_ == LineKind::separator) keep_header(piece);
    pos_ += piece.size();
    const char before = piece.size() > 1 ? piece[piece.size() - 2] : last_;
    last_ = piece.back();
    if (last_ != '\n') return;
    line_break_ = pos_ - (before == '\r' ? 2 : 1);
    ++lines_;
    end_line();
  }

  // Content lines, as many as there are: the fast way through bodies.
  void take_body(std::string_view& bytes) {
    std::size_t at = 0;
    while (at < bytes.size() && (in_line_ || boundaries_.empty() || bytes[at] != '-')) {
      const std::size_t lf = bytes.find('\n', at);
      in_line_ = lf == bytes.npos;
      if (in_line_) {
        at = bytes.size();
        break;
      }
      const char before = lf > 0 ? bytes[lf - 1] : last_;
      line_break_ = pos_ + lf - (before == '\r' ? 1 : 0);
      ++lines_;
      after_content_ = true;
      at = lf + 1;
    }
    if (at > 0) last_ = bytes[at - 1];
    pos_ += at;
    bytes.remove_prefix(at);
  }

  void end_line() {
    in_line_ = false;
    after_content_ = kind_ == LineKind::content;
    if (kind_ == LineKind::separator) {
      stray_.reset();
      begin_body(pos_);
    }
    if (kind_ == LineKind::opening) push(pos_);
  }

  void keep_header(std::string_view piece) {
    const std::size_t kept = std::min(piece.size(), header_room_);
    header_ += piece.substr(0, kept);
    header_room_ -= kept;
    message_.header_cut = message_.header_cut || kept < piece.size();
  }

  // --- parts ---------------------------------------------------------------------------------

  // A part whose header begins at `offset`.
  void push(std::uint64_t offset) {
    stack_.emplace_back();
    stack_.back().part.header_begin = offset;
    ++parts_;
    in_header_ = true;
  }

  // The header of the innermost part is over, its body begins at `offset`.
  void begin_body(std::uint64_t offset) {
    in_header_ = false;
    const bool inner_message = stack_.size() > 1 && parent().part.kind == Part::Kind::message;
    const bool in_digest = stack_.size() > 1 && parent().part.is("multipart", "digest");
    Frame& frame = stack_.back();
    frame.part.body_begin = offset;
    frame.lines_before_body = lines_;
    read_part_header(frame.part, header_, in_digest);
    if (inner_message) parent().part.envelope = read_envelope();
    if (stack_.size() == 1) {
      message_.envelope = read_envelope();
      message_.header = header_;
    }
    header_.clear();
    open_structure(frame, offset);
  }

  [[nodiscard]] Frame& parent() { return stack_[stack_.size() - 2]; }

  Envelope read_envelope() {
    Envelope envelope = envelope_of(header_, address_room_);
    address_room_ -= count_addresses(envelope);
    return envelope;
  }

  void open_structure(Frame& frame, std::uint64_t offset) {
    Part& part = frame.part;
    if (part.kind == Part::Kind::leaf) return;
    const bool beyond = stack_.size() >= kMaxDepth || parts_ >= kMaxParts;
    if (beyond) {
      message_.too_deep = true;
      make_leaf(frame, "application", "octet-stream");
    } else if (part.kind == Part::Kind::message) {
      push(offset);  // ends `frame`
    } else if (std::string boundary = boundary_of(part); boundary.empty()) {
      make_leaf(frame, "text", "plain");  // no parts can be found: show the text
    } else {
      boundaries_.push_back({.text = std::move(boundary), .frame = stack_.size() - 1});
    }
  }

  static void make_leaf(Frame& frame, std::string_view type, std::string_view subtype) {
    frame.part.kind = Part::Kind::leaf;
    frame.part.type = type;
    frame.part.subtype = subtype;
    if (type == "text") frame.part.params = {{.name = "charset", .value = "us-ascii"}};
  }

  // If `text`, a line behind its two dashes, begins with an open part's boundary, closes what that
  // ends. Of several that fit the longest counts, of equal ones the innermost: boundaries of inner
  // parts often begin with those of outer ones.
  std::optional<LineKind> take_boundary(std::string_view text) {
    const OpenBoundary* match = nullptr;
    for (const OpenBoundary& open : boundaries_) {
      if (match != nullptr && open.text.size() < match->text.size()) continue;
      if (text.starts_with(open.text)) match = &open;
    }
    if (match == nullptr) return std::nullopt;
    const std::size_t frame = match->frame;
    const bool closing = text.substr(match->text.size()).starts_with("--");
    while (in_header_) end_header();
    // The line break before the boundary line is the boundary's, unless it ends a header or another
    // boundary line; IMAP servers agree on that.
    close_frames(frame + 1, after_content_ ? line_break_ : pos_);
    if (!closing && parts_ < kMaxParts) return LineKind::opening;
    message_.too_deep = message_.too_deep || !closing;
    boundaries_.pop_back();  // that of `frame`, now the innermost
    return LineKind::closing;
  }

  // Finishes the parts from index `keep` on; the root stays on the stack. `end`: where their bodies
  // end. A part that begins later (its boundary, or header, is followed at once by another
  // boundary) ends there too, so that it lies within its parent.
  void close_frames(std::size_t keep, std::uint64_t end) {
    for (std::size_t i = stack_.size(); i > keep; --i) {
      Frame& frame = stack_[i - 1];
      Part& part = frame.part;
      part.body_end = end;
      part.lines = lines_ - frame.lines_before_body;
      if (end < pos_ && part.lines > 0) --part.lines;  // the boundary's own
      if (!boundaries_.empty() && boundaries_.back().frame == i - 1) boundaries_.pop_back();
      if (part.kind == Part::Kind::multipart && part.children.empty())
        make_leaf(frame, "text", "plain");  // not one boundary: show the text
      if (i == 1) return;
      parent().part.children.push_back(std::move(part));
      stack_.pop_back();
    }
  }

  void read_facts() {
    message_.header_8bit = std::ranges::any_of(message_.header, text::is_8bit);
    message_.received_count = message_.fields().count("Received");
    if (message_.envelope.date) message_.date = parse_date(*message_.envelope.date);
    if (const auto id = message_.fields().find("Message-ID"))
      message_.message_id = first_message_id(id->value);
  }

  Message message_;
  std::vector<Frame> stack_;
  std::vector<OpenBoundary> boundaries_;  // outermost first
  std::size_t parts_ = 0;
  std::size_t address_room_ = kMaxAddresses;
  std::size_t header_room_ = kMaxHeader;
  std::string header_;  // of the innermost part
  bool in_header_ = false;

  std::uint64_t pos_ = 0;         // octets absorbed; those in head_ are not
  std::uint64_t lines_ = 0;       // LFs absorbed
  std::uint64_t line_break_ = 0;  // where the last line break begins
  char last_ = 0;                 // the last octet absorbed
  std::string head_;              // the beginning of a line that is not decided
  LineKind kind_ = LineKind::content;
  bool after_content_ = false;  // the last whole line was one of a body
  std::optional<Stray> stray_;  // in the header of the innermost part
  bool in_line_ = false;        // the line's kind is decided and it goes on
};

MessageParser::MessageParser() : impl_{std::make_unique<Impl>()} {}
MessageParser::~MessageParser() = default;
MessageParser::MessageParser(MessageParser&&) noexcept = default;
MessageParser& MessageParser::operator=(MessageParser&&) noexcept = default;

void MessageParser::feed(std::string_view bytes) {
  impl_->feed(bytes);
}

Result<Message> MessageParser::finish() {
  return impl_->finish();
}

Result<Message> parse(std::string_view bytes) {
  MessageParser parser;
  parser.feed(bytes);
  return parser.finish();
}

}  // namespace postern::mime
