#include "reports/row_codec.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace postern::reports {
namespace {

using namespace feedback;
using record::Reader;
using record::Writer;

std::uint64_t number(auto word) {
  return std::to_underlying(word);
}

/// A nested record that was read to its end belongs to its parent, with its fault.
void finish(Reader& parent, const Reader& nested) {
  if (!nested.finish()) parent.fault("a nested record does not decode");
}

std::string encode_reason(const OverrideReason& reason) {
  std::string out;
  Writer{out}.number_unless_zero(1, number(reason.type)).text_unless_empty(2, reason.comment);
  return out;
}

OverrideReason take_reason(Reader& in) {
  OverrideReason out;
  auto nested = Reader::nested(in.text(), kVersion);
  while (nested.next()) {
    switch (nested.tag()) {
      case 1:  out.type = take_word(nested, Override::sampled_out); break;
      case 2:  out.comment = nested.text(); break;
      default: break;
    }
  }
  finish(in, nested);
  return out;
}

std::string encode_dkim(const DkimAuth& dkim) {
  std::string out;
  Writer{out}
      .text_unless_empty(1, dkim.domain)
      .text_unless_empty(2, dkim.selector)
      .number_unless_zero(3, number(dkim.result))
      .text_unless_empty(4, dkim.human_result);
  return out;
}

DkimAuth take_dkim(Reader& in) {
  DkimAuth out;
  auto nested = Reader::nested(in.text(), kVersion);
  while (nested.next()) {
    switch (nested.tag()) {
      case 1:  out.domain = nested.text(); break;
      case 2:  out.selector = nested.text(); break;
      case 3:  out.result = take_word(nested, AuthResult::permerror); break;
      case 4:  out.human_result = nested.text(); break;
      default: break;
    }
  }
  finish(in, nested);
  return out;
}

std::string encode_spf(const SpfAuth& spf) {
  std::string out;
  Writer{out}
      .text_unless_empty(1, spf.domain)
      .number_unless_zero(2, number(spf.scope))
      .number_unless_zero(3, number(spf.result))
      .text_unless_empty(4, spf.human_result);
  return out;
}

SpfAuth take_spf(Reader& in) {
  SpfAuth out;
  auto nested = Reader::nested(in.text(), kVersion);
  while (nested.next()) {
    switch (nested.tag()) {
      case 1:  out.domain = nested.text(); break;
      case 2:  out.scope = take_word(nested, SpfScope::helo); break;
      case 3:  out.result = take_word(nested, AuthResult::permerror); break;
      case 4:  out.human_result = nested.text(); break;
      default: break;
    }
  }
  finish(in, nested);
  return out;
}

std::string encode_failure(const TlsFailure& failure) {
  std::string out;
  Writer writer{out};
  writer.number_unless_zero(1, number(failure.result)).text_unless_empty(2, failure.other_result);
  if (failure.sending_mta_ip) writer.text(3, octets_of(*failure.sending_mta_ip));
  writer.text_unless_empty(4, failure.receiving_mx_hostname)
      .text_unless_empty(5, failure.receiving_mx_helo);
  if (failure.receiving_ip) writer.text(6, octets_of(*failure.receiving_ip));
  writer.number_unless_zero(7, failure.failed_sessions)
      .text_unless_empty(8, failure.additional_information)
      .text_unless_empty(9, failure.failure_reason_code);
  return out;
}

TlsFailure take_failure(Reader& in) {
  TlsFailure out;
  auto nested = Reader::nested(in.text(), kVersion);
  while (nested.next()) {
    switch (nested.tag()) {
      case 1:  out.result = take_word(nested, TlsResult::sts_webpki_invalid); break;
      case 2:  out.other_result = nested.text(); break;
      case 3:  out.sending_mta_ip = take_address(nested); break;
      case 4:  out.receiving_mx_hostname = nested.text(); break;
      case 5:  out.receiving_mx_helo = nested.text(); break;
      case 6:  out.receiving_ip = take_address(nested); break;
      case 7:  out.failed_sessions = nested.number(); break;
      case 8:  out.additional_information = nested.text(); break;
      case 9:  out.failure_reason_code = nested.text(); break;
      default: break;
    }
  }
  finish(in, nested);
  return out;
}

}  // namespace

std::string octets_of(const text::IpAddress& ip) {
  const auto octets = ip.octets();
  return {octets.begin(), octets.end()};
}

text::IpAddress take_address(Reader& in) {
  const auto bytes = in.text();
  std::array<std::uint8_t, 4> four{};
  std::array<std::uint8_t, 16> sixteen{};
  if (bytes.size() == four.size()) {
    std::ranges::copy(bytes, four.begin());
    return text::IpAddress::v4(four);
  }
  if (bytes.size() != sixteen.size()) in.fault("an IP address of another length");
  if (bytes.size() == sixteen.size()) std::ranges::copy(bytes, sixteen.begin());
  return text::IpAddress::v6(sixteen);
}

std::string encode_row(const AggregateRecord& row) {
  std::string out;
  Writer writer{out};
  if (row.source_ip) writer.text(1, octets_of(*row.source_ip));
  writer.number_unless_zero(2, row.count)
      .number_unless_zero(3, number(row.disposition))
      .number_unless_zero(4, number(row.dkim))
      .number_unless_zero(5, number(row.spf));
  for (const auto& reason : row.reasons) writer.text(6, encode_reason(reason));
  writer.text_unless_empty(7, row.header_from);
  // Empty is not the same as absent: the null reverse-path.
  if (row.envelope_from) writer.text(8, *row.envelope_from);
  if (row.envelope_to) writer.text(9, *row.envelope_to);
  for (const auto& dkim : row.dkim_results) writer.text(10, encode_dkim(dkim));
  for (const auto& spf : row.spf_results) writer.text(11, encode_spf(spf));
  return out;
}

AggregateRecord take_row(Reader& in) {
  AggregateRecord out;
  auto nested = Reader::nested(in.text(), kVersion);
  while (nested.next()) {
    switch (nested.tag()) {
      case 1:  out.source_ip = take_address(nested); break;
      case 2:  out.count = nested.number(); break;
      case 3:  out.disposition = take_word(nested, Disposition::reject); break;
      case 4:  out.dkim = take_word(nested, Aligned::fail); break;
      case 5:  out.spf = take_word(nested, Aligned::fail); break;
      case 6:  out.reasons.push_back(take_reason(nested)); break;
      case 7:  out.header_from = nested.text(); break;
      case 8:  out.envelope_from = nested.text(); break;
      case 9:  out.envelope_to = nested.text(); break;
      case 10: out.dkim_results.push_back(take_dkim(nested)); break;
      case 11: out.spf_results.push_back(take_spf(nested)); break;
      default: break;
    }
  }
  finish(in, nested);
  return out;
}

std::string encode_policy(const PolicyPublished& policy) {
  std::string out;
  Writer writer{out};
  writer.text_unless_empty(1, policy.domain)
      .number_unless_zero(2, number(policy.p))
      .number_unless_zero(3, number(policy.sp))
      .number_unless_zero(4, number(policy.np))
      .number_unless_zero(5, number(policy.adkim))
      .number_unless_zero(6, number(policy.aspf))
      .text_unless_empty(7, policy.fo)
      .number_unless_zero(9, number(policy.discovery_method))
      .text_unless_empty(11, policy.psd);
  if (policy.testing) writer.boolean(8, *policy.testing);
  if (policy.pct) writer.number(10, *policy.pct);
  return out;
}

PolicyPublished take_policy(Reader& in) {
  PolicyPublished out;
  auto nested = Reader::nested(in.text(), kVersion);
  while (nested.next()) {
    switch (nested.tag()) {
      case 1:  out.domain = nested.text(); break;
      case 2:  out.p = take_word(nested, Policy::reject); break;
      case 3:  out.sp = take_word(nested, Policy::reject); break;
      case 4:  out.np = take_word(nested, Policy::reject); break;
      case 5:  out.adkim = take_word(nested, Alignment::strict); break;
      case 6:  out.aspf = take_word(nested, Alignment::strict); break;
      case 7:  out.fo = nested.text(); break;
      case 8:  out.testing = nested.boolean(); break;
      case 9:  out.discovery_method = take_word(nested, Discovery::treewalk); break;
      case 10: out.pct = nested.number<std::uint8_t>(); break;
      case 11: out.psd = nested.text(); break;
      default: break;
    }
  }
  finish(in, nested);
  return out;
}

std::string encode_tls(const TlsPolicyReport& report) {
  std::string out;
  Writer writer{out};
  writer.number_unless_zero(1, number(report.policy.type));
  for (const auto& line : report.policy.policy_string) writer.text(2, line);
  writer.text_unless_empty(3, report.policy.domain);
  for (const auto& host : report.policy.mx_host) writer.text(4, host);
  writer.number_unless_zero(5, report.successful_sessions)
      .number_unless_zero(6, report.failed_sessions);
  for (const auto& failure : report.failures) writer.text(7, encode_failure(failure));
  return out;
}

TlsPolicyReport take_tls(Reader& in) {
  TlsPolicyReport out;
  auto nested = Reader::nested(in.text(), kVersion);
  while (nested.next()) {
    switch (nested.tag()) {
      case 1:  out.policy.type = take_word(nested, TlsPolicyType::no_policy_found); break;
      case 2:  out.policy.policy_string.emplace_back(nested.text()); break;
      case 3:  out.policy.domain = nested.text(); break;
      case 4:  out.policy.mx_host.emplace_back(nested.text()); break;
      case 5:  out.successful_sessions = nested.number(); break;
      case 6:  out.failed_sessions = nested.number(); break;
      case 7:  out.failures.push_back(take_failure(nested)); break;
      default: break;
    }
  }
  finish(in, nested);
  return out;
}

}  // namespace postern::reports
