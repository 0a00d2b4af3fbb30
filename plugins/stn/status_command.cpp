#include "plugins/stn/status_command.h"

#include "plugins/stn/core/links_report.h"
#include "plugins/stn/core/settings.h"
#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/nearest.h"

namespace tharsis::stn {
namespace {

constexpr const char* status_help =
    "tharsis stn status [--json]\n"
    "How each link of the stn that runs with this state folder is: state, times, tasks, bytes; and the network.\n"
    "--state DIR names another state folder. Reasons in words: tharsis stn explain.";
constexpr const char* explain_help =
    "tharsis stn explain [LINK] [--json]\n"
    "Why each link, or this one, went down the last times, and what led to it, newest first.\n"
    "--state DIR names another state folder.";

error unknown_link(const links_report& r, const std::string& link) {
  std::vector<std::string> known;
  for (const link_report& l : r.links) known.push_back(l.name);
  const auto meant = nearest(link, known);
  return {THARSIS_E_NOT_FOUND, "there is no link '" + link + "'" + (meant ? "; did you mean '" + *meant + "'?" : "")};
}

}  // namespace

void status_command::run(const command_call& call) {
  call_ = call;
  const bool explain = call.name() == "explain";
  for (const std::string& word : call.words()) {
    if (word == "--help" || word == "-h") {
      call_->print(explain ? explain_help : status_help);
      return call_->finish(0);
    }
    if (word == "--json") json_ = true;
    else if (explain && link_.empty() && !word.starts_with("-")) link_ = word;
    else return call_->refuse("stn " + call.name() + ": '" + word + "' is not expected here; see --help");
  }
  work_.spawn(work());
}

task<void> status_command::work() {
  const tharsis_files* const files = host_.files;
  const std::string path = std::string(view(host_.paths->data(host_.paths->self))) + "/links";
  const auto read = [files, path] { return read_whole(files, path, book_size_max, "a file of links"); };
  auto text = co_await blocking(place_, read);
  result<links_report> r = error{THARSIS_E_BUSY, "too much blocking work waits"};
  if (text && *text) r = parse_links_report(**text);
  else if (text) r = text->failure();
  if (!r) {
    const bool missing = r.status() == THARSIS_E_NOT_FOUND;
    call_->complain(missing ? "no stn has run with this state folder yet (" + path + "); --state DIR names another"
                            : path + ": " + r.failure().text);
    co_return call_->finish(1);
  }
  if (!link_.empty() && r->find(link_) == nullptr) co_return call_->refuse(unknown_link(*r, link_).text);
  const int64_t now = place_.wall();
  if (call_->name() == "explain")
    call_->print(json_ ? explain_json(*r, link_, now) : explain_text(*r, link_, now));
  else
    call_->print(json_ ? status_json(*r, now) : status_text(*r, now));
  call_->finish(0);
}

}  // namespace tharsis::stn
