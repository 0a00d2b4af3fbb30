#include "plugins/xlog/file_forms.h"

#include <utility>

#include "plugins/xlog/block_form.h"
#include "plugins/xlog/core/line_form.h"
#include "plugins/xlog/core/mars_form.h"

namespace tharsis::xlog {
namespace {

using made_form = std::unique_ptr<file_form>;

}  // namespace

result<made_form> make_file_form(const settings& s, const std::vector<public_key>& recipients, const tharsis_random& random,
                                 const tharsis_loop*, uint32_t process) {
  switch (s.format) {
    case file_format::text: return made_form(std::make_unique<text_form>());
    case file_format::json: return made_form(std::make_unique<json_form>());
    case file_format::mars: break;
    default: return made_form(std::make_unique<block_form>(s.tick_shift, recipients, random));
  }
  auto writer = mars_writer::make(s.mars, random);
  if (!writer) return writer.failure();
  // What is sealed is so also when it is to be there at once; Mars would write it in the clear.
  const bool at_once = s.sync && !writer->seals();
  return made_form(std::make_unique<mars_form>(mars_export(std::move(*writer), {}, at_once), process));
}

}  // namespace tharsis::xlog
