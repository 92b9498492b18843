// Messages of 4 KiB verified and signed per second, beside the bare operations on a digest: the
// rest should cost little beside them.
#include <benchmark/benchmark.h>

#include "crypto/hash.hpp"
#include "dkim/key_source_fixture.hpp"
#include "dkim/sign.hpp"
#include "dkim/verify.hpp"

namespace postern::dkim {
namespace {

constexpr std::size_t kSize = 4096;
const Timestamp kNow{std::chrono::seconds{1'760'000'000}};

std::string message(std::size_t size) {
  std::string out =
      "Received: from a.example (a.example [192.0.2.1])\r\n\tby b.example with ESMTPS id 1\r\n"
      "\tfor <c@example.org>; Tue, 1 Jul 2003 10:52:37 +0200\r\n"
      "From: Ann <ann@example.org>\r\nTo: Bob <bob@example.net>\r\nSubject: Hello\r\n"
      "Message-ID: <1@example.org>\r\nDate: Tue, 1 Jul 2003 10:52:37 +0200\r\n"
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
  while (out.size() < size)
    out += "It is a truth universally acknowledged, that a single man in\r\n";
  out.resize(size);
  return out;
}

const crypto::PrivateKey& key(crypto::KeyKind kind) {
  static const auto rsa = crypto::PrivateKey::generate(crypto::KeyKind::rsa).value();
  static const auto ed25519 = crypto::PrivateKey::generate(crypto::KeyKind::ed25519).value();
  return kind == crypto::KeyKind::rsa ? rsa : ed25519;
}

std::string sign_all(const std::string& text, crypto::KeyKind kind) {
  const auto read = read_message(text, {.bodies = {kSignedBody}});
  const Signer signer{.domain = "example.org", .selector = "s", .key = key(kind)};
  return sign(read, signer, kNow).value();
}

void verify_message(benchmark::State& state, crypto::KeyKind kind, crypto::KeySource* keys) {
  const auto text = message(kSize);
  const auto whole = sign_all(text, kind) + text;
  dns::Answers answers;
  answers[{dns::Name::parse("s._domainkey.example.org").value(), dns::Type::txt}] = {
      .status = dns::Status::secure,
      .outcome = dns::Outcome::found,
      .records = {dns::Txt{to_key_record(key(kind))}}};
  for (auto _ : state) {
    const auto step = verify(read_message(whole), answers, kNow, {.keys = keys});
    if (std::get<Report>(step).signatures.at(0).verdict != Verdict::pass)
      state.SkipWithError("does not verify");
  }
  state.SetItemsProcessed(state.iterations());
}
/// From somebody whose key is known, as mail from the big senders is.
void verify_message(benchmark::State& state, crypto::KeyKind kind) {
  KeptKeys keys;
  verify_message(state, kind, &keys);
}
BENCHMARK_CAPTURE(verify_message, rsa2048, crypto::KeyKind::rsa);
BENCHMARK_CAPTURE(verify_message, ed25519, crypto::KeyKind::ed25519);

void verify_stranger(benchmark::State& state, crypto::KeyKind kind) {
  verify_message(state, kind, nullptr);
}
BENCHMARK_CAPTURE(verify_stranger, rsa2048, crypto::KeyKind::rsa);
BENCHMARK_CAPTURE(verify_stranger, ed25519, crypto::KeyKind::ed25519);

/// All of it but the signature.
void read_signed(benchmark::State& state) {
  const auto text = message(kSize);
  const auto whole = sign_all(text, crypto::KeyKind::rsa) + text;
  for (auto _ : state) benchmark::DoNotOptimize(read_message(whole));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_signed);

void verify_digest(benchmark::State& state, crypto::KeyKind kind) {
  const auto digest = crypto::sha256("message");
  const auto signature = key(kind).sign(digest).value();
  const auto open = key(kind).public_key().value();
  for (auto _ : state) benchmark::DoNotOptimize(open.verify(digest, signature));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(verify_digest, rsa2048, crypto::KeyKind::rsa);
BENCHMARK_CAPTURE(verify_digest, ed25519, crypto::KeyKind::ed25519);

void sign_message(benchmark::State& state, crypto::KeyKind kind) {
  const auto text = message(kSize);
  for (auto _ : state) benchmark::DoNotOptimize(sign_all(text, kind));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(sign_message, rsa2048, crypto::KeyKind::rsa);
BENCHMARK_CAPTURE(sign_message, ed25519, crypto::KeyKind::ed25519);

void sign_digest(benchmark::State& state, crypto::KeyKind kind) {
  const auto digest = crypto::sha256("message");
  for (auto _ : state) benchmark::DoNotOptimize(key(kind).sign(digest));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(sign_digest, rsa2048, crypto::KeyKind::rsa);
BENCHMARK_CAPTURE(sign_digest, ed25519, crypto::KeyKind::ed25519);

void take_in(benchmark::State& state, Canon canon) {
  const auto text = message(std::size_t{1} << 20U);
  for (auto _ : state) benchmark::DoNotOptimize(read_message(text, {.bodies = {{.canon = canon}}}));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK_CAPTURE(take_in, simple, Canon::simple);
BENCHMARK_CAPTURE(take_in, relaxed, Canon::relaxed);

}  // namespace
}  // namespace postern::dkim
