#pragma once

#include <cstdint>
#include <string_view>

namespace postern::crypto {

/// CRC-32C (Castagnoli, RFC 3720 §12.1), as stored beside records and bodies: finds damage, proves
/// nothing against an opponent. `so_far` is the checksum of the bytes before, so that
/// crc32c(b, crc32c(a)) == crc32c(a + b). With the processor's own instruction where it has one.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t so_far = 0);

namespace detail {
/// The same by table, for processors without the instruction (and for the test that compares).
[[nodiscard]] std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t so_far);
}  // namespace detail

}  // namespace postern::crypto
