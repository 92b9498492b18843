// Any message: what is converted for a 7-bit host is 7-bit, and bounded in size.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "async/manual_core.hpp"
#include "smtpc/content.hpp"
#include "smtpc/rewrite.hpp"
#include "text/ascii.hpp"

namespace postern::smtpc {
namespace {

Task<Result<std::string>> convert(const queue::Job& job) {
  auto edits = co_await plan_rewrite(job, {.eight_bit = true, .long_lines = true});
  if (!edits) co_return std::unexpected(edits.error());
  Content content{job, *std::move(edits)};
  co_return co_await content.rest();
}

void check(const std::string& body) {
  ManualCore core;
  queue::Job job;
  job.size = body.size();
  job.read = [&body](std::uint64_t offset, std::uint64_t length) {
    const auto read = [](std::string piece) -> Task<Result<std::string>> { co_return piece; };
    return read(body.substr(offset, length));
  };
  const auto out = core.run(convert(job));
  if (!out) {
    if (out.error().code != Errc::unsupported) std::abort();
    return;
  }
  if (!text::is_ascii(*out)) std::abort();
  if (out->size() > body.size() * 4 + 100'000) std::abort();
}

}  // namespace
}  // namespace postern::smtpc

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  postern::smtpc::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
