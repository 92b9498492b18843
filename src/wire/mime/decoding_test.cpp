// charset, transfer, encoded_word, params, text_decoder
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mime/charset.hpp"
#include "mime/encoded_word.hpp"
#include "mime/header.hpp"
#include "mime/message.hpp"
#include "mime/text_decoder.hpp"

namespace postern::mime {
namespace {

using testing::ElementsAre;

template <class Decoder>
std::string run(Decoder decoder, std::string_view text, std::size_t step) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += step) decoder.feed(text.substr(at, step), out);
  decoder.finish(out);
  return out;
}

template <class Decoder>
std::string decoded(std::string_view text) {
  const std::string whole = run(Decoder{}, text, text.size() + 1);
  EXPECT_EQ(run(Decoder{}, text, 1), whole);
  EXPECT_EQ(run(Decoder{}, text, 3), whole);
  return whole;
}

TEST(Base64, Tolerant) {
  EXPECT_EQ(decoded<Base64Decoder>("aGVsbG8="), "hello");
  EXPECT_EQ(decoded<Base64Decoder>("aGVs\r\nbG8"), "hello");
  EXPECT_EQ(decoded<Base64Decoder>("aG!Vs*bG8=aGVsbG8="), "hellohello");
  EXPECT_EQ(decoded<Base64Decoder>("a"), "");
  EXPECT_EQ(decoded<Base64Decoder>("===="), "");
}

TEST(QuotedPrintable, Tolerant) {
  EXPECT_EQ(decoded<QuotedPrintableDecoder>("a=3Db=\r\nc=\nd= \t\r\ne"), "a=bcde");
  EXPECT_EQ(decoded<QuotedPrintableDecoder>("x \t\r\ny  z "), "x\r\ny  z");
  EXPECT_EQ(decoded<QuotedPrintableDecoder>("=c3=a4 =XY =4 =4"), "\xc3\xa4 =XY =4 =4");
  EXPECT_EQ(decoded<QuotedPrintableDecoder>("end="), "end");
  EXPECT_EQ(decoded<QuotedPrintableDecoder>("= x"), "= x");
  EXPECT_EQ(decoded<QuotedPrintableDecoder>(std::string(5000, ' ') + "x"),
            std::string(5000, ' ') + "x");
}

TEST(Charset, LabelsOfRealMail) {
  EXPECT_EQ(to_utf8("cp1252", "\x80"), "\xe2\x82\xac");
  EXPECT_EQ(to_utf8("ISO-8859-1", "\x80"), "\xe2\x82\xac");
  EXPECT_EQ(to_utf8("iso-8859-15", "\xa4"), "\xe2\x82\xac");
  EXPECT_EQ(to_utf8("koi8-r", "\xc1"), "\xd0\xb0");
  EXPECT_EQ(to_utf8("utf8", "\xc3\xa4\xff"), "\xc3\xa4\xef\xbf\xbd");
  EXPECT_EQ(to_utf8("utf-7", "+AOQ-"), "\xc3\xa4");
  EXPECT_EQ(to_utf8("iso-2022-jp", "\x1b$B$\"\x1b(B"), "\xe3\x81\x82");
  EXPECT_EQ(to_utf8("gb2312", "\xc4\xe3"), "\xe4\xbd\xa0");
  EXPECT_EQ(to_utf8("big5", "\xa7\x41"), "\xe4\xbd\xa0");
  EXPECT_EQ(to_utf8("ansi_x3.4-1968", "a\xe4"), "a\xc3\xa4");
  EXPECT_EQ(to_utf8("no such thing", "\xc3\xa4\xe4"), "\xc3\xa4\xc3\xa4");
  for (const auto* known : {"", "us-ascii", "UTF-8", "windows-1251", "Shift_JIS", "euc-kr"})
    EXPECT_TRUE(is_known_charset(known)) << known;
  for (const auto* unknown : {"klingon", "utf-8,x", "../../etc/passwd", "a b"})
    EXPECT_FALSE(is_known_charset(unknown)) << unknown;
}

TEST(Charset, CharactersCutAnywhere) {
  for (const auto& [label, text] : std::initializer_list<std::pair<const char*, const char*>>{
           {"utf-8", "a\xf0\x9f\x8e\x89\xc3\xa4\xe2\x82"},
           {"", "a\xf0\x9f\x8e\x89\xc3\xa4\xe4x\xe2\x82"},
           {"utf-16be", "\xd8\x3c\xdf\x89"},
           {"shift_jis", "\x82\xa0\x82"}}) {
    const std::string whole = to_utf8(label, text);
    EXPECT_EQ(run(CharsetDecoder{label}, text, 1), whole) << label;
    EXPECT_EQ(run(CharsetDecoder{label}, text, 3), whole) << label;
  }
}

TEST(EncodedWords, AsRealMailWritesThem) {
  EXPECT_EQ(decode_header_text("=?utf-8?q?a?= =?utf-8?q?_b?=\r\n  c"), "a b  c");
  EXPECT_EQ(decode_header_text("=?utf-8?B?w6Q=?==?utf-8?B?w7w=?="), "\xc3\xa4\xc3\xbc");
  EXPECT_EQ(decode_header_text("=?utf-8?Q?=C3?= =?UTF-8?Q?=A4?="), "\xc3\xa4");  // split character
  EXPECT_EQ(decode_header_text("\"=?iso-8859-1*de?Q?=E4?=\""), "\"\xc3\xa4\"");
  EXPECT_EQ(decode_header_text("x=?utf-8?Q?What?_Yes=3F?=y"), "xWhat? Yes?y");
  EXPECT_EQ(decode_header_text("=?utf-8?X?a?= =? =?? =?utf-8?Q?open"),
            "=?utf-8?X?a?= =? =?? =?utf-8?Q?open");
  EXPECT_EQ(decode_header_text("=?utf-8?Q?open =?utf-8?Q?good?="), "=?utf-8?Q?open good");
  EXPECT_EQ(decode_header_text("\xe4 \xc3\xa4"), "\xc3\xa4 \xc3\xa4");
}

TEST(EncodedWords, RoundTrip) {
  for (const auto* text : {"plain", "Gr\xc3\xbc\xc3\x9f Gott", "=?looks like one",
                           "\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5"
                           "\xbd\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5"
                           "\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd"}) {
    const std::string words = encode_words(text);
    EXPECT_EQ(decode_header_text(words), text);
    for (std::size_t at = 0; at < words.size();) {
      const std::size_t end = std::min(words.find(' ', at), words.size());
      EXPECT_LE(end - at, 75U);
      at = end + 1;
    }
  }
}

TEST(Params, ContinuationsAndCharsets) {
  const ParamField field = parse_params(
      "attachment; filename*1*=%E4.txt; filename*0*=iso-8859-1'de'a%20; title*=utf-8''%C3%A4;"
      " title=fallback; x*2=c; x*0=\"a \"; x*1=b");
  EXPECT_EQ(field.value, "attachment");
  EXPECT_THAT(field.params, ElementsAre(Param{"filename", "a \xc3\xa4.txt"},
                                        Param{"title", "\xc3\xa4"}, Param{"x", "a bc"}));
}

TEST(Params, Broken) {
  EXPECT_THAT(parse_params("text/plain; name=a file.txt; =x; ; y; z=\"open").params,
              ElementsAre(Param{"name", "a file.txt"}, Param{"z", "open"}));
  EXPECT_THAT(parse_params("text/plain charset=utf-8 name=x").params,
              ElementsAre(Param{"charset", "utf-8"}, Param{"name", "x"}));
  EXPECT_EQ(*parse_params("a/b; n*=utf-8''x%0d%0aY%00").find("n"), "x  Y ");
  std::string flood = "a/b";
  for (int i = 0; i < 50'000; ++i)
    flood += ";p" + std::to_string(i) + "*" + std::to_string(i) + "=x";
  EXPECT_EQ(parse_params(flood).params.size(), kMaxParams);
}

TEST(HeaderFields, ViewsAndOffsets) {
  constexpr std::string_view raw = "Subject : a\r\n b\r\njunk\r\nTO:x\n\nbody: no\n";
  std::vector<std::string> seen;
  for (const Field& field : Header{raw}) {
    seen.push_back(std::string{field.name} + "=" + unfold(field.value));
    EXPECT_EQ(raw.substr(field.value_begin, field.value.size()), field.value);
    EXPECT_EQ(raw.substr(field.begin, field.name.size()), field.name);
  }
  EXPECT_THAT(seen, ElementsAre("Subject=a b", "TO=x"));
  EXPECT_EQ(Header{raw}.find("to")->end, raw.find("\n\n") + 1);
  EXPECT_EQ(first_message_id("(c) <a@b> <c@d>"), "<a@b>");
  EXPECT_EQ(first_message_id(" (c) "), std::nullopt);
  EXPECT_EQ(without_comments(" a (b (c)) d \"(e)\" (f"), "a d \"(e)\"");
}

TEST(TextDecoder, TransferAndCharset) {
  Part part;
  part.encoding = "quoted-printable";
  part.params = {{"charset", "iso-8859-1"}};
  TextDecoder decoder{part};
  std::string out;
  for (const char c : std::string_view{"Gr=FC=\r\n=DFe"}) decoder.feed({&c, 1}, out);
  decoder.finish(out);
  EXPECT_EQ(out,
            "Gr\xc3\xbc\xc3\x9f"
            "e");
}

TEST(Part, FileName) {
  const Message m = *parse(
      "Content-Type: a/b; name=other\r\n"
      "Content-Disposition: attachment; filename=\"=?utf-8?Q?=C3=A4?=.txt\"\r\n\r\n");
  EXPECT_EQ(m.root.file_name(), "\xc3\xa4.txt");
  EXPECT_EQ(parse("Content-Type: a/b; name=other\r\n\r\n")->root.file_name(), "other");
}

}  // namespace
}  // namespace postern::mime
