#include "net/local_ca.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "net/openssl_ptr.hpp"
#include "net/private_file.hpp"
#include "net/tls_context.hpp"
#include "net/tls_names.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;

constexpr auto kDay = std::chrono::hours{24};
constexpr Duration kCaLife = kDay * 3650;
constexpr Duration kLeafLife = kDay * 397;  // more than 398 days browsers refuse
constexpr Duration kRenewBefore = kDay * 30;
constexpr Duration kClockSkew = kDay;

/// A certificate and its key.
struct Pair {
  CertPtr cert;
  KeyPtr key;
};

std::unexpected<Error> broken(const std::string& what) {
  return fail(Errc::io_failed, what + ": " + tls_error_text());
}

std::time_t seconds(Timestamp t) {
  return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
}

bool is_host(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.empty() || name.size() > 253) return false;
  for (const auto label : text::split(name, '.')) {
    const auto fine = [](char c) { return text::is_alnum(c) || c == '-' || c == '_'; };
    if (label.empty() || label.size() > 63 || !std::ranges::all_of(label, fine)) return false;
  }
  return true;
}

ASN1_IA5STRING* ia5(std::string_view text) {
  ASN1_IA5STRING* const made = ASN1_IA5STRING_new();
  ASN1_STRING_set(made, text.data(), static_cast<int>(text.size()));
  return made;
}

ASN1_OCTET_STRING* octet_string(std::span<const std::uint8_t> octets) {
  ASN1_OCTET_STRING* const made = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(made, octets.data(), static_cast<int>(octets.size()));
  return made;
}

GeneralNamesPtr alt_names(const LocalCaSettings& settings) {
  GeneralNamesPtr names{GENERAL_NAMES_new()};
  const auto add = [&names](int type, void* value) {
    GENERAL_NAME* const name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, type, value);
    sk_GENERAL_NAME_push(names.get(), name);
  };
  for (const auto& name : settings.names) add(GEN_DNS, ia5(canonical_host(name)));
  for (const auto& ip : settings.ips) add(GEN_IPADD, octet_string(ip.octets()));
  return names;
}

bool extend(X509& cert, X509& issuer, int nid, const char* value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, &issuer, &cert, nullptr, nullptr, 0);
  const ExtensionPtr extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value)};
  return extension && X509_add_ext(&cert, extension.get(), -1) == 1;
}

/// RFC 5280 §4.1.2.2: positive, at most 20 octets.
bool set_serial(X509& cert, Random& random) {
  std::string serial = random.bytes(16);
  serial.front() = static_cast<char>((static_cast<unsigned char>(serial.front()) & 0x3fU) | 0x40U);
  BIGNUM* const number = BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()),
                                   static_cast<int>(serial.size()), nullptr);
  const bool fine = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(&cert)) != nullptr;
  BN_free(number);
  return fine;
}

bool set_name(X509_NAME* name, const std::string& common) {
  const auto add = [name](const char* field, const std::string& value) {
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(value.data()),
                                      static_cast<int>(value.size()), -1, 0) == 1;
  };
  return add("O", "Postern") && add("CN", common);
}

/// A new key and an unsigned certificate for it, named and dated.
Result<Pair> begin(const std::string& common, Timestamp now, Duration life, Random& random) {
  Pair made{CertPtr{X509_new()}, KeyPtr{EVP_EC_gen("P-256")}};
  if (!made.cert || !made.key) return broken("making a key");
  X509& cert = *made.cert;
  const bool fine = X509_set_version(&cert, X509_VERSION_3) == 1 && set_serial(cert, random) &&
                    ASN1_TIME_set(X509_getm_notBefore(&cert), seconds(now - kClockSkew)) &&
                    ASN1_TIME_set(X509_getm_notAfter(&cert), seconds(now + life)) &&
                    X509_set_pubkey(&cert, made.key.get()) == 1 &&
                    set_name(X509_get_subject_name(&cert), common);
  if (!fine) return broken("making a certificate");
  return made;
}

Result<Pair> make_ca(Timestamp now, Random& random) {
  // The random part keeps the CAs of two installations apart in one trust store.
  const std::string name = "Postern local CA " + std::to_string(random.below(1'000'000'000));
  POSTERN_TRY(Pair ca, begin(name, now, kCaLife, random));
  X509& cert = *ca.cert;
  const bool fine = X509_set_issuer_name(&cert, X509_get_subject_name(&cert)) == 1 &&
                    extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    extend(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    extend(cert, cert, NID_subject_key_identifier, "hash") &&
                    X509_sign(&cert, ca.key.get(), EVP_sha256()) > 0;
  if (!fine) return broken("making the local CA");
  return ca;
}

Result<Pair> make_leaf(const LocalCaSettings& settings, const Pair& ca, Timestamp now,
                       Random& random) {
  const std::string name =
      settings.names.empty() ? settings.ips.front().to_string() : settings.names.front();
  POSTERN_TRY(Pair leaf, begin(name.substr(0, 64), now, kLeafLife, random));
  X509& cert = *leaf.cert;
  const auto names = alt_names(settings);
  const bool fine = X509_set_issuer_name(&cert, X509_get_subject_name(ca.cert.get())) == 1 &&
                    extend(cert, *ca.cert, NID_basic_constraints, "critical,CA:FALSE") &&
                    extend(cert, *ca.cert, NID_key_usage, "critical,digitalSignature") &&
                    extend(cert, *ca.cert, NID_ext_key_usage, "serverAuth") &&
                    extend(cert, *ca.cert, NID_subject_key_identifier, "hash") &&
                    extend(cert, *ca.cert, NID_authority_key_identifier, "keyid:always") &&
                    X509_add1_ext_i2d(&cert, NID_subject_alt_name, names.get(), 0, 0) == 1 &&
                    X509_sign(&cert, ca.key.get(), EVP_sha256()) > 0;
  if (!fine) return broken("making the local certificate");
  return leaf;
}

template <class Write>
std::string to_pem(Write write) {
  const BioPtr memory{BIO_new(BIO_s_mem())};
  write(memory.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* cert) {
  return to_pem([cert](BIO* out) { PEM_write_bio_X509(out, cert); });
}

std::string pem_of(EVP_PKEY* key) {
  return to_pem([key](BIO* out) {
    PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

/// What is there and fits together; empty pointers otherwise.
Pair read_pair(const std::string& cert_file, const std::string& key_file) {
  const auto no_password = [](char*, int, int, void*) { return 0; };
  const BioPtr cert{BIO_new_file(cert_file.c_str(), "r")};
  const BioPtr key{BIO_new_file(key_file.c_str(), "r")};
  Pair found;
  if (cert) found.cert.reset(PEM_read_bio_X509(cert.get(), nullptr, no_password, nullptr));
  if (key) found.key.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  const bool fits =
      found.cert && found.key && X509_check_private_key(found.cert.get(), found.key.get()) == 1;
  ERR_clear_error();
  return fits ? std::move(found) : Pair{};
}

bool lasts(const X509& cert, Timestamp till) {
  std::time_t when = seconds(till);
  return X509_cmp_time(X509_get0_notAfter(&cert), &when) > 0;
}

bool serves(const Pair& leaf, const Pair& ca, const LocalCaSettings& settings, Timestamp now) {
  if (!leaf.cert || !lasts(*leaf.cert, now + kRenewBefore)) return false;
  if (X509_verify(leaf.cert.get(), ca.key.get()) != 1) {
    ERR_clear_error();
    return false;
  }
  const auto names = dns_names(*leaf.cert);
  const auto ips = ip_names(*leaf.cert);
  return std::ranges::all_of(settings.names,
                             [&](const std::string& name) {
                               return std::ranges::count(names, canonical_host(name)) > 0;
                             }) &&
         std::ranges::all_of(settings.ips, [&](const text::IpAddress& ip) {
           return std::ranges::count(ips, ip) > 0;
         });
}

Result<void> check_names(const LocalCaSettings& settings) {
  if (settings.names.empty() && settings.ips.empty())
    return fail(Errc::bad_config, "a local certificate needs a name or an address");
  for (const auto& name : settings.names) {
    if (!is_host(canonical_host(name)))
      return fail(Errc::bad_config, "not a host name for a certificate: " + name);
  }
  return {};
}

}  // namespace

Result<LocalCaFiles> ensure_local_ca(const LocalCaSettings& settings, Timestamp now,
                                     Random& random) {
  POSTERN_CHECK(check_names(settings));
  ERR_clear_error();
  const std::string base = settings.directory + "/local-";
  const std::string ca_key_file = base + "ca.key";
  const LocalCaFiles files{base + "ca.pem", base + "cert.pem", base + "cert.key"};
  Pair ca = read_pair(files.ca_file, ca_key_file);
  if (!ca.cert || !lasts(*ca.cert, now + kLeafLife)) {
    POSTERN_TRY(ca, make_ca(now, random));
    POSTERN_CHECK(write_private_file(ca_key_file, pem_of(ca.key.get())));
    POSTERN_CHECK(write_private_file(files.ca_file, pem_of(ca.cert.get())));
  }
  if (serves(read_pair(files.chain_file, files.key_file), ca, settings, now)) return files;
  POSTERN_TRY(const Pair leaf, make_leaf(settings, ca, now, random));
  POSTERN_CHECK(write_private_file(files.key_file, pem_of(leaf.key.get())));
  POSTERN_CHECK(
      write_private_file(files.chain_file, pem_of(leaf.cert.get()) + pem_of(ca.cert.get())));
  return files;
}

}  // namespace postern::net
