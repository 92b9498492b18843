#include "check/mta_sts.hpp"

#include "mtasts/policy.hpp"
#include "mtasts/record.hpp"

namespace postern::check {
namespace {

constexpr std::string_view kName = "MTA-STS";
constexpr unsigned kOk = 200;
constexpr std::chrono::seconds kShort = std::chrono::days{7};

std::string url_of(const dns::Name& domain) {
  const auto host = mtasts::policy_host(domain);
  return host ? mtasts::policy_url(*host) : std::string{};
}

std::string how_to_begin(const dns::Name& domain) {
  return "tells senders to insist on TLS: _mta-sts TXT \"v=STSv1; id=1\" and a policy at " +
         url_of(domain);
}

/// Why the file could not be had.
Line not_fetched(const dns::Name& domain, const Error& error) {
  const auto host = "mta-sts." + domain.to_string();
  Line out{kName, "wrong", "a record, but no policy: " + error.detail};
  switch (error.code) {
    case Errc::dns_unavailable:
    case Errc::dns_bogus:
      out.verdict = error.code == Errc::dns_bogus ? "wrong" : "unknown";
      out.fix = "mend the zone or its servers";
      break;
    case Errc::not_found: out.fix = "publish an address of " + host; break;
    case Errc::not_permitted:
      out.fix = "publish a public address of " + host + ": senders go nowhere else";
      break;
    case Errc::tls_failed:
      out.fix = "give " + host + " a certificate of that name, of an authority that senders trust";
      break;
    case Errc::too_large: out.fix = "serve the policy alone, at most 64 KiB"; break;
    default:              out.fix = "let a web server answer at " + url_of(domain); break;
  }
  return out;
}

Line bad_status(const dns::Name& domain, const http::Response& response) {
  const auto status = std::to_string(response.status);
  if (response.status / 100 == 3) {
    return {kName, "wrong",
            "the policy is redirected (" + status + "), which senders do not follow",
            "serve the file at " + url_of(domain) + " itself"};
  }
  return {kName, "wrong", "the policy is answered with status " + status,
          "serve the file with status 200 at " + url_of(domain)};
}

/// Hosts that the policy forbids.
std::string forbidden(const mtasts::Policy& policy, const std::vector<dns::Name>& hosts) {
  std::string out;
  for (const auto& host : hosts) {
    if (!policy.covers(host)) out += (out.empty() ? "" : ", ") + host.to_string();
  }
  return out;
}

/// A policy that is whole: what it says.
Line judge_policy(const StsFindings& found, const mtasts::Policy& policy, bool right_type) {
  const std::string mode{to_string(policy.mode)};
  const auto what = "mode " + mode + ", max_age " + std::to_string(policy.max_age.count());
  if (policy.mode == mtasts::Mode::none) {
    return {kName, "weak", what + ": senders insist on nothing",
            "mode: testing; with good TLS reports, enforce; and a new id in the record"};
  }
  if (!found.hosts) {
    return {kName, "unknown", what + "; DNS does not tell which hosts take the mail",
            "mend the zone or its servers"};
  }
  if (const auto hosts = forbidden(policy, *found.hosts); !hosts.empty()) {
    return {kName, "wrong", what + ": the policy does not name " + hosts + ", where mail goes",
            "add mx: lines for them, and a new id in the record"};
  }
  if (!right_type) {
    return {kName, "weak", what + ", but not served as text/plain: senders may not take it",
            "Content-Type: text/plain"};
  }
  if (policy.mode == mtasts::Mode::testing) {
    return {kName, "weak", what + ": senders report and deliver anyway",
            "with good TLS reports, mode: enforce and a new id in the record"};
  }
  if (policy.max_age < kShort) {
    return {kName, "weak", what + ": who interferes need only wait until it is forgotten",
            "a max_age of weeks: 1209600 or more"};
  }
  return {kName, "good", what};
}

/// The policy of an answer, or what is wrong with it.
Line judge_response(const StsFindings& found, const http::Response& response) {
  if (response.status != kOk) return bad_status(found.domain, response);
  const auto policy = mtasts::parse_policy(response.body);
  if (!policy) {
    return {kName, "wrong", "the policy is invalid: " + policy.error().detail, "mend the file"};
  }
  const auto type = response.header("Content-Type").value_or("");
  return judge_policy(found, *policy, mtasts::is_policy_type(type));
}

/// A policy may stand before its record does: RFC 8461 §8.1 has it so.
Line without_record(const StsFindings& found) {
  const auto name = "_mta-sts." + found.domain.to_string();
  const bool served = found.policy && *found.policy && (*found.policy)->status == kOk;
  if (!served) return {kName, "missing", "nothing at " + name, how_to_begin(found.domain)};
  auto judged = judge_response(found, **found.policy);
  if (judged.verdict == "wrong") return judged;
  return {kName, "wrong",
          judged.text + ": a policy, but no record at " + name + ": nobody looks for it",
          "_mta-sts TXT \"v=STSv1; id=1\", with a new id whenever the policy changes"};
}

}  // namespace

bool wants_policy(const std::vector<std::string>& txts) {
  const auto record = mtasts::pick_record(txts);
  return record || record.error().code == Errc::not_found;
}

Line judge_mta_sts(const StsFindings& found) {
  const auto record = mtasts::pick_record(found.txts);
  if (!record && record.error().code == Errc::not_found) return without_record(found);
  if (!record)
    return {kName, "wrong", record.error().detail, "one record: _mta-sts TXT \"v=STSv1; id=1\""};
  if (!found.policy) {
    return {kName, "unknown", "id " + record->id + "; the policy was not fetched",
            "name a copy of it: --policy FILE"};
  }
  if (!*found.policy) return not_fetched(found.domain, found.policy->error());
  auto out = judge_response(found, **found.policy);
  out.text = "id " + record->id + ", " + out.text;
  return out;
}

}  // namespace postern::check
