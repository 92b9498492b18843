#include "dkim/message.hpp"

#include <algorithm>
#include <compare>
#include <limits>
#include <numeric>
#include <utility>

#include "crypto/hash.hpp"
#include "dns/name.hpp"
#include "mime/address.hpp"
#include "mime/header.hpp"
#include "text/ascii.hpp"

namespace postern::dkim {
namespace {

constexpr std::size_t kMaxFromAddresses = 10;
constexpr std::size_t kUsualFields = 32;
constexpr std::size_t kUsualNames = 512;  ///< Octets of the names of so many fields.

/// Short names first: any order will do, and most names differ in length.
std::strong_ordering compare_names(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() <=> b.size() : a <=> b;
}

/// One hash of a body.
struct Hashing {
  BodyWanted wanted;
  std::uint64_t left;  ///< Octets still to be hashed.
  crypto::Sha256 hash = {};
};

/// All hashes of a body in one canonical form.
class BodyStream {
 public:
  explicit BodyStream(Canon canon)
      : canon_{canon}, body_{canon, [this](std::string_view bytes) { take(bytes); }} {}
  BodyStream(const BodyStream&) = delete;
  BodyStream& operator=(const BodyStream&) = delete;
  ~BodyStream() = default;

  [[nodiscard]] Canon canon() const { return canon_; }
  void want(const BodyWanted& wanted) {
    const auto same = [&](const Hashing& hashing) { return hashing.wanted == wanted; };
    if (std::ranges::any_of(hashings_, same)) return;
    const auto all = std::numeric_limits<std::uint64_t>::max();
    hashings_.push_back({.wanted = wanted, .left = wanted.length.value_or(all)});
  }
  void feed(std::string_view bytes) { body_.feed(bytes); }
  void finish(std::vector<BodyHash>& out) {
    body_.finish();
    for (auto& each : hashings_)
      out.push_back({.wanted = each.wanted, .digest = each.hash.finish(), .octets = octets_});
  }

 private:
  void take(std::string_view bytes) {
    octets_ += bytes.size();
    for (auto& each : hashings_) {
      const auto part = bytes.substr(0, std::min<std::uint64_t>(each.left, bytes.size()));
      each.left -= part.size();
      if (!part.empty()) each.hash.update(part);
    }
  }

  Canon canon_;
  std::vector<Hashing> hashings_;
  std::uint64_t octets_ = 0;
  BodyCanon body_;
};

/// Fills in what a message's header says.
class HeaderReading {
 public:
  HeaderReading(Message& message, const MessageReader::Settings& settings)
      : message_{message}, settings_{settings} {}

  /// False: too many fields.
  bool read() {
    if (!list_fields()) return false;
    sort_by_name();
    read_from();
    list_signatures();
    return true;
  }

 private:
  bool list_fields() {
    auto& names = message_.lower_names;
    names.reserve(kUsualNames);
    message_.fields.reserve(kUsualFields);
    for (const auto& field : mime::Header{message_.header}) {
      if (message_.fields.size() == kMaxFields) return false;
      message_.fields.push_back({.begin = field.begin,
                                 .name_size = field.name.size(),
                                 .value_begin = field.value_begin,
                                 .end = field.end,
                                 .lower_begin = names.size()});
      names += field.name;
    }
    std::ranges::transform(names, names.begin(), text::to_lower);
    return true;
  }

  void sort_by_name() {
    auto& order = message_.by_name;
    order.resize(message_.fields.size());
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    std::ranges::sort(order, [this](std::uint32_t a, std::uint32_t b) {
      const auto compared = compare_names(message_.lower_name(message_.fields.at(a)),
                                          message_.lower_name(message_.fields.at(b)));
      return compared == 0 ? a > b : compared < 0;
    });
  }

  void read_from() {
    const auto from = message_.named("from");
    if (from.empty()) return;
    const auto list =
        mime::parse_addresses(message_.value(message_.fields.at(from.back())), kMaxFromAddresses);
    for (const auto* mailbox : mime::mailboxes(list)) {
      const auto name = dns::Name::parse(mailbox->domain);
      if (name) message_.from_domains.push_back(name->to_string());
    }
  }

  [[nodiscard]] bool is_aligned(const Signature& signature) const {
    return std::ranges::any_of(message_.from_domains, [&](const auto& from) {
      return settings_.aligned(signature.domain, from);
    });
  }

  void list_signatures() {
    const auto found = message_.named("dkim-signature");
    auto& list = message_.signatures;
    for (std::size_t i = 0; i < std::min(found.size(), kMaxLookedAt); ++i) {
      const std::size_t field = found[found.size() - 1 - i];
      SignatureAt at{.field = field,
                     .signature = parse_signature(message_.value(message_.fields.at(field)),
                                                  SignatureKind::dkim)};
      at.aligned = !at.signature.flaw && is_aligned(at.signature);
      list.push_back(std::move(at));
    }
    const auto rank = [](const SignatureAt& at) {
      const int worth = at.signature.flaw ? 2 : at.aligned ? 0 : 1;
      return std::pair{worth, at.field};
    };
    std::ranges::sort(list, {}, rank);
    for (std::size_t i = 0; i < list.size(); ++i)
      list.at(i).evaluated = list.at(i).signature.flaw || i < kMaxEvaluated;
    if (list.size() > kMaxListed) list.erase(list.begin() + kMaxListed, list.end());
    message_.unlisted = found.size() - list.size();
  }

  Message& message_;
  const MessageReader::Settings& settings_;
};

}  // namespace

std::string_view Message::name(const FieldAt& field) const {
  return std::string_view{header}.substr(field.begin, field.name_size);
}

std::string_view Message::lower_name(const FieldAt& field) const {
  return std::string_view{lower_names}.substr(field.lower_begin, field.name_size);
}

std::string_view Message::value(const FieldAt& field) const {
  auto value = std::string_view{header}.substr(field.value_begin, field.end - field.value_begin);
  if (value.ends_with('\n')) value.remove_suffix(1);
  if (value.ends_with('\r')) value.remove_suffix(1);
  return value;
}

std::string_view Message::raw(const FieldAt& field) const {
  return std::string_view{header}.substr(field.begin, field.end - field.begin);
}

std::span<const std::uint32_t> Message::named(std::string_view wanted) const {
  const auto name_of = [this](std::uint32_t i) { return lower_name(fields.at(i)); };
  const auto is_before = [](std::string_view a, std::string_view b) {
    return compare_names(a, b) < 0;
  };
  // Both ends by halving: a message of one stranger may name 10,000 fields 100,000 times.
  const auto found = std::ranges::equal_range(by_name, wanted, is_before, name_of);
  return {found.begin(), found.end()};
}

const BodyHash* Message::body(const BodyWanted& wanted) const {
  const auto at = std::ranges::find(bodies, wanted, &BodyHash::wanted);
  return at == bodies.end() ? nullptr : &*at;
}

bool is_same_or_below(std::string_view signing, std::string_view from) {
  const auto below = [](std::string_view inner, std::string_view outer) {
    return inner.size() > outer.size() && inner.ends_with(outer) &&
           inner.at(inner.size() - outer.size() - 1) == '.';
  };
  return signing == from || below(signing, from) || below(from, signing);
}

class MessageReader::Impl {
 public:
  explicit Impl(Settings settings) : settings_{std::move(settings)} {}

  void feed(std::string_view bytes) {
    if (in_header_) take_header(bytes);
    if (bytes.empty() || message_.header_too_large) return;
    for (const auto& stream : streams_) stream->feed(bytes);
  }

  Message finish() {
    if (in_header_) end_header();
    for (const auto& stream : streams_) stream->finish(message_.bodies);
    return std::move(message_);
  }

 private:
  /// Takes the rest of the header, or what there is of it.
  void take_header(std::string_view& bytes) {
    auto& header = message_.header;
    const std::size_t before = header.size();
    std::size_t taken = 0;
    std::size_t last_line = header.npos;  // where the empty line begins
    while (taken < bytes.size() && last_line == header.npos) {
      const auto lf = bytes.find('\n', taken);
      if (lf == bytes.npos) {
        taken = bytes.size();
        break;
      }
      if (is_empty_line(bytes.substr(0, lf))) last_line = line_begin_;
      taken = lf + 1;
      line_begin_ = before + taken;
    }
    if (before + taken > kMaxHeader) return refuse();
    header += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (last_line == header.npos) return;
    header.resize(last_line);
    end_header();
  }

  /// Whether nothing, or a CR, stands in the line that ends behind the header and `bytes` so far.
  [[nodiscard]] bool is_empty_line(std::string_view bytes) const {
    const std::size_t size = message_.header.size() + bytes.size() - line_begin_;
    if (size == 0) return true;
    const char last = bytes.empty() ? message_.header.back() : bytes.back();
    return size == 1 && last == '\r';
  }

  void refuse() {
    in_header_ = false;
    message_ = Message{};
    message_.header_too_large = true;
  }

  void end_header() {
    in_header_ = false;
    if (!HeaderReading{message_, settings_}.read()) return refuse();
    for (const auto& wanted : settings_.bodies) want(wanted);
    for (const auto& at : message_.signatures) {
      if (at.evaluated && !at.signature.flaw) want(at.signature.body);
    }
    if (settings_.arc) want_arc();
  }

  /// The body hash of the ARC-Message-Signature of the highest instance.
  void want_arc() {
    std::uint8_t highest = 0;
    std::optional<BodyWanted> wanted;
    for (const std::uint32_t i : message_.named("arc-message-signature")) {
      const auto tags = TagList::parse(message_.value(message_.fields.at(i)));
      const Tag* tag = tags ? tags->find("i") : nullptr;
      const auto instance = text::parse_number<std::uint8_t>(tag ? tag->value : "");
      if (!instance || *instance <= highest) continue;
      highest = *instance;
      wanted = read_signature(*tags, SignatureKind::arc).body;
    }
    if (wanted) want(*wanted);
  }

  void want(const BodyWanted& wanted) {
    auto at = std::ranges::find(streams_, wanted.canon, [](const auto& s) { return s->canon(); });
    if (at == streams_.end()) at = streams_.insert(at, std::make_unique<BodyStream>(wanted.canon));
    (*at)->want(wanted);
  }

  Settings settings_;
  Message message_;
  std::size_t line_begin_ = 0;
  bool in_header_ = true;
  std::vector<std::unique_ptr<BodyStream>> streams_;  ///< At most one for each canonical form.
};

MessageReader::MessageReader() : MessageReader{Settings{}} {}
MessageReader::MessageReader(Settings settings)
    : impl_{std::make_unique<Impl>(std::move(settings))} {}
MessageReader::~MessageReader() = default;
MessageReader::MessageReader(MessageReader&&) noexcept = default;
MessageReader& MessageReader::operator=(MessageReader&&) noexcept = default;

void MessageReader::feed(std::string_view bytes) {
  impl_->feed(bytes);
}

Message MessageReader::finish() {
  return impl_->finish();
}

Message read_message(std::string_view bytes, MessageReader::Settings settings) {
  MessageReader reader{std::move(settings)};
  reader.feed(bytes);
  return reader.finish();
}

}  // namespace postern::dkim
