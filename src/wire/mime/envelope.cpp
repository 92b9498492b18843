#include "mime/envelope.hpp"

#include <array>
#include <iterator>

#include "mime/header.hpp"

namespace postern::mime {
namespace {

struct TextField {
  std::string_view name;
  std::optional<std::string> Envelope::* member;
};
struct ListField {
  std::string_view name;
  AddressList Envelope::* member;
};

constexpr std::array kTextFields = {
    TextField{"Date", &Envelope::date},
    TextField{"Subject", &Envelope::subject},
    TextField{"In-Reply-To", &Envelope::in_reply_to},
    TextField{"Message-ID", &Envelope::message_id},
};
constexpr std::array kListFields = {
    ListField{"From", &Envelope::from},
    ListField{"Sender", &Envelope::sender},
    ListField{"Reply-To", &Envelope::reply_to},
    ListField{"To", &Envelope::to},
    ListField{"Cc", &Envelope::cc},
    ListField{"Bcc", &Envelope::bcc},
};

}  // namespace

Envelope envelope_of(std::string_view raw, std::size_t address_limit) {
  Envelope envelope;
  for (const Field& field : Header{raw}) {
    for (const TextField& known : kTextFields)
      if (field.is(known.name)) envelope.*known.member = unfold(field.value);
    for (const ListField& known : kListFields) {
      if (!field.is(known.name)) continue;
      AddressList more = parse_addresses(field.value, address_limit);
      address_limit -= count_addresses(more);
      AddressList& list = envelope.*known.member;
      list.insert(list.end(), std::move_iterator{more.begin()}, std::move_iterator{more.end()});
    }
  }
  return envelope;
}

std::size_t count_addresses(const Envelope& envelope) {
  std::size_t count = 0;
  for (const ListField& known : kListFields) count += count_addresses(envelope.*known.member);
  return count;
}

}  // namespace postern::mime
