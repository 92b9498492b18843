#include "dmarc/author.hpp"

#include <optional>
#include <utility>

#include "mime/address.hpp"
#include "vocab/result.hpp"

namespace postern::dmarc {
namespace {

NoAuthor none(NoAuthor::Kind kind, std::string text) {
  return {.kind = kind, .text = std::move(text)};
}

/// No escapes: `a\.example` is one label to DNS, and reads as two.
std::optional<dns::Name> read_domain(std::string_view text) {
  if (text.contains('\\')) return std::nullopt;
  const auto name = dns::Name::parse(text);
  return name && !name->is_root() && !text.starts_with('[') ? std::optional{*name} : std::nullopt;
}

}  // namespace

std::variant<Author, NoAuthor> author_of(std::span<const std::string_view> values) {
  using Kind = NoAuthor::Kind;
  if (values.empty()) return none(Kind::no_field, "The message has no From field");
  if (values.size() > 1)
    return none(Kind::several_fields, "The message has several From fields; one is allowed");
  const auto list = mime::parse_addresses(values.front(), kMaxAuthors + 1);
  if (mime::count_addresses(list) > kMaxAuthors)
    return none(Kind::too_many, "The From field names too many authors");
  std::optional<Author> author;
  for (const mime::Mailbox* mailbox : mime::mailboxes(list)) {
    if (mailbox->domain.empty()) continue;
    const auto domain = read_domain(mailbox->domain);
    if (!domain)
      return none(Kind::bad_domain, "The From field holds an address whose domain is no name");
    if (author && author->domain != *domain) {
      return none(Kind::several_domains, "The From field names authors of several domains, " +
                                             author->domain.to_string() + " and " +
                                             domain->to_string());
    }
    if (author) {
      ++author->mailboxes;
    } else {
      author = Author{.domain = *domain};
    }
  }
  if (author) return *author;
  return none(Kind::no_mailbox, "The From field holds no address with a domain");
}

}  // namespace postern::dmarc
