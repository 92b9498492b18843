#include "mtasts/record.hpp"

#include "mtasts/grammar.hpp"

namespace postern::mtasts {
namespace {

constexpr std::string_view kVersion = "v=STSv1";
constexpr std::size_t kMaxId = 32;

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxId && std::ranges::all_of(id, text::is_alnum);
}

bool is_value(std::string_view value) {
  return !value.empty() &&
         std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7f && c != '='; });
}

std::unexpected<Error> refuse(std::string why) {
  return fail(Errc::bad_syntax, std::move(why));
}

}  // namespace

Result<Record> parse_record(std::string_view txt) {
  auto fields = text::split(txt, ';');
  if (!txt.starts_with(kVersion) || trim_wsp(fields.front()) != kVersion)
    return refuse("does not begin with v=STSv1");
  fields.erase(fields.begin());
  if (!fields.empty() && trim_wsp(fields.back()).empty()) fields.pop_back();
  Record out;
  for (const auto piece : fields) {
    const auto field = trim_wsp(piece);
    const auto equals = field.find('=');
    const auto name = field.substr(0, equals);
    const auto value = equals == field.npos ? std::string_view{} : field.substr(equals + 1);
    if (name != "id") {
      if (!is_name(name) || !is_value(value))
        return refuse("not a field: \"" + std::string{field} + '"');
    } else if (!is_id(value)) {
      return refuse("id is not 1 to 32 letters and digits");
    } else if (out.id.empty()) {
      out.id = value;
    }
  }
  if (out.id.empty()) return refuse("no id");
  return out;
}

Result<Record> pick_record(std::span<const std::string> txts) {
  // The grammar lets white space stand before the semicolon that the text wants at once.
  const auto is_ours = [](std::string_view txt) {
    return txt.starts_with(kVersion) && trim_wsp(txt.substr(kVersion.size())).starts_with(';');
  };
  const auto count = std::ranges::count_if(txts, is_ours);
  if (count == 0) return fail(Errc::not_found, "no MTA-STS record");
  if (count > 1) return refuse("several MTA-STS records: senders use none");
  return parse_record(*std::ranges::find_if(txts, is_ours));
}

}  // namespace postern::mtasts
