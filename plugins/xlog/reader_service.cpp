#include "plugins/xlog/reader_service.h"

#include "plugins/xlog/core/log_reader.h"
#include "plugins/xlog/core/settings.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

tharsis_status read_log(const tharsis_files* files, tharsis_text path, void (*on_line)(void*, const tharsis_log_record*), void* context,
                        tharsis_error* error) {
  const std::string name(view(path));
  auto file = file_reader::open(files, name);
  if (!file) return fail(error, file.failure());
  log_reader lines;
  std::string damage;
  uint64_t offset = 0;
  for (bool last = false; !last;) {
    const auto bytes = file->read(offset, read_size);
    if (!bytes) return fail(error, bytes.failure());
    offset += bytes->size();
    last = bytes->size() < read_size;
    lines.on_bytes(*bytes);
    if (last) lines.on_end();
    while (const auto i = lines.take()) {
      if (!i->damage.empty()) {
        if (damage.empty() && !i->cut) damage = name + ": " + i->damage;
        continue;
      }
      const tharsis_log_record r = shown(i->value);
      on_line(context, &r);
    }
  }
  if (damage.empty()) return THARSIS_OK;
  return fail(error, {lines.sealed() ? THARSIS_E_DENIED : THARSIS_E_PROTOCOL, damage});
}

}  // namespace tharsis::xlog
