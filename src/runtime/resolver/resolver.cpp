#include "resolver/resolver.hpp"

#include <memory>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

namespace postern::resolver {
namespace {

/// Calls `handler` on its own executor, which is kept running until then.
template <class Handler>
auto on_its_core(Handler handler) {
  auto executor = asio::get_associated_executor(handler);
  auto work = asio::make_work_guard(executor);
  return [executor, work = std::move(work), handler = std::move(handler)](auto result) mutable {
    asio::post(executor, [handler = std::move(handler), result = std::move(result)]() mutable {
      std::move(handler)(std::move(result));
    });
    work.reset();
  };
}

/// Answers gathered so far, and who waits for them. Owned by the lookups under way together: when
/// they are dropped unanswered, the waiting coroutine is unwound. Touched only on its core.
struct Batch {
  std::size_t open = 0;
  dns::Answers answers = {};
  std::move_only_function<void(dns::Answers)> done = {};

  void take(const dns::Question& question, dns::Answer answer) {
    answers[question] = std::move(answer);
    if (--open == 0) done(std::move(answers));
  }
};

}  // namespace

Task<dns::Answer> Resolver::lookup(dns::Question question) {
  auto begin = [this, &question](auto handler) {
    start(std::move(question), on_its_core(std::move(handler)));
  };
  co_return co_await asio::async_initiate<decltype(use_task), void(dns::Answer)>(begin, use_task);
}

Task<dns::Answers> Resolver::lookup_all(std::vector<dns::Question> questions) {
  if (questions.empty()) co_return dns::Answers{};
  const Executor here = co_await this_executor();
  auto begin = [this, &questions, &here](auto handler) {
    const auto batch = std::make_shared<Batch>();
    batch->open = questions.size();
    batch->done = on_its_core(std::move(handler));
    for (const auto& question : questions) {
      start(question, [batch, question, here](dns::Answer answer) {
        asio::post(here, [batch, question, answer = std::move(answer)]() mutable {
          batch->take(question, std::move(answer));
        });
      });
    }
  };
  co_return co_await asio::async_initiate<decltype(use_task), void(dns::Answers)>(begin, use_task);
}

}  // namespace postern::resolver
