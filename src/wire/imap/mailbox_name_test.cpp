#include "imap/mailbox_name.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace postern::imap {
namespace {

const std::pair<const char*, const char*> kPairs[] = {
    {"", ""},
    {"Sent", "Sent"},
    {"a&-b", "a&b"},
    {"&-&-", "&&"},
    {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"},  // RFC 3501 §5.1.3
    {"Entw&APw-rfe", "Entwürfe"},
    {"&2D3eAA-", "😀"},
    {"&AAEAfw-", "\x01\x7f"},
};

TEST(ModifiedUtf7, DecodesAndEncodesEachNameOneWay) {
  for (const auto& [wire, name] : kPairs) {
    EXPECT_EQ(from_mutf7(wire), name) << wire;
    EXPECT_EQ(to_mutf7(name), wire) << name;
  }
}

TEST(ModifiedUtf7, RefusesEveryOtherSpelling) {
  for (const auto* wire : {
           "&",                   // shift without end
           "&Jjo",                //
           "&Jjo!",               // RFC 3501 §5.1.3: not permitted
           "&U,BTFw-&ZeVnLIqe-",  // superfluous shift
           "&AGE-",               // 'a' encoded
           "&AG-",                // 12 bits
           "&U,BTF-",             // bits left over that are not zero
           "&U,BTFwA-",           // six bits too many
           "&2D0-",               // lone high surrogate
           "&3gA-",               // lone low surrogate
           "&2D0AZA-",            // high surrogate, then something else
           "&U/BTFw-",            // '/' is not in the alphabet
           "&====-",              //
           "\xc3\xbc",            // raw UTF-8
           "a\x01",               // raw control
       })
    EXPECT_EQ(from_mutf7(wire), std::nullopt) << wire;
}

TEST(ModifiedUtf7, EncodesBrokenUtf8AsReplacement) {
  EXPECT_EQ(to_mutf7("a\xff"), "a&,,0-");
}

TEST(Mailbox, InboxHasNoCase) {
  EXPECT_EQ(decode_mailbox("iNbOx", NameForm::mutf7), "INBOX");
  EXPECT_EQ(decode_mailbox("inbox", NameForm::utf8), "INBOX");
  EXPECT_EQ(decode_mailbox("inbox/a", NameForm::mutf7), "inbox/a");
}

TEST(Mailbox, Utf8FormTakesAmpersandsAsTheyAre) {
  // Thunderbird after ENABLE UTF8=ACCEPT.
  EXPECT_EQ(decode_mailbox("R&D", NameForm::utf8), "R&D");
  EXPECT_EQ(decode_mailbox("R&-D", NameForm::utf8), "R&-D");
  EXPECT_EQ(decode_mailbox("Entw\xc3\xbcrfe", NameForm::utf8), "Entwürfe");
  EXPECT_EQ(decode_mailbox("\xff", NameForm::utf8), std::nullopt);
}

TEST(Mailbox, ModifiedUtf7FormToleratesRawUtf8WithoutShifts) {
  EXPECT_EQ(decode_mailbox("Entw\xc3\xbcrfe", NameForm::mutf7), "Entwürfe");
  EXPECT_EQ(decode_mailbox("\xc3\xbc&-", NameForm::mutf7), std::nullopt);
  EXPECT_EQ(decode_mailbox("\xff", NameForm::mutf7), std::nullopt);
}

}  // namespace
}  // namespace postern::imap
