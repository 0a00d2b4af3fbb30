#include "plugins/stn/check_command.h"

#include "sdk/async/blocking.h"
#include "sdk/pure/option_values.h"

namespace tharsis::stn {
namespace {

constexpr std::string_view check_help =
    "tharsis stn check-codec NAME [OPTION]...\n"
    "  Tries a codec against everything that a wire may do to it: bytes cut and glued anywhere, lengths that lie, damage,\n"
    "  noise, and whether every kind of frame that it carries comes out as it went in. One line for each trial.\n"
    "  NAME is mars, length-prefixed, or the codec of a plugin, which provides tharsis.stn.codec.NAME/1.\n"
    "  --plugins DIR       where that plugin is looked for too (may stand more than once)\n"
    "  --seeds N           so many seeds for the trials with chance (200)\n"
    "  --seed S            the first of them (1): with --seeds 1 a failure comes again\n"
    "  --client-version N  as the profile's (200)\n"
    "  --set links.main.codec_settings.KEY=VALUE   a setting of the codec\n"
    "  --json              print one JSON object instead\n"
    "  Exit codes: 0 every trial passed, 1 some failed (their bytes and seed are shown), 2 the command is wrong.";

}  // namespace

void check_command::run(const command_call& call) {
  call_ = call;
  const error wrong = read(call);
  if (wrong.status != THARSIS_OK) return call_->refuse(wrong.text);
  if (help_) {
    call_->print(check_help);
    return call_->finish(0);
  }
  if (!find())
    return call_->refuse("stn check-codec: there is no codec '" + name_ + "': no plugin that is found provides " + codec_service(name_) +
                         "; say where it is with --plugins DIR. mars and length-prefixed are always there");
  work_.spawn(work());
}

error check_command::read(const command_call& call) {
  option_words known("stn check-codec");
  known.flag("--json", json_);
  known.value("--seeds", take_whole(how_.seeds, 1, 1'000'000)).value("--seed", take_whole(how_.first_seed, 1, INT64_MAX / 4));
  known.value("--client-version", take_whole(how_.client_version, 0, UINT32_MAX));
  known.words("a codec's name", [this](const std::string& word) -> std::string {
    if (!name_.empty()) return "'" + word + "' is a second name; name one codec";
    if (!is_codec_name(word)) return "'" + word + "' is no codec's name, which is a lower-case word, like mars";
    name_ = word;
    return {};
  });
  const error wrong = known.read(call.words());
  help_ = known.help();
  if (wrong.status != THARSIS_OK || help_) return wrong;
  if (name_.empty()) return known.wrong_see_help("name one codec, like mars.");
  for (const std::string& key : host_.keys("links.main.codec_settings"))
    how_.settings.emplace_back(key, host_.text("links.main.codec_settings." + key));
  return fine();
}

// The plugin that brings it runs already, if it was found.
bool check_command::find() {
  codec_ = built_in_codec(name_);
  if (codec_ == nullptr) host_.registry->watch(host_.registry->self, codec_service(name_).c_str(), &check_command::on_service, this, nullptr);
  return codec_ != nullptr;
}

task<void> check_command::work() {
  const auto examine = [codec = codec_, how = how_] { return check_codec(*codec, how); };
  const auto trials = co_await blocking(place_, examine);
  if (!trials) {
    call_->refuse("stn check-codec: the host has no thread free to try it");
    co_return;
  }
  call_->print(json_ ? trials_json(name_, *trials) : trials_table(name_, *trials));
  bool ok = true;
  for (const codec_trial& t : *trials) ok = ok && t.passed();
  call_->finish(ok ? 0 : 1);
}

}  // namespace tharsis::stn
