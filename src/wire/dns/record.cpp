#include "dns/record.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "text/ascii.hpp"
#include "text/base64.hpp"
#include "vocab/try.hpp"

namespace postern::dns {
namespace {

using text::IpAddress;

constexpr std::size_t kMaxRdata = 65535;
constexpr std::size_t kMaxString = 255;  ///< A character-string of RFC 1035 §3.3.

constexpr auto kTypes = std::to_array<std::pair<std::string_view, Type>>({
    {"A", Type::a},
    {"NS", Type::ns},
    {"CNAME", Type::cname},
    {"SOA", Type::soa},
    {"PTR", Type::ptr},
    {"MX", Type::mx},
    {"TXT", Type::txt},
    {"AAAA", Type::aaaa},
    {"SRV", Type::srv},
    {"DS", Type::ds},
    {"TLSA", Type::tlsa},
    {"CAA", Type::caa},
});

/// Takes fields off rdata. Once something is missing it stays broken and hands out zeros, so that a
/// record is read straight through and judged at the end.
class Fields {
 public:
  explicit Fields(std::string_view rdata) : rest_{rdata} {}

  template <std::unsigned_integral T>
  T number() {
    std::uint32_t value = 0;
    for (const char c : octets(sizeof(T))) value = value << 8U | static_cast<unsigned char>(c);
    return static_cast<T>(value);
  }
  std::string_view octets(std::size_t count) {
    if (rest_.size() < count) {
      ok_ = false;
      return {};
    }
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::string_view string() { return octets(number<std::uint8_t>()); }
  std::string rest() { return std::string{std::exchange(rest_, {})}; }
  Name name() {
    auto taken = Name::take(rest_);
    if (!taken) {
      ok_ = false;
      return {};
    }
    return *std::move(taken);
  }
  void require(bool holds) { ok_ = ok_ && holds; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

template <std::size_t N>
std::array<std::uint8_t, N> address_octets(Fields& in) {
  std::array<std::uint8_t, N> out{};
  for (auto& octet : out) octet = in.number<std::uint8_t>();
  return out;
}

Record read_txt(Fields& in) {
  Txt txt;
  in.require(!in.at_end());  // One string at least (RFC 1035 §3.3.14).
  while (in.ok() && !in.at_end()) txt.text += in.string();
  return txt;
}

Record read_soa(Fields& in) {
  Soa soa;
  soa.primary = in.name();
  soa.mailbox = in.name();
  for (auto* field : {&soa.serial, &soa.refresh, &soa.retry, &soa.expire, &soa.minimum})
    *field = in.number<std::uint32_t>();
  return soa;
}

Record read_srv(Fields& in) {
  Srv srv;
  for (auto* field : {&srv.priority, &srv.weight, &srv.port}) *field = in.number<std::uint16_t>();
  srv.target = in.name();
  return srv;
}

Record read_ds(Fields& in) {
  Ds ds;
  ds.key_tag = in.number<std::uint16_t>();
  ds.algorithm = in.number<std::uint8_t>();
  ds.digest_type = in.number<std::uint8_t>();
  ds.digest = in.rest();
  in.require(!ds.digest.empty());
  return ds;
}

Record read_tlsa(Fields& in) {
  Tlsa tlsa;
  for (auto* field : {&tlsa.usage, &tlsa.selector, &tlsa.matching})
    *field = in.number<std::uint8_t>();
  tlsa.data = in.rest();
  in.require(!tlsa.data.empty());
  return tlsa;
}

Record read_caa(Fields& in) {
  Caa caa;
  caa.flags = in.number<std::uint8_t>();
  caa.tag = text::lower(in.string());
  in.require(!caa.tag.empty() && std::ranges::all_of(caa.tag, text::is_alnum));
  caa.value = in.rest();
  return caa;
}

Record read_mx(Fields& in) {
  const auto preference = in.number<std::uint16_t>();
  return Mx{preference, in.name()};
}

std::optional<Record> read_record(Type type, Fields& in) {
  switch (type) {
    case Type::a:     return IpAddress::v4(address_octets<4>(in));
    case Type::aaaa:  return IpAddress::v6(address_octets<16>(in));
    case Type::ns:
    case Type::cname:
    case Type::ptr:   return Target{in.name()};
    case Type::mx:    return read_mx(in);
    case Type::txt:   return read_txt(in);
    case Type::soa:   return read_soa(in);
    case Type::srv:   return read_srv(in);
    case Type::ds:    return read_ds(in);
    case Type::tlsa:  return read_tlsa(in);
    case Type::caa:   return read_caa(in);
  }
  return std::nullopt;  // A number outside the enumeration: Type may come from a cast.
}

template <std::unsigned_integral T>
void put(std::string& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;)
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xffU);
}

void put_string(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint8_t>(text.size()));
  out += text;
}

/// Writes wire form; one overload per kind of record.
struct Writer {
  std::string out;

  void operator()(const IpAddress& ip) {
    for (const std::uint8_t octet : ip.octets()) put(out, octet);
  }
  void operator()(const Target& target) { out += target.name.to_wire(); }
  void operator()(const Mx& mx) {
    put(out, mx.preference);
    out += mx.exchange.to_wire();
  }
  void operator()(const Txt& txt) {
    std::string_view rest = txt.text;
    do {
      put_string(out, rest.substr(0, kMaxString));
      rest.remove_prefix(std::min(rest.size(), kMaxString));
    } while (!rest.empty());
  }
  void operator()(const Soa& soa) {
    out += soa.primary.to_wire() + soa.mailbox.to_wire();
    for (const auto field : {soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum})
      put(out, field);
  }
  void operator()(const Srv& srv) {
    for (const auto field : {srv.priority, srv.weight, srv.port}) put(out, field);
    out += srv.target.to_wire();
  }
  void operator()(const Ds& ds) {
    put(out, ds.key_tag);
    put(out, ds.algorithm);
    put(out, ds.digest_type);
    out += ds.digest;
  }
  void operator()(const Tlsa& tlsa) {
    for (const auto field : {tlsa.usage, tlsa.selector, tlsa.matching}) put(out, field);
    out += tlsa.data;
  }
  void operator()(const Caa& caa) {
    put(out, caa.flags);
    put_string(out, caa.tag);
    out += caa.value;
  }
};

std::string absolute(const Name& name) {
  return name.is_root() ? "." : name.to_string() + ".";
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const unsigned value = static_cast<unsigned char>(c);
    if (value < 0x20 || value >= 0x7f) {
      const std::string digits = std::to_string(value + 1000);
      out += "\\" + digits.substr(1);
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string words(std::initializer_list<std::string> parts) {
  std::string out;
  for (const auto& part : parts) {
    if (!out.empty()) out += ' ';
    out += part;
  }
  return out;
}

/// Prints presentation form; one overload per kind of record.
struct Printer {
  std::string operator()(const IpAddress& ip) const { return ip.to_string(); }
  std::string operator()(const Target& target) const { return absolute(target.name); }
  std::string operator()(const Mx& mx) const {
    return words({std::to_string(mx.preference), absolute(mx.exchange)});
  }
  std::string operator()(const Txt& txt) const { return quoted(txt.text); }
  std::string operator()(const Soa& soa) const {
    return words({absolute(soa.primary), absolute(soa.mailbox), std::to_string(soa.serial),
                  std::to_string(soa.refresh), std::to_string(soa.retry),
                  std::to_string(soa.expire), std::to_string(soa.minimum)});
  }
  std::string operator()(const Srv& srv) const {
    return words({std::to_string(srv.priority), std::to_string(srv.weight),
                  std::to_string(srv.port), absolute(srv.target)});
  }
  std::string operator()(const Ds& ds) const {
    return words({std::to_string(ds.key_tag), std::to_string(ds.algorithm),
                  std::to_string(ds.digest_type), text::to_hex(ds.digest)});
  }
  std::string operator()(const Tlsa& tlsa) const {
    return words({std::to_string(tlsa.usage), std::to_string(tlsa.selector),
                  std::to_string(tlsa.matching), text::to_hex(tlsa.data)});
  }
  std::string operator()(const Caa& caa) const {
    return words({std::to_string(caa.flags), caa.tag, quoted(caa.value)});
  }
};

}  // namespace

std::string to_string(Type type) {
  const auto* found = std::ranges::find(kTypes, type, &std::pair<std::string_view, Type>::second);
  if (found != kTypes.end()) return std::string{found->first};
  return "TYPE" + std::to_string(std::to_underlying(type));
}

std::optional<Type> parse_type(std::string_view word) {
  for (const auto& [name, type] : kTypes) {
    if (text::iequals(word, name)) return type;
  }
  return std::nullopt;
}

Result<Record> parse_rdata(Type type, std::string_view rdata) {
  if (rdata.size() > kMaxRdata) return fail(Errc::bad_syntax, "rdata beyond 65,535 octets");
  Fields in{rdata};
  auto record = read_record(type, in);
  if (!record) return fail(Errc::unsupported, to_string(type));
  if (!in.ok() || !in.at_end()) return fail(Errc::bad_syntax, "malformed " + to_string(type));
  return *std::move(record);
}

std::string to_rdata(const Record& record) {
  Writer writer;
  std::visit(writer, record);
  return std::move(writer.out);
}

std::string to_string(const Record& record) {
  return std::visit(Printer{}, record);
}

}  // namespace postern::dns
