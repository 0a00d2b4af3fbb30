#include "plugins/sdt/core/report_json.h"

#include "plugins/sdt/core/observation_json.h"

namespace tharsis::sdt {
namespace {

std::string list(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : ",") + json_text(one);
  return "[" + text + "]";
}

json_object headline_json(const verdict& v) {
  json_object o;
  o.add("code", name_of(v.code)).add("blame", name_of(v.who)).add("confidence", v.confidence);
  o.add("label", name_of(v.how)).add("sentence", v.sentence).add("action", v.act.text());
  return o;
}

json_object verdict_json(const verdict& v) {
  json_object o;
  o.add("code", name_of(v.code)).add("blame", name_of(v.who)).add("confidence", v.confidence);
  o.add("label", name_of(v.how)).add("information", v.information);
  o.add("sentence", v.sentence).add("advice", v.advice).add("detail", v.detail);
  o.add_raw("evidence", list(v.evidence)).add_raw("against", list(v.against));
  if (!v.act.name.empty()) {
    json_object act;
    o.add("action", act.add("name", v.act.name).add_raw("args", list(v.act.args)));
  }
  return o;
}

}  // namespace

std::string render_json(const report& r) {
  json_object o = observations_json(r.seen);
  o.add("headline", headline_json(r.headline()));
  std::string verdicts;
  for (const verdict& v : r.verdicts) verdicts += (verdicts.empty() ? "" : ",") + verdict_json(v).text();
  return o.add_raw("verdicts", "[" + verdicts + "]").add("redactions", r.redactions).text();
}

}  // namespace tharsis::sdt
