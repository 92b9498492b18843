#include "http/response_reader.hpp"

#include <cstdint>
#include <string>
#include <utility>

// The one unit that sees Beast: its parser of HTTP/1, nothing else of it.
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "vocab/try.hpp"

namespace postern::http {
namespace {

namespace beast = boost::beast::http;
using Parser = beast::response_parser<beast::string_body>;
using boost::system::error_code;

constexpr unsigned kSwitchingProtocols = 101;
constexpr unsigned kFirstFinal = 200;
constexpr int kMaxInterim = 8;
constexpr std::uint64_t kOctetsOnLine = 8;  ///< For one of a body in chunks.

std::unexpected<Error> refuse(const error_code& error) {
  if (error == beast::error::header_limit || error == beast::error::body_limit ||
      error == beast::error::buffer_overflow)
    return fail(Errc::too_large, "the answer is too large");
  return fail(Errc::bad_syntax, "the answer is not HTTP: " + error.message());
}

}  // namespace

struct ResponseReader::State {
  explicit State(ResponseLimits given) : limits{given} { renew(); }

  void renew() {
    parser = std::make_unique<Parser>();
    parser->eager(true);
    parser->skip(!limits.want_body);
    parser->header_limit(static_cast<std::uint32_t>(limits.header_octets));
    parser->body_limit(limits.body_octets);
  }

  /// True once the parser has a whole response, false when it needs more octets.
  Result<bool> parse() {
    while (!unread.empty() && !parser->is_done()) {
      error_code error;
      const auto used = parser->put(boost::asio::buffer(unread), error);
      unread.erase(0, used);
      if (error == beast::error::need_more || (used == 0 && !error)) break;
      if (error) return refuse(error);
    }
    return parser->is_done();
  }

  ResponseLimits limits;
  std::unique_ptr<Parser> parser;
  std::string unread;  ///< The beginning of an element that is not whole.
  std::uint64_t taken = 0;
  int interim = 0;
};

ResponseReader::ResponseReader(ResponseLimits limits) : state_{std::make_unique<State>(limits)} {}
ResponseReader::ResponseReader(ResponseReader&&) noexcept = default;
ResponseReader& ResponseReader::operator=(ResponseReader&&) noexcept = default;
ResponseReader::~ResponseReader() = default;

Result<bool> ResponseReader::feed(std::string_view bytes) {
  State& s = *state_;
  s.taken += bytes.size();
  s.unread += bytes;
  for (;;) {
    POSTERN_TRY(const bool whole, s.parse());
    if (!whole) break;
    const unsigned status = s.parser->get().result_int();
    if (status >= kFirstFinal) return true;
    if (status < 100 || status == kSwitchingProtocols || s.interim == kMaxInterim)
      return fail(Errc::bad_syntax, "the answer is not one to this question");
    ++s.interim;
    s.renew();
  }
  const std::uint64_t most = s.limits.header_octets + kOctetsOnLine * s.limits.body_octets;
  if (s.unread.size() > s.limits.header_octets || s.taken > most)
    return fail(Errc::too_large, "the answer is too large");
  return false;
}

Result<void> ResponseReader::end() {
  error_code error;
  if (state_->unread.empty() && state_->parser->got_some()) state_->parser->put_eof(error);
  if (!error && state_->parser->is_done() && state_->parser->get().result_int() >= kFirstFinal)
    return {};
  return fail(Errc::peer_closed, "the answer is cut short");
}

Response ResponseReader::take() {
  auto message = state_->parser->release();
  Response out{.status = message.result_int(), .body = std::move(message.body())};
  for (const auto& field : message.base())
    out.headers.push_back({std::string{field.name_string()}, std::string{field.value()}});
  return out;
}

}  // namespace postern::http
