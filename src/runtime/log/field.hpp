#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "vocab/ids.hpp"
#include "vocab/result.hpp"
#include "vocab/strong.hpp"
#include "vocab/time.hpp"

namespace postern::log {

/// What a log line says: a literal, so that lines can be searched for and nothing a peer sent can
/// pass for our own words. Data goes into fields.
class Message {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is written where a Message is wanted
  consteval Message(const char* text) : text_{text} {}
  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

/// The name of a field: a literal of a-z, 0-9, `_` and `.`; anything else does not compile.
class Key {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is written where a Key is wanted
  consteval Key(const char* text) : text_{text} {
    for (const char c : text_) {
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.')) {
        throw "a key holds a-z, 0-9, _ and . only";
      }
    }
  }
  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

/// A mail address. Logged whole only under `log.addresses = true`, else as `*@domain`.
struct Address {
  std::string_view text;
};

/// Free text that may hold addresses (an `Error::detail`, a peer's reply): each address in it is
/// treated as `Address` is.
struct Detail {
  std::string_view text;
};

/// A random 64-bit id, logged as 16 hexadecimal digits.
struct Hex {
  std::uint64_t value;
};

/// One key=value of a log line. Borrows its text for the duration of the call it is passed to.
/// Takes strings, numbers, bool, Duration (as microseconds, `1234us`), Errc, the ids of
/// vocab/ids.hpp (TraceId, QueueId and AccountId as 16 hexadecimal digits, the others as numbers),
/// Address and Detail. A Secret has no way in.
class Field {
 public:
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool, Duration,
                             Hex, Address, Detail>;

  template <class T>
  Field(Key key, const T& value) : key_{key}, value_{to_value(value)} {}

  [[nodiscard]] std::string_view key() const { return key_.text(); }
  [[nodiscard]] const Value& value() const { return value_; }

 private:
  template <class T>
  static constexpr bool kIsId = false;
  template <class Tag, class Rep>
  static constexpr bool kIsId<Strong<Tag, Rep>> = true;
  template <class T>
  static constexpr bool kIsRandomId =
      std::same_as<T, TraceId> || std::same_as<T, QueueId> || std::same_as<T, AccountId>;
  template <class T>
  static constexpr bool kIsDuration = false;
  template <class Rep, class Period>
  static constexpr bool kIsDuration<std::chrono::duration<Rep, Period>> = true;

  template <class T>
  static Value to_value(const T& value) {
    if constexpr (kIsRandomId<T>) {
      return Hex{value.value()};
    } else if constexpr (kIsId<T>) {
      return static_cast<std::uint64_t>(value.value());
    } else if constexpr (kIsDuration<T>) {
      return std::chrono::duration_cast<Duration>(value);
    } else if constexpr (std::same_as<T, Errc>) {
      return to_string(value);
    } else if constexpr (std::same_as<T, bool>) {
      return value;
    } else if constexpr (std::signed_integral<T>) {
      return static_cast<std::int64_t>(value);
    } else if constexpr (std::unsigned_integral<T>) {
      return static_cast<std::uint64_t>(value);
    } else if constexpr (std::floating_point<T>) {
      return static_cast<double>(value);
    } else if constexpr (std::convertible_to<const T&, std::string_view>) {
      return std::string_view{value};
    } else {
      return value;  // Hex, Address, Detail; whatever else does not compile
    }
  }

  Key key_;
  Value value_;
};

}  // namespace postern::log
