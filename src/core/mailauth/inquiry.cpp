#include "mailauth/inquiry.hpp"

#include <vector>

namespace postern::mailauth {
namespace {

/// About what an answer takes in memory.
std::size_t size_of(const dns::Answer& answer) {
  std::size_t out = sizeof answer + answer.why.size();
  for (const auto& record : answer.records) {
    out += sizeof record;
    if (const auto* const txt = std::get_if<dns::Txt>(&record)) out += txt->text.size();
  }
  return out;
}

dns::Answer no_answer(const char* why) {
  return {.outcome = dns::Outcome::timeout, .why = why};
}

}  // namespace

/// Questions that are being asked, however the wait for them ends.
class Inquiry::UnderWay {
 public:
  UnderWay(Inquiry& inquiry, const std::vector<dns::Question>& questions)
      : inquiry_{inquiry}, questions_{questions} {
    inquiry_.load_->under_way.fetch_add(questions_.size(), std::memory_order_relaxed);
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() {
    inquiry_.load_->under_way.fetch_sub(questions_.size(), std::memory_order_relaxed);
    for (const auto& question : questions_) inquiry_.under_way_.erase(question);
    inquiry_.changed_.notify_all();
  }

 private:
  Inquiry& inquiry_;
  const std::vector<dns::Question>& questions_;
};

/// Why nothing more is asked for this message; null: more may be.
const char* Inquiry::spent() const {
  if (asked_ > 0 && clock_.instant() - began_ > budget_.time)
    return "the time for this message is over";
  if (asked_ >= budget_.questions) return "this message asks too many questions";
  if (bytes_ > budget_.answer_bytes) return "this message's answers are too large";
  if (load_->under_way.load(std::memory_order_relaxed) >= Load::kMost)
    return "too many questions of all messages are under way";
  return nullptr;
}

Inquiry::Turn Inquiry::turn(const dns::Need& need) {
  Turn out;
  for (const auto& question : need.questions) {
    if (known_.contains(question)) continue;
    if (under_way_.contains(question)) {
      out.others = true;
    } else if (const char* const why = spent()) {
      keep(question, no_answer(why));
    } else if (under_way_.size() < budget_.at_once) {
      if (asked_ == 0) began_ = clock_.instant();
      ++asked_;
      under_way_.insert(question);
      out.questions.push_back(question);
    } else {
      out.others = true;
    }
  }
  return out;
}

void Inquiry::keep(const dns::Question& question, dns::Answer answer) {
  bytes_ += size_of(answer);
  if (bytes_ > budget_.answer_bytes) answer = no_answer("this message's answers are too large");
  known_.insert_or_assign(question, std::move(answer));
}

Task<> Inquiry::answer(dns::Need need) {
  for (;;) {
    auto now = turn(need);
    if (!now.questions.empty()) {
      const UnderWay mark{*this, now.questions};
      auto answers = co_await resolver_.lookup_all(now.questions);
      for (const auto& question : now.questions) keep(question, std::move(answers[question]));
    } else if (now.others) {
      co_await changed_.wait();
    } else {
      co_return;
    }
  }
}

}  // namespace postern::mailauth
