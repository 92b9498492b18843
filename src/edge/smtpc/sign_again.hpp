#pragma once

#include <vector>

#include "async/task.hpp"
#include "queue/transport.hpp"
#include "signing/signer.hpp"
#include "smtpc/rewrite.hpp"
#include "vocab/result.hpp"

namespace postern::smtpc {

/// Our own mail that is changed on its way out is signed as it then is (row D13): the signatures
/// that we put at its top when it was handed in, which `edits` break, are replaced. Gives `edits`
/// with that one before them. Without a signer, or if it has no key, they only go. Failures: those
/// of reading and of signing. Both borrowed arguments outlive the task.
Task<Result<std::vector<Edit>>> sign_again(const queue::Job& job, std::vector<Edit> edits,
                                           signing::Signer* signer);

}  // namespace postern::smtpc
