// The door between the contract and sdt. Nothing here decides anything.
#include <cstddef>
#include <iterator>

#include "plugins/sdt/diagnose_command.h"
#include "plugins/sdt/diagnose_line.h"
#include "plugins/sdt/read_settings.h"
#include "plugins/sdt/report_command.h"
#include "plugins/sdt/statistics_book.h"
#include "plugins/sdt/service.h"
#include "sdk/async/blocking.h"
#include "sdk/async/door.h"
#include "sdk/async/task_set.h"
#include "sdk/pure/topic.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

constexpr const char* code_names[] = {"fine", "name_unresolved", "unreachable", "refused", "no_answer", "cut", "untrusted", "silent", "protocol", "impaired", "unclear"};
constexpr tharsis_field verdict_fields[] = {
    {"link", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_verdict, link), nullptr, 0},
    {"code", THARSIS_FIELD_ENUM, offsetof(tharsis_sdt_verdict, code), code_names, std::size(code_names)},
    {"confidence", THARSIS_FIELD_U32, offsetof(tharsis_sdt_verdict, confidence), nullptr, 0},
    {"headline", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_verdict, headline), nullptr, 0},
    {"advice", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_verdict, advice), nullptr, 0},
    {"evidence", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_verdict, evidence), nullptr, 0},
    {"took", THARSIS_FIELD_DURATION, offsetof(tharsis_sdt_verdict, took), nullptr, 0},
    {"verdict", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_verdict, verdict), nullptr, 0},
    {"blame", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_verdict, blame), nullptr, 0},
    {"certainty", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_verdict, certainty), nullptr, 0},
    {"action", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_verdict, action), nullptr, 0},
};
constexpr const char* why_names[] = {"asked", "link_failed", "tasks_fail", "network_weak", "names_lie", "recheck"};
constexpr tharsis_field report_fields[] = {
    {"target", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_report, target), nullptr, 0},
    {"why", THARSIS_FIELD_ENUM, offsetof(tharsis_sdt_report, why), why_names, std::size(why_names)},
    {"code", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_report, code), nullptr, 0},
    {"blame", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_report, blame), nullptr, 0},
    {"certainty", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_report, certainty), nullptr, 0},
    {"confidence", THARSIS_FIELD_U32, offsetof(tharsis_sdt_report, confidence), nullptr, 0},
    {"sentence", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_report, sentence), nullptr, 0},
    {"detail", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_report, detail), nullptr, 0},
    {"action", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_report, action), nullptr, 0},
    {"json", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_report, json), nullptr, 0},
    {"took", THARSIS_FIELD_DURATION, offsetof(tharsis_sdt_report, took), nullptr, 0},
    {"bytes", THARSIS_FIELD_U64, offsetof(tharsis_sdt_report, bytes), nullptr, 0},
};
constexpr const char* heal_states[] = {"advised", "begun", "refused", "ended"};
constexpr tharsis_field heal_fields[] = {
    {"state", THARSIS_FIELD_ENUM, offsetof(tharsis_sdt_healing, state), heal_states, std::size(heal_states)},
    {"action", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_healing, action), nullptr, 0},
    {"cause", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_healing, cause), nullptr, 0},
    {"target", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_healing, target), nullptr, 0},
    {"sentence", THARSIS_FIELD_TEXT, offsetof(tharsis_sdt_healing, sentence), nullptr, 0},
};
constexpr tharsis_topic heal_topic = topic_of<tharsis_sdt_healing>(THARSIS_TOPIC_EVENT, THARSIS_SDT_HEAL_TOPIC, heal_fields);
constexpr tharsis_topic report_topic = topic_of<tharsis_sdt_report>(THARSIS_TOPIC_EVENT, THARSIS_SDT_REPORT_TOPIC, report_fields);
// The last ones are kept: the first verdict may be given before everybody has started who wants to hear it.
constexpr tharsis_topic verdict_topic = topic_of<tharsis_sdt_verdict>(THARSIS_TOPIC_LOG, THARSIS_SDT_VERDICT_TOPIC, verdict_fields, 8);

class plugin {
 public:
  static result<std::unique_ptr<plugin>> create(const host& tables) {
    const settings s = read_settings(tables);
    // Else diagnoses that begin by themselves would go without all of it, and say nothing.
    if (const auto asked = wish_from(s.diagnose); !asked) return error{asked.status(), tables.where("diagnose") + ": " + asked.failure().text};
    return std::make_unique<plugin>(tables, s);
  }
  plugin(const host& tables, const settings& s)
      : host_(tables),
        place_(tables.loop),
        names_(place_, *tables.net, tables.registry),
        diagnose_(tables, place_, names_, s),
        kept_reports_(tables, place_),
        service_(tables, place_, names_, s),
        counts_(s.statistics),
        statistics_(tables, place_, folder_of(tables) + std::string(statistics_file)),
        closing_(place_) {}

  tharsis_status start(tharsis_error* error) {
    const service::topics told{host_.declare(report_topic), host_.declare(heal_topic), host_.declare(verdict_topic)};
    tharsis_status status = service_.open(told, error);
    if (status == THARSIS_OK && counts_) status = statistics_.open(error);
    if (status != THARSIS_OK) return status;
    return host_.registry->provide(host_.registry->self, THARSIS_SDT_ID, service_.table(), 0, error);
  }
  tharsis_status stop() {
    closing_.spawn(close());
    return THARSIS_PENDING;
  }
  void run_command(const command_call& call) {
    if (report_command::is_one(call.name())) return kept_reports_.run(call);
    diagnose_.run(call);
  }

 private:
  task<void> close() {
    diagnose_.close();
    kept_reports_.close();
    service_.close();
    if (counts_) co_await statistics_.close(later(place_.now(), keep_at_most));
    co_await blocking_over(place_);
    host_.self->stopped(host_.self->self);
  }

  static std::string folder_of(const host& tables) { return std::string(view(tables.paths->data(tables.paths->self))); }

  // A disk that takes longer is no reason to hold up the end of a program.
  static constexpr duration keep_at_most = 2s;

  const host host_;
  strand place_;
  resolver names_;
  diagnose_command diagnose_;
  report_command kept_reports_;
  service service_;
  const bool counts_;
  statistics_book statistics_;
  task_set closing_;
};

}  // namespace
}  // namespace tharsis::sdt

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<tharsis::sdt::plugin>::table("sdt", "0.1.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}
