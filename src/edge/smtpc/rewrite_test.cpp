#include "smtpc/rewrite.hpp"

#include <gtest/gtest.h>

#include "async/manual_core.hpp"
#include "mime/message.hpp"
#include "mime/transfer.hpp"
#include "smtpc/content.hpp"

namespace postern::smtpc {
namespace {

queue::Job job_of(const std::string& body) {
  queue::Job out;
  out.size = body.size();
  out.read = [body](std::uint64_t offset, std::uint64_t length) {
    const auto read = [](std::string piece) -> Task<Result<std::string>> { co_return piece; };
    return read(body.substr(offset, length));
  };
  return out;
}

Task<Result<std::string>> convert(const queue::Job& job, Unfit unfit) {
  auto edits = co_await plan_rewrite(job, unfit);
  if (!edits) co_return std::unexpected(edits.error());
  Content content{job, *std::move(edits)};
  co_return co_await content.rest();
}

Result<std::string> converted(const std::string& body, Unfit unfit = {.eight_bit = true}) {
  ManualCore core;
  const auto job = job_of(body);
  return core.run(convert(job, unfit));
}

TEST(Rewrite, OnlyThePartsThatDoNotFitAreChanged) {
  const std::string body =
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
      "Content-Transfer-Encoding: 8bit\r\n\r\n"
      "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xbc\r\n"
      "--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n"
      "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n\xff\xfe\r\n"
      "--b--\r\n";
  EXPECT_EQ(
      converted(body).value(),
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
      "Content-Transfer-Encoding: 7bit\r\n\r\n"
      "--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=BC\r\n"
      "--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n"
      "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n//4=\r\n\r\n"
      "--b--\r\n");
}

TEST(Rewrite, AMessageWithoutMimeBecomesOne) {
  EXPECT_EQ(converted("Subject: x\r\n\r\n\xfc\r\n").value(),
            "Subject: x\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=unknown-8bit\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n=FC\r\n");
}

TEST(Rewrite, WhatIsAsciiIsCalledSo) {
  const auto out =
      converted("Subject: x\r\n\r\n" + std::string(1100, 'y') + "\r\n", {.long_lines = true})
          .value();
  EXPECT_TRUE(
      out.starts_with("Subject: x\r\nMIME-Version: 1.0\r\n"
                      "Content-Type: text/plain; charset=us-ascii\r\n"
                      "Content-Transfer-Encoding: quoted-printable\r\n\r\nyyy"))
      << out;
}

TEST(Rewrite, LongLinesAreFoldedAndDecodeToTheSame) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += static_cast<char>('!' + i % 90);
  const std::string head = "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n";
  const auto out = converted(head + "\r\n" + text + "\r\nend\r\n", {.long_lines = true}).value();
  std::size_t line = 0;
  for (const char c : out) {
    line = c == '\n' ? 0 : line + 1;
    ASSERT_LE(line, 80U);
  }
  const auto at = out.find("\r\n\r\n");
  mime::TransferDecoder decoder{mime::Transfer::quoted_printable};
  std::string back;
  decoder.feed(std::string_view{out}.substr(at + 4), back);
  decoder.finish(back);
  EXPECT_EQ(back, text + "\r\nend\r\n");
}

TEST(Rewrite, WhatCannotBeChangedIsRefused) {
  const std::string mime = "MIME-Version: 1.0\r\n";
  for (const auto& body :
       {"Subject: \xfc\r\n\r\n\xfc\r\n" + std::string{},
        mime + "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xfc\r\n--b--\r\n",
        mime + "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n\xfc\r\n",
        mime + "Content-Type: multipart/mixed; boundary=b\r\n\r\n\xfc\r\n--b\r\n\r\nx\r\n--b--\r\n",
        mime + "Content-Transfer-Encoding: x-odd\r\n\r\n\xfc\r\n"}) {
    const auto out = converted(body);
    ASSERT_FALSE(out) << body;
    EXPECT_EQ(out.error().code, Errc::unsupported);
  }
}

TEST(Rewrite, CleanMailIsLeftAlone) {
  const std::string body = "Subject: x\r\n\r\nhello\r\n";
  EXPECT_EQ(converted(body, {.eight_bit = true, .long_lines = true}).value(), body);
}

}  // namespace
}  // namespace postern::smtpc
