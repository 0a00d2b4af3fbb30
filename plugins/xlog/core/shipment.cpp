#include "plugins/xlog/core/shipment.h"

#include <algorithm>
#include <utility>

namespace tharsis::xlog {
namespace {

constexpr size_t small_answer = 64 << 10;

// What somebody else says, in a sentence of ours: short, on one line, without control characters.
std::string said(std::string_view body) {
  std::string text;
  for (const char c : body.substr(0, 200)) text += c >= ' ' && c != 0x7F ? c : ' ';
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text.empty() ? text : ": " + text;
}

std::string status_text(const ship_answer& a) { return "it answered " + std::to_string(a.status) + said(a.body); }

}  // namespace

shipment::shipment(std::string source, std::vector<ship_file> files, const ship_numbers& numbers, uint64_t seed, instant now, bool dry)
    : source_(std::move(source)),
      files_(std::move(files)),
      numbers_(numbers),
      dry_(dry),
      deadline_(later(now, numbers.deadline)),
      dice_(seed),
      pause_(numbers.retry_min),
      patience_(later(now, numbers.patience)),
      settled_(files_.size()) {
  again();
}

// What the receiver has is asked anew, and the file that is under way planned after it.
void shipment::again() {
  state_ = state::standing;
  request("GET", "/v1/logs/" + source_, {}, shipping::standing_max);
}

void shipment::request(std::string method, std::string target, std::string body, size_t answer_max) {
  request_ = {std::move(method), std::move(target), std::move(body), answer_max};
}

shipment::step shipment::next(instant now) {
  if (state_ != state::over && now >= deadline_)
    give_up({THARSIS_E_TIMEOUT, "the time for shipping is over" + (trouble_.empty() ? "" : "; the last trouble: " + trouble_)});
  switch (state_) {
    case state::over: return over{};
    case state::planning: return plan{file_, stored_ != nullptr ? stored_->note : std::string()};
    case state::loading: {
      load l{file_, {}};
      uint64_t bytes = 0;
      for (size_t i = taken_; i < missing_.size(); ++i) {
        bytes += manifest_->pieces[missing_[i]].size;
        if (!l.pieces.empty() && bytes > shipping::piece_max) break;
        l.pieces.push_back(missing_[i]);
        if (l.pieces.size() * 36 + shipping::piece_max >= shipping::post_max) break;
      }
      batch_ = l.pieces.size();
      return l;
    }
    default: break;
  }
  const instant ready = state_ == state::posting ? std::max(not_before_, paid_) : not_before_;
  if (now < ready) return wait{std::min(ready, deadline_)};
  ++totals_.requests;
  if (state_ == state::posting && numbers_.rate > 0) {
    const double seconds = static_cast<double>(request_.body.size()) / static_cast<double>(numbers_.rate);
    paid_ = later(std::max(now, paid_), std::chrono::duration_cast<duration>(std::chrono::duration<double>(std::min(seconds, 1e6))));
  }
  return ask{&request_, std::min(deadline_, later(now, numbers_.answer_timeout))};
}

std::string shipment::progress() const {
  std::string text = "file " + std::to_string(std::min(file_ + 1, files_.size())) + " of " + std::to_string(files_.size());
  if (file_ < files_.size()) text += ", " + files_[file_].shown;
  if (state_ == state::loading || state_ == state::posting) text += ": " + std::to_string(taken_) + " of " + std::to_string(missing_.size()) + " pieces";
  text += "; " + std::to_string(totals_.bytes) + " bytes sent";
  return trouble_.empty() ? text : text + "; " + trouble_;
}

void shipment::on_no_answer(const error& why, instant now) {
  if (state_ == state::over) return;
  if (why.status == THARSIS_E_UNTRUSTED || why.status == THARSIS_E_INVALID) return give_up(why);
  if (why.status == THARSIS_E_PROTOCOL) return nonsense(why.text, now);
  retry(why.text, duration::zero(), now);
}

void shipment::on_answer(const ship_answer& a, instant now) {
  if (state_ == state::over) return;
  if (stops_all(a)) return;
  const bool later_again = a.status == 408 || a.status == 425 || a.status == 429 || a.status >= 500;
  if (later_again) return retry(status_text(a), a.retry_after.value_or(duration::zero()), now);
  if (state_ == state::standing) return on_standing(a, now);
  if (state_ == state::offering) return on_offer(a, now);
  if (state_ == state::posting) return on_post(a, now);
}

// What no further try can mend.
bool shipment::stops_all(const ship_answer& a) {
  if (a.status == 401 || a.status == 403) give_up({THARSIS_E_DENIED, "the receiver does not take logs of '" + source_ + "' with this token (" + std::to_string(a.status) + ")" + said(a.body)});
  else if (a.status == 507) give_up({THARSIS_E_FULL, "the receiver is full" + said(a.body) + "; what it took stays there, and the same call later goes on"});
  else if (a.status >= 300 && a.status < 400) give_up({THARSIS_E_PROTOCOL, "it wants to send us elsewhere (" + std::to_string(a.status) + "), which is not followed: name the receiver itself"});
  else if (a.status == 404 && state_ == state::standing) give_up({THARSIS_E_NOT_FOUND, "nothing there receives logs (404)" + said(a.body)});
  else return false;
  return true;
}

void shipment::on_standing(const ship_answer& a, instant now) {
  if (a.status != 200) return give_up({THARSIS_E_PROTOCOL, status_text(a)});
  auto parsed = shipping::parse_standing(a.body);
  if (!parsed) return nonsense(parsed.failure().text, now);
  on_progress(now);
  wishes_ = std::move(parsed->wishes);
  known_.clear();
  for (shipping::stored_file& s : parsed->files) known_.emplace(s.name, std::move(s));
  begin_file();
}

// The next one that the receiver may lack something of.
void shipment::begin_file() {
  for (; file_ < files_.size(); ++file_, plans_ = 0) {
    const ship_file& f = files_[file_];
    const auto known = known_.find(f.name);
    stored_ = known == known_.end() ? nullptr : &known->second;
    using enum shipping::stored_file::state;
    const bool done = stored_ != nullptr && (stored_->is == gone || (stored_->is == whole && (f.of_frames || stored_->size == f.size)));
    const bool settled = stored_ != nullptr ? stored_->edition == f.settled : f.settled == ship_file::nothing_wanted;
    if (settled) settled_[file_] = f.settled;
    if (settled && stored_ == nullptr) ++totals_.unselected;
    else if (done || settled) ++totals_.known;
    if (done || settled) continue;
    if (++plans_ > ship_plans_max) {
      fail_file("it changed again and again while it was shipped");
      continue;
    }
    manifest_.reset();
    state_ = state::planning;
    return;
  }
  state_ = state::over;
}

void shipment::end_file() {
  ++file_;
  plans_ = 0;
  begin_file();
}

void shipment::fail_file(const std::string& why) {
  ++totals_.failed;
  failures_.push_back(files_[file_].shown + ": " + why);
}

void shipment::on_plan(const result<shipping::manifest>& m) {
  if (!m && m.status() == THARSIS_E_CANCELLED) return give_up(m.failure());
  if (!m && m.status() == THARSIS_E_NOT_FOUND) {
    ++totals_.unselected;
    settled_[file_] = ship_file::nothing_wanted;
    return end_file();
  }
  if (!m) {
    fail_file(m.failure().text);
    return end_file();
  }
  manifest_ = *m;
  const bool same = stored_ != nullptr && stored_->edition == m->edition();
  if (same) ++totals_.known, settled_[file_] = stored_->edition;
  if (dry_ && !same) ++totals_.files, totals_.bytes += m->size();
  if (same || dry_) return end_file();
  if (stored_ != nullptr) manifest_->over = stored_->edition;
  least_missing_ = manifest_->pieces.size() + 1;
  stuck_ = 0;
  offer();
}

void shipment::offer() {
  state_ = state::offering;
  request("PUT", "/v1/logs/" + source_ + "/" + files_[file_].name, text_of(*manifest_), 2 << 20);
}

void shipment::on_offer(const ship_answer& a, instant now) {
  if (a.status == 200) {
    if (!a.body.starts_with("tharsis-stored 1\n")) return nonsense("it did not say what it stored", now);
    on_progress(now);
    ++totals_.files;
    const std::string edition = a.body.substr(a.body.find('\n') + 1, 64);
    if (shipping::is_sum(edition)) settled_[file_] = edition;
    return end_file();
  }
  if (a.status == 409) {  // Somebody else was there meanwhile.
    on_progress(now);
    return again();
  }
  if (a.status != 202) {
    fail_file("the receiver refuses it: " + status_text(a));
    return end_file();
  }
  const auto runs = shipping::parse_missing(a.body, manifest_->pieces.size());
  if (!runs || runs->empty()) return nonsense(runs ? "it said what is missing, and nothing is" : runs.failure().text, now);
  on_progress(now);
  missing_.clear();
  for (const auto& [first, last] : *runs)
    for (uint32_t i = first; i <= last; ++i) missing_.push_back(i);
  stuck_ = missing_.size() < least_missing_ ? 0 : stuck_ + 1;
  least_missing_ = std::min(least_missing_, missing_.size());
  if (stuck_ >= ship_offers_without_progress) {
    fail_file("the receiver keeps asking for what it was given");
    return end_file();
  }
  taken_ = 0;
  state_ = state::loading;
}

void shipment::on_pieces(result<std::string> body) {
  if (!body) {  // The file is another one by now.
    manifest_.reset();
    return begin_file();
  }
  state_ = state::posting;
  request("POST", "/v1/pieces/" + source_, std::move(*body), small_answer);
}

void shipment::on_post(const ship_answer& a, instant now) {
  if (a.status == 422) return nonsense("what we sent came out different at its end", now);
  if (a.status != 200) {
    fail_file("the receiver refuses its pieces: " + status_text(a));
    return end_file();
  }
  if (!a.body.starts_with("tharsis-taken 1\n")) return nonsense("it did not say that it took anything", now);
  on_progress(now);
  for (size_t i = 0; i < batch_; ++i) totals_.bytes += manifest_->pieces[missing_[taken_ + i]].size;
  taken_ += batch_;
  if (taken_ < missing_.size()) state_ = state::loading;
  else offer();
}

void shipment::on_progress(instant now) {
  pause_ = numbers_.retry_min;
  patience_ = later(now, numbers_.patience);
  nonsense_ = 0;
  trouble_.clear();
}

void shipment::nonsense(const std::string& why, instant now) {
  if (++nonsense_ >= ship_nonsense_max) return give_up({THARSIS_E_PROTOCOL, "what answers there is no receiver of logs: " + why});
  retry(why, duration::zero(), now);
}

// The same request again, after a pause of which a random half keeps many senders apart.
void shipment::retry(const std::string& why, duration least, instant now) {
  trouble_ = why;
  ++totals_.retries;
  dice_ = dice_ * 6364136223846793005u + 1442695040888963407u;
  const auto half = pause_ / 2;
  const duration drawn = half + duration(static_cast<int64_t>(dice_ >> 33) % std::max<int64_t>(half.count(), 1));
  pause_ = std::min(pause_ * 2, numbers_.retry_max);
  not_before_ = later(now, std::max(drawn, std::min(least, ship_wait_max)));
  const instant end = std::min(deadline_, std::max(patience_, least > duration::zero() ? not_before_ : instant{}));
  if (not_before_ > end)
    give_up({THARSIS_E_TIMEOUT, "the receiver cannot be reached or does not answer: " + why + "; what it took stays there, and the same call later goes on"});
}

void shipment::give_up(error why) {
  outcome_ = std::move(why);
  state_ = state::over;
}

}  // namespace tharsis::xlog
