#include "directory/records.hpp"

#include <algorithm>

#include "layout/keys.hpp"
#include "vocab/try.hpp"

namespace postern::directory {
namespace {

using layout::SystemKind;

// The tags of each record stand in its encode function; all are of version 1.
constexpr std::uint8_t kVersion = 1;

void take_digest(record::Reader& in, crypto::Digest& out) {
  const auto bytes = in.text();
  if (bytes.size() != out.size()) return in.fault("not the size of a key");
  std::ranges::copy(bytes, out.begin());
}

}  // namespace

std::string encode(const StoreRecord& value) {
  std::string out;
  record::Writer{out, kVersion}
      .text(1, value.installation)
      .number(2, value.min_reader)
      .text(3, value.scram_secret)
      .unknown(value.unknown);
  return out;
}

Result<StoreRecord> decode_store(std::string_view bytes) {
  StoreRecord out;
  record::Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.installation = in.text(); break;
      case 2:  out.min_reader = in.number<std::uint32_t>(); break;
      case 3:  out.scram_secret = in.text(); break;
      default: in.keep(out.unknown);
    }
  }
  POSTERN_CHECK(in.finish());
  return out;
}

std::string encode(const DomainRecord& value) {
  std::string out;
  record::Writer{out, kVersion}
      .text_unless_empty(1, value.domain.alias_of)
      .text_unless_empty(2, value.domain.catch_all)
      .text_unless_empty(3, value.domain.separators)
      .number_unless_zero(4, value.domain.fold_case ? 0 : 1)
      .number_unless_zero(5, value.domain.fold_dots ? 1 : 0)
      .unknown(value.unknown);
  return out;
}

Result<DomainRecord> decode_domain(std::string_view bytes) {
  DomainRecord out;
  out.domain.separators.clear();
  record::Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.domain.alias_of = in.text(); break;
      case 2:  out.domain.catch_all = in.text(); break;
      case 3:  out.domain.separators = in.text(); break;
      case 4:  out.domain.fold_case = !in.boolean(); break;
      case 5:  out.domain.fold_dots = in.boolean(); break;
      default: in.keep(out.unknown);
    }
  }
  POSTERN_CHECK(in.finish());
  return out;
}

namespace {

dmarc::AccountRule take_rule(record::Reader& in) {
  const auto number = in.number<std::uint8_t>();
  if (number > std::to_underlying(dmarc::AccountRule::strict)) in.fault("an unknown rule");
  return static_cast<dmarc::AccountRule>(number);
}

}  // namespace

std::string encode(const AccountRecord& value) {
  std::string out;
  record::Writer writer{out, kVersion};
  writer.text(1, value.account.address)
      .number_unless_zero(2, value.account.quota)
      .number_unless_zero(3, value.account.disabled ? 1 : 0)
      .signed_number(4, to_micros(value.account.created))
      .number_unless_zero(5, value.account.removing ? 1 : 0)
      .number_unless_zero(6, value.account.may_relay ? 1 : 0)
      .number_unless_zero(7, std::to_underlying(value.account.dmarc));
  for (const auto& exception : value.account.exceptions) writer.text(8, exception);
  writer.unknown(value.unknown);
  return out;
}

Result<AccountRecord> decode_account(std::string_view bytes) {
  AccountRecord out;
  record::Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.account.address = in.text(); break;
      case 2:  out.account.quota = in.number(); break;
      case 3:  out.account.disabled = in.boolean(); break;
      case 4:  out.account.created = from_micros(in.signed_number()); break;
      case 5:  out.account.removing = in.boolean(); break;
      case 6:  out.account.may_relay = in.boolean(); break;
      case 7:  out.account.dmarc = take_rule(in); break;
      case 8:  out.account.exceptions.emplace_back(in.text()); break;
      default: in.keep(out.unknown);
    }
  }
  POSTERN_CHECK(in.finish());
  return out;
}

std::string encode(const AddressRecord& value) {
  std::string out;
  record::Writer writer{out, kVersion};
  writer.number_unless_zero(1, value.account.value());
  for (const auto& member : value.alias.members) writer.text(2, member);
  writer.text_unless_empty(3, value.alias.refusal)
      .text_unless_empty(4, value.alias.address)
      .unknown(value.unknown);
  return out;
}

Result<AddressRecord> decode_address(std::string_view bytes) {
  AddressRecord out;
  record::Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.account = AccountId{in.number()}; break;
      case 2:  out.alias.members.emplace_back(in.text()); break;
      case 3:  out.alias.refusal = in.text(); break;
      case 4:  out.alias.address = in.text(); break;
      default: in.keep(out.unknown);
    }
  }
  POSTERN_CHECK(in.finish());
  return out;
}

std::string encode(const Credential& value) {
  std::string out;
  record::Writer writer{out, kVersion};
  writer.text(1, value.argon2);
  if (value.scram) {
    writer.text(2, value.salt)
        .number(3, value.iterations)
        .text(4, crypto::view(value.scram->stored_key))
        .text(5, crypto::view(value.scram->server_key));
  }
  writer.unknown(value.unknown);
  return out;
}

Result<Credential> decode_credential(std::string_view bytes) {
  Credential out;
  crypto::ScramKeys keys{};
  int have = 0;
  record::Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1: out.argon2 = in.text(); break;
      case 2: out.salt = in.text(); break;
      case 3: out.iterations = in.number<std::uint32_t>(); break;
      case 4:
        take_digest(in, keys.stored_key);
        ++have;
        break;
      case 5:
        take_digest(in, keys.server_key);
        ++have;
        break;
      default: in.keep(out.unknown);
    }
  }
  POSTERN_CHECK(in.finish());
  if (have == 2) out.scram = keys;
  return out;
}

std::string store_key() {
  return layout::system_key(SystemKind::store).done();
}

std::string domain_key(std::string_view a_label) {
  return layout::system_key(SystemKind::domain).text(a_label).done();
}

std::string account_key(AccountId account) {
  return layout::system_key(SystemKind::account).u64(account.value()).done();
}

std::string address_key(std::string_view name) {
  return layout::system_key(SystemKind::address).text(name).done();
}

std::string credential_key(AccountId account) {
  return layout::system_key(SystemKind::credential).u64(account.value()).done();
}

}  // namespace postern::directory
